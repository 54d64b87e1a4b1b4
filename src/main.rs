//! The command `flowagg`: parse, run, exit code. Everything else is in `cli` and in the library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::parse()).into()
}
