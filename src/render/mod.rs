//! Answers become text: tables for people; JSON, CSV, Parquet and so on for programs.
//!
//! An answer that is rows is a [`sheet`], which is written as any of them; `sheets` makes those of
//! the answers here. What CloudWatch has a shape for has that in JSON.
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
pub mod find;
mod human;
mod insight_report;
pub mod json;
pub mod lists;
pub mod manifest;
pub mod matches;
pub mod metric;
pub mod parquet_out;
pub mod records;
pub mod sheet;
pub mod sheets;
mod spark;
pub mod survey;
pub mod table;

use crate::amount::Amount;
use crate::group::Uses;
use crate::report::Answer;

/// The answer to a Contributor Insights rule, with the words that it is told in.
#[derive(Debug, Clone, Copy)]
pub struct Ranking<'a> {
    /// The rule's name, to tell several apart.
    pub name: Option<&'a str>,
    /// The answer.
    pub answer: &'a Answer,
    /// The rule's `AggregateOn`: `Sum` or `Count`.
    pub statistic: &'a str,
    /// The rule's name of what is summed; none where records are counted.
    pub measured: Option<&'a str>,
    /// The seconds of a period, if it was asked by period.
    pub period: Option<u32>,
}

impl Ranking<'_> {
    fn uses(&self) -> Uses {
        self.answer.uses()
    }
}

/// The part of `total` that `value` is, 0 to 1; 0 of nothing.
fn share(value: Amount, total: Amount) -> f64 {
    shares(total)(value)
}

/// The same for many values.
fn shares(total: Amount) -> impl Fn(Amount) -> f64 + Copy {
    let whole = total.to_f64();
    move |value| if total == Amount::ZERO { 0.0 } else { value.to_f64() / whole }
}

/// An amount as a JSON number, digit by digit.
fn exact<S: serde::Serializer>(amount: &Amount, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::{Serialize, ser::Error};
    match amount.whole() {
        Some(whole) => serializer.serialize_i128(whole),
        None => serde_json::value::RawValue::from_string(amount.to_string())
            .map_err(S::Error::custom)?
            .serialize(serializer),
    }
}
