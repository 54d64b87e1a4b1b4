//! Exit codes: what a script may conclude.

use std::process::ExitCode;

/// How a run ended; `--help` lists the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The whole answer was given.
    Whole,
    /// Something could not be read, used or written; or `--strict` found a malformed line.
    Partial,
    /// An alarm is in ALARM.
    Alarm,
    /// Nothing was run: wrong usage, or a rule or pattern that is not valid.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Whole => Self::SUCCESS,
            Exit::Partial | Exit::Alarm => Self::from(1),
            Exit::Usage => Self::from(2),
        }
    }
}
