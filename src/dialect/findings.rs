//! What checks find: errors and warnings, each a line that begins with its place.

use std::collections::HashSet;

use super::json::{Json, member, quoted};
use crate::error::{Error, ErrorKind};
use crate::nearest::nearest;

/// Mistakes beyond these are only counted; a text with more is hardly meant as what it is read as.
const ERRORS_MAX: usize = 100;

/// What was found while checking: errors and warnings, each a line that begins with its place.
#[derive(Debug, Default)]
pub struct Findings {
    errors: Vec<String>,
    more: usize,
    warnings: Vec<String>,
    /// Whether what is checked has to be something that CloudWatch takes.
    is_check: bool,
}

impl Findings {
    /// None yet, of a check whether CloudWatch takes it.
    pub fn of_check() -> Self {
        Self { is_check: true, ..Self::default() }
    }

    /// What is wrong at a place.
    pub fn error(&mut self, path: &str, text: impl AsRef<str>) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.errors.push(format!("{path}: {}", text.as_ref()));
        }
    }

    /// What may surprise.
    pub fn warning(&mut self, path: &str, text: impl AsRef<str>) {
        self.warnings.push(format!("{path}: {}", text.as_ref()));
    }

    /// What CloudWatch refuses, and what does not matter offline.
    pub fn violation(&mut self, path: &str, text: &str) {
        match self.is_check {
            true => self.error(path, text),
            false => self.warning(path, text),
        }
    }

    /// Whether further errors are only counted, and need no costly advice.
    pub fn is_full(&self) -> bool {
        self.errors.len() >= ERRORS_MAX
    }

    /// The warnings, if nothing is wrong.
    ///
    /// # Errors
    /// An error of `kind` with a line for each thing that is wrong.
    pub fn into_warnings(mut self, kind: ErrorKind) -> Result<Vec<String>, Error> {
        if self.errors.is_empty() {
            return Ok(self.warnings);
        }
        if self.more > 0 {
            self.errors.push(format!("$: {} more errors", self.more));
        }
        Err(Error::new(kind, self.errors.join("\n")))
    }
    /// Reports members that are there twice, anywhere in a value.
    pub fn check_duplicates(&mut self, value: &Json, path: &str) {
        match value {
            Json::Object(members) => {
                let mut seen = HashSet::new();
                for (name, value) in members {
                    let path = member(path, name);
                    if !seen.insert(name) {
                        self.error(&path, "the same member again, expected it once");
                    }
                    self.check_duplicates(value, &path);
                }
            }
            Json::Array(values) => {
                for (at, value) in values.iter().enumerate() {
                    // Paths of values without members are never needed.
                    if matches!(value, Json::Object(_) | Json::Array(_)) {
                        self.check_duplicates(value, &format!("{path}[{at}]"));
                    }
                }
            }
            _ => {}
        }
    }
}

/// What to say of a member that is none of the known ones.
pub fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("unknown member; did you mean {}?", quoted(near)),
        None => format!("unknown member, expected one of {}", known.join(", ")),
    }
}
