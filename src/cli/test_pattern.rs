//! `flowagg test-pattern`: which events of a file a metric filter pattern matches.

use std::io::{self, Write};
use std::ops::ControlFlow;

use flowagg::dialect::FilterPattern;
use flowagg::render::matches::{Listing, Match, Style};
use flowagg::{Error, messages};

use super::answer::{self, usage};
use super::exit::Exit;
use super::options::{Common, Format, TestOptions};
use super::{input, say, stop, written};

/// Tests every event of the file.
pub fn run(options: &TestOptions, common: &Common) -> Exit {
    let pattern = match FilterPattern::parse(&options.pattern) {
        Ok(pattern) => pattern,
        Err(error) => return usage(error),
    };
    if let Some(surprise) = pattern.surprise() {
        say::warning(surprise);
    }
    let paths: Vec<_> = options.file.iter().cloned().collect();
    let sources = match input::sources(&paths) {
        Ok(sources) => sources,
        Err(message) => return usage(message),
    };
    let output = options.output.clone().or(common.output.clone());
    if !output.columns().is_empty() {
        return usage("--columns: the columns of matches are known in the end only; leave it out");
    }
    if let Err(message) = written::check(&[Vec::new()], &[Format::Table, Format::Json], &output) {
        return usage(message);
    }
    let style = match output.format() {
        Format::Table => Style::Table { is_coloured: output.is_coloured() },
        Format::Json => Style::Json,
        format => Style::Rows(format.into(), output.style()),
    };
    let mut fault: Option<Error> = None;
    let list = |out: &mut dyn Write| {
        let mut listing = Listing::new(out, style);
        let mut written = io::Result::Ok(());
        let mut events = 0;
        let read = messages(&sources[0], |message| {
            events += 1;
            if let Some(values) = pattern.test(message) {
                let found = Match { number: events, message: message.to_vec(), values };
                written = listing.push(found);
            }
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        written?;
        fault = read.err();
        // Of what could not be read at all nothing is told.
        if fault.is_some() && events == 0 { Ok(()) } else { listing.finish(events) }
    };
    stop::watch_writing();
    let written = answer::write(|out| written::through(out, output.format(), list));
    let Some(error) = fault else { return written };
    let file = options.file.as_deref().filter(|file| file.as_os_str() != "-");
    let name = file.map_or("standard input".to_owned(), input::shown);
    say::error(format_args!("{name}: {error}"));
    Exit::Partial
}
