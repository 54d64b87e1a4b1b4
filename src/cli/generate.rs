//! `flowagg gen`: made-up flow logs.

use flowagg::generate::{Generator, Options};

use super::answer::{self, usage};
use super::exit::Exit;
use super::options::GenerateOptions;
use super::stop;

/// Writes the log to standard output.
pub fn run(options: &GenerateOptions) -> Exit {
    let options = Options {
        lines: options.lines,
        seed: options.seed,
        ipv6: options.ipv6,
        no_data: options.nodata,
        reject: options.reject,
        contributors: options.contributors,
        header: options.header,
    };
    let mut generator = match Generator::new(options) {
        Ok(generator) => generator,
        Err(message) => return usage(message),
    };
    stop::watch_writing();
    answer::write(|out| {
        let mut text = Vec::new();
        while generator.fill(&mut text) {
            out.write_all(&text)?;
            text.clear();
        }
        Ok(())
    })
}
