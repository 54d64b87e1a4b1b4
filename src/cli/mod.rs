//! The command line: the only rooms that know clap, terminals and progress.
//!
//! Standard output holds the answer and nothing else. All that is to be said about it goes to
//! standard error, a line at a time, and the exit code tells the same in one number.

mod answer;
mod completions;
mod considered;
mod cut;
mod events;
mod exit;
mod explain;
mod files;
mod find;
mod generate;
mod input;
mod lists;
mod man;
mod manifest;
mod metric;
mod options;
mod progress;
mod rule;
mod say;
mod stop;
mod summary;
mod survey;
mod terminal;
mod test_pattern;
mod when;
mod words;
mod written;

use std::ffi::OsString;

use clap::Parser;

pub use exit::Exit;
use options::{Cli, Command};

/// The command line as it was typed; ends the program where that cannot be understood.
pub fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| {
        let is_told = |argument: OsString| {
            let argument = argument.to_string_lossy();
            terminal::visible(argument.as_bytes()) != argument
        };
        if error.use_stderr() && std::env::args_os().any(is_told) {
            // What was typed is in the message, and colours cannot be told from it.
            let message = error.render().to_string();
            say::line(terminal::visible(message.as_bytes()).trim_end());
            std::process::exit(error.exit_code());
        }
        error.exit()
    })
}

/// Does what was asked for.
pub fn run(cli: Cli) -> Exit {
    let Cli { command, paths, format, common } = cli;
    match command {
        None => summary::run(&paths, format.as_ref(), &common),
        Some(_) if format.is_some() => {
            say::error("--format before a command has no meaning; type it after the command");
            Exit::Usage
        }
        Some(Command::Rule(rule)) => {
            let common = rule.common.clone().or(common);
            rule::run(&rule, &common)
        }
        Some(Command::Metric(metric)) => {
            let common = metric.common.clone().or(common);
            metric::run(&metric, &common)
        }
        Some(Command::Info(info)) => {
            let common = info.common.clone().or(common);
            survey::run(&info, &common)
        }
        Some(Command::TestPattern(test)) if common.is_of_output() => {
            test_pattern::run(&test, &common)
        }
        Some(Command::TestPattern(_)) => {
            say::error("options before `test-pattern`, but for -o, have no meaning for it");
            Exit::Usage
        }
        Some(Command::Top(top)) => {
            let common = top.list.common.clone().or(common);
            lists::top(&top, &common)
        }
        Some(Command::Sum(sum)) => {
            let common = sum.list.common.clone().or(common);
            lists::sum(&sum, &common)
        }
        Some(Command::Series(series)) => {
            let common = series.list.common.clone().or(common);
            lists::series(&series, &common)
        }
        Some(Command::Merge(merge)) => {
            let common = merge.list.common.clone().or(common);
            lists::merge(&merge, &common)
        }
        Some(Command::Find(find)) => {
            let common = find.common.clone().or(common);
            find::run(&find, &common)
        }
        Some(Command::Cut(cut)) => {
            let common = cut.common.clone().or(common);
            cut::run(&cut, &common)
        }
        Some(Command::Gen(options)) if common.is_unset() => generate::run(&options),
        Some(Command::Gen(_)) => {
            say::error("options before `gen` have no meaning for it");
            Exit::Usage
        }
        Some(Command::Completions(options)) if common.is_unset() => completions::run(&options),
        Some(Command::Man(options)) if common.is_unset() => man::run(&options),
        Some(Command::Completions(_) | Command::Man(_)) => {
            say::error("options before `completions` and `man` have no meaning for them");
            Exit::Usage
        }
    }
}
