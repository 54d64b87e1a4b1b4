//! `flowagg completions`: what a shell needs to complete this command.

use clap::CommandFactory;

use super::answer;
use super::exit::Exit;
use super::options::{Cli, CompletionsOptions};

/// Writes the script to standard output.
pub fn run(options: &CompletionsOptions) -> Exit {
    let mut script = Vec::new();
    let mut command = Cli::command();
    clap_complete::generate(options.shell, &mut command, "flowagg", &mut script);
    answer::write(|out| out.write_all(&script))
}
