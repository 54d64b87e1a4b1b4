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
    /// The whole answer is that nothing was found.
    Missing,
    /// Nothing was run: wrong usage, or a rule or pattern that is not valid.
    Usage,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Partial | Self::Alarm | Self::Missing => 1,
            Self::Usage => 2,
        }
    }

    /// Whether nothing is lacking in the answer.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Whole | Self::Alarm | Self::Missing)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
