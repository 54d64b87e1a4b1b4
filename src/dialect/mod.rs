//! Other people's ways to write a question. Dialects wrap the engine from outside: each reads its
//! own syntax, checks all of it, and compiles to a [`Query`](crate::Query); nothing below this
//! room knows that it exists.

mod insight_rule;
mod nearest;
mod rule_file;

pub use insight_rule::InsightRule;
pub use rule_file::{NamedRule, RuleFile};
