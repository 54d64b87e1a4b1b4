//! The tests of a metric filter, compiled: what a message, a token or a JSON event has to be.
//!
//! Nothing here knows how a pattern is written; the dialect reads that. Tests of text allocate
//! nothing, so that they may run for every line.

mod json;
#[cfg(test)]
mod json_tests;
mod span;
mod terms;
mod text;
mod tokens;

pub use json::{JsonTest, NodeTest, Step, Tree};
pub use span::span;
pub use terms::Terms;
pub use text::{Condition, TextTest, Wildcard, compares, number};
pub use tokens::{Token, spans};
