//! Other people's ways to write a question. Dialects wrap the engine from outside: each reads its
//! own syntax, checks all of it, and compiles to a [`Query`](crate::Query); nothing below this
//! room knows that it exists.

mod expression;
mod fields;
mod filter_file;
mod findings;
mod insight_rule;
mod json;
mod keys;
mod metric_filter;
mod rule_file;
mod value_file;
mod wrapping;

pub use expression::Expression;
pub(crate) use expression::v4_number;
pub use fields::fields;
pub use filter_file::{FilterFile, NamedFilter};
pub use insight_rule::InsightRule;
pub(crate) use insight_rule::explain::{files, printable, quoted};
pub use keys::Keys;
pub use metric_filter::{
    Extracted, FilterPattern, MetricFilter, PatternKind, Transformation, Value,
};
pub use rule_file::{NamedRule, RuleFile};
pub use value_file::values_in;
