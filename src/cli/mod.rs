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
use std::io::{self, Write};

use clap::{ColorChoice, CommandFactory, FromArgMatches};

pub use exit::Exit;
use options::{Cli, Command};

/// The command line as it was typed; ends the program where that cannot be understood.
pub fn parse() -> Cli {
    let matches = Cli::command().color(colour(std::env::args_os())).try_get_matches();
    let parsed = matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    parsed.unwrap_or_else(|error| {
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
        let printed = error.print().and_then(|()| io::stdout().flush());
        match printed {
            // As elsewhere: its reader has seen enough, or there is no answer.
            Err(fault) if !error.use_stderr() && fault.kind() != io::ErrorKind::BrokenPipe => {
                let exit = answer::unwritten(fault);
                std::process::exit(exit.code().into())
            }
            _ => std::process::exit(error.exit_code()),
        }
    })
}

/// The colours of help, and of what is wrong with other arguments, by what was typed of them.
fn colour(arguments: impl Iterator<Item = OsString>) -> ColorChoice {
    let mut choice = ColorChoice::Auto;
    let mut is_next = false;
    for argument in arguments.take_while(|argument| argument != "--") {
        let argument = argument.to_string_lossy();
        let value = match argument.strip_prefix("--color=") {
            Some(value) => Some(value),
            None => is_next.then_some(&*argument),
        };
        choice = value.and_then(|value| value.parse().ok()).unwrap_or(choice);
        is_next = argument == "--color";
    }
    choice
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_known_before_the_rest() {
        for (line, expected) in [
            ("flowagg --help", ColorChoice::Auto),
            ("flowagg --color never --help", ColorChoice::Never),
            ("flowagg top --color=always --hlep", ColorChoice::Always),
            ("flowagg --color always top --color never", ColorChoice::Never),
            ("flowagg --color pink", ColorChoice::Auto),
            ("flowagg never -- --color never", ColorChoice::Auto),
        ] {
            assert_eq!(colour(line.split(' ').map(OsString::from)), expected, "{line}");
        }
    }
}
