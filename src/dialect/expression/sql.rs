//! An expression as a condition of DuckDB's SQL, over columns of text.

use super::display::{shown, sign};
use super::{Expression, Is, Node};
use crate::dialect::insight_rule::explain::quoted;
use crate::field::Field;
use crate::prefixes::{Prefix, host_v4};

impl Expression {
    /// The condition in DuckDB's SQL, over columns of text that are called as the fields are, with
    /// `_` for `-`.
    ///
    /// IPv4 prefixes are inclusive comparisons of the number that the four octets make; IPv6
    /// prefixes take DuckDB's extension `inet`. Regular expressions are those of RE2 there, and
    /// times have to be seconds.
    ///
    /// ```
    /// use flowagg::dialect::Expression;
    /// let text = "bytes > 1k and not action = REJECT";
    /// let expression = Expression::parse(text, &mut |_| unreachable!("no file is named"))?;
    /// assert_eq!(
    ///     expression.to_sql(),
    ///     "TRY_CAST(\"bytes\" AS HUGEINT) > 1000 \
    ///      AND NOT coalesce(\"action\" = 'REJECT', false)"
    /// );
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn to_sql(&self) -> String {
        self.node.to_sql()
    }
}

impl Node {
    fn to_sql(&self) -> String {
        let joined = |nodes: &[Self], word: &str| {
            let parts: Vec<String> = nodes
                .iter()
                .map(|node| match node {
                    Self::Any(_) => format!("({})", node.to_sql()),
                    node => node.to_sql(),
                })
                .collect();
            parts.join(word)
        };
        match self {
            Self::All(nodes) => joined(nodes, " AND "),
            Self::Any(nodes) => joined(nodes, " OR "),
            // What is not there makes a test NULL, of which NOT would be NULL again.
            Self::Not(node) => format!("NOT coalesce({}, false)", node.to_sql()),
            Self::Test(field, is) => is.to_sql(*field),
        }
    }
}

impl Is {
    fn to_sql(&self, field: Field) -> String {
        let column = format!("\"{}\"", field.name().replace('-', "_"));
        let number = format!("TRY_CAST({column} AS HUGEINT)");
        let not = |negate: bool| if negate { "NOT " } else { "" };
        match self {
            Self::Number(comparison, amount) => format!("{number} {} {amount}", sign(*comparison)),
            Self::Ranges(list, negate) => {
                let (ones, ranges): (Vec<_>, Vec<_>) =
                    list.iter().partition(|(first, last)| first == last);
                let ones: Vec<String> = ones.iter().map(|(one, _)| one.to_string()).collect();
                let mut parts = Vec::new();
                if !ones.is_empty() {
                    parts.push(format!("{number} IN ({})", ones.join(", ")));
                }
                let between = |(first, last)| format!("{number} BETWEEN {first} AND {last}");
                parts.extend(ranges.into_iter().map(between));
                grouped(parts, not(*negate))
            }
            Self::Bits { bits, is_all: true } => {
                format!("(TRY_CAST({column} AS INTEGER) & {bits}) = {bits}")
            }
            Self::Bits { bits, .. } => format!("(TRY_CAST({column} AS INTEGER) & {bits}) <> 0"),
            Self::Lies(list, _, negate) => {
                let parts: Vec<String> = list.iter().map(|prefix| lies(&column, *prefix)).collect();
                match negate {
                    // An address of the other kind makes a part NULL.
                    true => {
                        format!("{column} <> '-' AND NOT coalesce({}, false)", parts.join(" OR "))
                    }
                    false => grouped(parts, ""),
                }
            }
            Self::Text(list, negate) => {
                let texts: Vec<String> = list.iter().map(|text| quoted(text)).collect();
                match (texts.as_slice(), negate) {
                    ([text], false) => format!("{column} = {text}"),
                    ([text], true) => format!("{column} <> {text}"),
                    (texts, negate) => {
                        format!("{column} {}IN ({})", not(*negate), texts.join(", "))
                    }
                }
            }
            Self::Matches(regex, negate) => {
                let regex = quoted(regex.as_str());
                format!("{}regexp_matches({column}, {regex})", not(*negate))
            }
        }
    }
}

/// One of these conditions, or with `not` none.
fn grouped(parts: Vec<String>, not: &str) -> String {
    match parts.as_slice() {
        [part] if not.is_empty() => part.clone(),
        _ => format!("{not}({})", parts.join(" OR ")),
    }
}

/// The condition that the address in a column lies in a prefix.
fn lies(column: &str, prefix: Prefix) -> String {
    let Prefix::V4(first, length) = prefix else {
        return format!("TRY_CAST({column} AS INET) <<= INET {}", quoted(&shown(prefix)));
    };
    let last = first | host_v4(length);
    format!("{} BETWEEN {first} AND {last}", v4_number(column))
}

/// The number that the four octets of an address make; NULL of any other.
pub(crate) fn v4_number(column: &str) -> String {
    let octet = |at: u32, factor: u32| {
        format!("TRY_CAST(split_part({column}, '.', {at}) AS UBIGINT) * {factor}")
    };
    [octet(1, 1 << 24), octet(2, 1 << 16), octet(3, 1 << 8), octet(4, 1)].join(" + ")
}
