//! Whether an expression holds of one record: value by value, with what the standard library has.
//! This is what an expression means; the engine's way is held to it.

use std::net::{IpAddr, Ipv4Addr};

use super::{Expression, Is, Node};
use crate::amount::Amount;
use crate::field::Field;
use crate::prefixes::Prefix;
use crate::record::{Record, spelled};

impl Expression {
    /// Whether it holds of a record. For single records: of a log, queries count them thousands of
    /// times as fast.
    ///
    /// ```
    /// use flowagg::dialect::Expression;
    /// use flowagg::{Layout, Record};
    /// let layout = Layout::v2();
    /// let line = b"2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 \
    ///     1600000030 ACCEPT OK";
    /// let record = Record::parse(line, &layout).unwrap();
    /// let holds = |text| {
    ///     let expression = Expression::parse(text, &mut |_| unreachable!("no file is named"));
    ///     expression.unwrap().holds(&record)
    /// };
    /// assert!(holds("src net 10.0.0.0/8 and port https"));
    /// assert!(!holds("action reject or bytes > 1k"));
    /// ```
    pub fn holds(&self, record: &Record<'_>) -> bool {
        self.node.holds(record)
    }
}

impl Node {
    fn holds(&self, record: &Record<'_>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.holds(record)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(record)),
            Self::Not(node) => !node.holds(record),
            Self::Test(field, is) => is.holds(*field, record),
        }
    }
}

impl Is {
    fn holds(&self, field: Field, record: &Record<'_>) -> bool {
        let number = || record.number(field);
        match self {
            Self::Number(comparison, right) => {
                number().is_some_and(|number| comparison.holds(Amount::from(number), *right))
            }
            Self::Ranges(list, negate) => number().is_some_and(|number| {
                let mut ranges = list.iter();
                ranges.any(|&(first, last)| (first..=last).contains(&number)) != *negate
            }),
            &Self::Bits { bits, is_all } => number().is_some_and(|number| {
                let found = number & u64::from(bits);
                if is_all { found == u64::from(bits) } else { found > 0 }
            }),
            Self::Lies(list, _, negate) => {
                let address = record.text(field).and_then(address);
                address.is_some_and(|address| {
                    list.iter().any(|prefix| lies(address, *prefix)) != *negate
                })
            }
            // Compared as values stand in a line.
            Self::Text(list, negate) => record.text(field).is_some_and(|text| {
                list.iter().any(|value| *spelled(value.as_bytes()) == *text) != *negate
            }),
            Self::Matches(regex, negate) => {
                record.text(field).is_some_and(|text| regex.is_match(text) != *negate)
            }
        }
    }
}

/// An address, octets with leading zeros too.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let octets: Option<Vec<u8>> = text.split('.').map(|octet| octet.parse().ok()).collect();
    let octets: [u8; 4] = octets?.try_into().ok()?;
    Some(IpAddr::V4(Ipv4Addr::from(octets)))
}

fn lies(address: IpAddr, prefix: Prefix) -> bool {
    match (address, prefix) {
        (IpAddr::V4(address), Prefix::V4(first, length)) => {
            length == 0 || (address.to_bits() ^ first) >> (32 - length) == 0
        }
        (IpAddr::V6(address), Prefix::V6(first, length)) => {
            length == 0 || (address.to_bits() ^ first) >> (128 - length) == 0
        }
        _ => false,
    }
}
