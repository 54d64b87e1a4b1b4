//! Answers become text: tables for people, JSON and CSV for programs.
//!
//! Everything is written to a [`Write`](std::io::Write) that the caller brings; nothing in here
//! knows a terminal, so colour is an argument. Tables round and shorten for the eye, but always
//! show the exact number too; JSON and CSV hold exact integers only. Long answers are written as
//! they are walked, not built in memory first.
//!
//! ```
//! use flowagg::summary::{self, Summary};
//! use flowagg::{Engine, Source, render};
//! let report = Engine::new().run_all(&summary::queries(10)?, &[Source::path("/dev/null")])?;
//! let mut text = Vec::new();
//! render::json::summary(&mut text, &Summary::new(&report)).unwrap();
//! assert!(text.starts_with(b"{\n  \"tally\": {"));
//! # Ok::<(), flowagg::Error>(())
//! ```

pub mod account;
pub mod csv;
mod grid;
mod human;
mod insight_report;
pub mod json;
pub mod table;

use crate::group::Uses;
use crate::report::Answer;

/// The answer to a Contributor Insights rule, with the words that it is told in.
#[derive(Debug, Clone, Copy)]
pub struct Ranking<'a> {
    /// The answer.
    pub answer: &'a Answer,
    /// The rule's `AggregateOn`: `Sum` or `Count`.
    pub statistic: &'a str,
    /// The rule's name of what is summed; none where records are counted.
    pub measured: Option<&'a str>,
}

impl Ranking<'_> {
    /// Whether values are bytes, and may be shown as such (`1.2 GB`) beside the exact number.
    fn is_of_bytes(&self) -> bool {
        self.measured.is_some_and(|name| name.to_ascii_lowercase().contains("bytes"))
    }

    /// What the values are called.
    fn value_name(&self) -> &str {
        self.measured.unwrap_or("records")
    }

    fn uses(&self) -> Uses {
        self.answer.uses()
    }
}

/// The part of `total` that `value` is, 0 to 1; 0 of nothing.
fn share(value: u128, total: u128) -> f64 {
    if total == 0 { 0.0 } else { value as f64 / total as f64 }
}
