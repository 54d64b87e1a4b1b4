//! What is wrong with an expression: what was found, the place, and what to write.

use crate::dialect::metric_filter::fault::window;
use crate::error::{Error, ErrorKind, shown};

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What was found.
    says: String,
    /// Where the caret stands: a byte of the expression.
    at: usize,
    /// What was expected.
    advice: String,
}

impl Fault {
    /// What was found at a place, and what to write there.
    pub fn new(says: impl Into<String>, at: usize, advice: impl Into<String>) -> Self {
        Self { says: says.into(), at, advice: advice.into() }
    }

    /// The same, found in a line of a file.
    pub fn of_file(self, name: &str, line: usize) -> Self {
        Self { says: format!("{} line {line}: {}", shown(name), self.says), ..self }
    }

    /// The error that shows all of this.
    pub fn into_error(self, text: &str) -> Error {
        let (window, column) = window(text.trim_ascii_end(), self.at);
        let blanks = " ".repeat(column);
        let message = format!("{}\n  {window}\n  {blanks}^ {}", self.says, self.advice);
        Error::new(ErrorKind::Expression, message)
    }
}
