//! An expression in its canonical form, which is an expression too and means the same.

use std::fmt::{self, Display, Formatter};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::words::FLAGS;
use super::{Expression, Is, List, Node};
use crate::amount::Comparison;
use crate::calendar::date_of_digits;
use crate::field::Field;
use crate::prefixes::Prefix;

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut Formatter<'_>, nodes: &[Self], word: &str| {
            for (at, node) in nodes.iter().enumerate() {
                let joint = if at > 0 { word } else { "" };
                match node {
                    Self::Any(_) => write!(f, "{joint}({node})")?,
                    node => write!(f, "{joint}{node}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::All(nodes) => joined(f, nodes, " and "),
            Self::Any(nodes) => joined(f, nodes, " or "),
            Self::Not(node) => match node.as_ref() {
                Self::All(_) | Self::Any(_) => write!(f, "not ({node})"),
                node => write!(f, "not {node}"),
            },
            Self::Test(field, is) => {
                write!(f, "{field} ")?;
                is.write(f, *field)
            }
        }
    }
}

impl Is {
    fn write(&self, f: &mut Formatter<'_>, field: Field) -> fmt::Result {
        match self {
            Self::Number(comparison, amount) => {
                write!(f, "{} {}", sign(*comparison), number(field, amount))
            }
            Self::Ranges(list, negate) => {
                list.write(f, *negate, |f, &(first, last)| match first == last {
                    true => f.write_str(&number(field, first)),
                    false => write!(f, "{}-{}", number(field, first), number(field, last)),
                })
            }
            Self::Bits { bits, is_all } => {
                let names = FLAGS.iter().filter(|(_, bit)| bits & bit != 0).map(|(name, _)| *name);
                let names: Vec<&str> = names.collect();
                write!(f, "has {}", names.join(if *is_all { "," } else { "|" }))
            }
            Self::Lies(list, _, negate) => {
                list.write(f, *negate, |f, prefix| f.write_str(&shown(*prefix)))
            }
            Self::Text(list, negate) => {
                list.write(f, *negate, |f, text| f.write_str(&quoted(text)))
            }
            Self::Matches(regex, negate) => {
                write!(f, "{} {}", if *negate { "!~" } else { "~" }, quoted(regex.as_str()))
            }
        }
    }
}

impl<T> List<T> {
    fn write(
        &self,
        f: &mut Formatter<'_>,
        negate: bool,
        value: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
    ) -> fmt::Result {
        let is_in = if negate { "not in" } else { "in" };
        match (self.typed.as_slice(), self.files.as_slice()) {
            ([one], []) => {
                f.write_str(if negate { "!= " } else { "= " })?;
                return value(f, one);
            }
            ([], [file]) => return write!(f, "{is_in} @{}", quoted(file)),
            _ => write!(f, "{is_in} [")?,
        }
        for (at, typed) in self.typed.iter().enumerate() {
            f.write_str(if at > 0 { " " } else { "" })?;
            value(f, typed)?;
        }
        for (at, file) in self.files.iter().enumerate() {
            let joint = if at + self.typed.len() > 0 { " " } else { "" };
            write!(f, "{joint}@{}", quoted(file))?;
        }
        f.write_str("]")
    }
}

/// A number of a field. A time that would be taken for a date has a 0 before it, which is not.
fn number(field: Field, number: impl Display) -> String {
    let number = number.to_string();
    let is_date = field.is_time() && date_of_digits(&number).is_some();
    if is_date { format!("0{number}") } else { number }
}

/// How a comparison is written.
pub fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Equal => "=",
        Comparison::NotEqual => "!=",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Greater => ">",
    }
}

/// A prefix; one of full length is an address.
pub fn shown(prefix: Prefix) -> String {
    match prefix {
        Prefix::V4(first, 32) => Ipv4Addr::from_bits(first).to_string(),
        Prefix::V4(first, length) => format!("{}/{length}", Ipv4Addr::from_bits(first)),
        Prefix::V6(first, 128) => Ipv6Addr::from_bits(first).to_string(),
        Prefix::V6(first, length) => format!("{}/{length}", Ipv6Addr::from_bits(first)),
    }
}

/// A text in quotes, as expressions and SQL have them.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
