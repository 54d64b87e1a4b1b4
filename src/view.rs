//! How a key sees a column: whole, only the first bits of its addresses, or by labels.
//!
//! A view makes another text of a value's text; contributors are told apart by those. That is the
//! definition; where values are words already, groups make words of words and no texts
//! ([`crate::group`]).

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::field::{Field, Kind};
use crate::labels::Labels;
use crate::layout::Column;
use crate::prefixes::{host_v4, host_v6};
use crate::value::Address;

/// Key text beyond this is cut: Contributor Insights' limit of 1 KB for a key.
pub const KEY_BYTES_MAX: usize = 1024;

/// The bits of an IPv6 prefix where only those of IPv4 are said: a subnet's.
pub const V6_BITS: u8 = 64;

/// How a key sees the values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum View {
    /// As they are.
    Whole,
    /// The prefixes of this many bits that addresses lie in, such as 10.0.0.0/24. Whole addresses
    /// (32 bits and 128) have no length behind them, and what is no address, or in another
    /// spelling than the usual one, stays as it is.
    Prefix {
        /// Bits of IPv4 addresses, at most 32.
        v4: u8,
        /// Bits of IPv6 addresses, at most 128.
        v6: u8,
    },
    /// By their labels; what has none is `-`.
    Label(Arc<Labels>),
}

/// A column, seen in a certain way: the key of a query.
///
/// ```
/// use flowagg::{Field, KeyColumn, View};
/// let key = KeyColumn::new(Field::SrcAddr, View::Prefix { v4: 24, v6: 64 });
/// assert_eq!(key.label(), "srcaddr/24");
/// assert_eq!(KeyColumn::from(Field::DstPort).label(), "dstport");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    column: Column,
    view: View,
}

impl KeyColumn {
    /// A column seen so.
    pub fn new(column: impl Into<Column>, view: View) -> Self {
        Self { column: column.into(), view }
    }

    /// The column.
    pub fn column(&self) -> &Column {
        &self.column
    }

    /// How it is seen.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What the key is called in answers, unless the query says otherwise.
    pub fn label(&self) -> String {
        let column = self.column.label();
        match self.view {
            View::Whole => column,
            View::Prefix { v4: 32, v6 } if v6 > 32 => format!("{column}/{v6}"),
            View::Prefix { v4, v6: V6_BITS } => format!("{column}/{v4}"),
            View::Prefix { v4, v6 } => format!("{column}/{v4}/{v6}"),
            View::Label(_) => format!("label of {column}"),
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn fault(&self) -> Option<String> {
        let View::Prefix { v4, v6 } = self.view else { return None };
        let column = self.column.label();
        if v4 > 32 || v6 > 128 {
            return Some(format!(
                "{column} by {v4} bits of IPv4 and {v6} of IPv6, expected at most 32 and 128"
            ));
        }
        match &self.column {
            Column::Field(field) if field.kind() != Kind::Address => {
                Some(format!("prefixes of {column}, expected those of addresses, such as srcaddr"))
            }
            _ => None,
        }
    }
}

impl From<Column> for KeyColumn {
    fn from(column: Column) -> Self {
        Self { column, view: View::Whole }
    }
}

impl From<Field> for KeyColumn {
    fn from(field: Field) -> Self {
        Self::from(Column::Field(field))
    }
}

/// Bytes that hold the text of any prefix: 39 of an address, and 4 of its length.
pub const PREFIX_BYTES: usize = 48;

impl View {
    /// What it makes of a value's text; `buffer` is where that is written if it is nowhere yet.
    pub fn seen<'a>(&'a self, text: &'a [u8], buffer: &'a mut [u8; PREFIX_BYTES]) -> &'a [u8] {
        match self {
            Self::Whole => text,
            Self::Label(labels) => labels.of(text),
            Self::Prefix { v4, v6 } => match Address::parse(text) {
                Address::V4(address) => write_v4(first_v4(address, *v4), *v4, buffer),
                Address::V6(address) => write_v6(first_v6(address, *v6), *v6, buffer),
                Address::Odd | Address::Absent | Address::Bad => text,
            },
        }
    }
}

/// A key's text, cut at a character's boundary if it is too long.
pub fn cut(text: &[u8]) -> &[u8] {
    match text.get(..KEY_BYTES_MAX) {
        None => text,
        Some(_) => {
            let is_boundary = |&end: &usize| text[end] & 0b1100_0000 != 0b1000_0000;
            let end = (KEY_BYTES_MAX - 3..=KEY_BYTES_MAX)
                .rev()
                .find(|end| *end == text.len() || is_boundary(end));
            &text[..end.unwrap_or(KEY_BYTES_MAX)]
        }
    }
}

/// The first address of the prefix of so many bits that an address lies in.
#[inline(always)]
pub fn first_v4(address: u32, bits: u8) -> u32 {
    address & !host_v4(bits)
}

/// The same of IPv6.
pub fn first_v6(address: u128, bits: u8) -> u128 {
    address & !host_v6(bits)
}

/// The text of a prefix, by its first address.
pub fn write_v4(first: u32, bits: u8, buffer: &mut [u8; PREFIX_BYTES]) -> &[u8] {
    if bits != 32 {
        return write_prefix(Ipv4Addr::from_bits(first), bits, 32, buffer);
    }
    // Whole addresses are written for each comparison of equal values, and for each row.
    let mut at = 0;
    for octet in first.to_be_bytes() {
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let leading = if octet < 10 { 2 } else { usize::from(octet < 100) };
        for digit in &digits[leading..] {
            buffer[at] = b'0' + digit;
            at += 1;
        }
        buffer[at] = b'.';
        at += 1;
    }
    &buffer[..at - 1]
}

/// The same of IPv6.
pub fn write_v6(first: u128, bits: u8, buffer: &mut [u8; PREFIX_BYTES]) -> &[u8] {
    write_prefix(Ipv6Addr::from_bits(first), bits, 128, buffer)
}

fn write_prefix(
    first: impl std::fmt::Display,
    bits: u8,
    all: u8,
    buffer: &mut [u8; PREFIX_BYTES],
) -> &[u8] {
    let mut rest = &mut buffer[..];
    let written = match bits {
        bits if bits == all => write!(rest, "{first}"),
        bits => write!(rest, "{first}/{bits}"),
    };
    debug_assert!(written.is_ok());
    let length = PREFIX_BYTES - rest.len();
    &buffer[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_addresses_and_of_nothing_else() {
        let seen = |v4: u8, v6: u8, text: &str| {
            let mut buffer = [0; PREFIX_BYTES];
            let view = View::Prefix { v4, v6 };
            String::from_utf8(view.seen(text.as_bytes(), &mut buffer).to_vec()).unwrap()
        };
        assert_eq!(seen(24, 64, "10.1.2.3"), "10.1.2.0/24");
        assert_eq!(seen(0, 0, "255.1.2.3"), "0.0.0.0/0");
        assert_eq!(seen(1, 0, "255.1.2.3"), "128.0.0.0/1");
        assert_eq!(seen(31, 0, "255.1.2.3"), "255.1.2.2/31");
        assert_eq!(seen(32, 48, "10.1.2.3"), "10.1.2.3");
        assert_eq!(seen(24, 64, "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(seen(24, 0, "2001:db8::1"), "::/0");
        assert_eq!(seen(24, 127, "2001:db8::1"), "2001:db8::/127");
        assert_eq!(seen(24, 128, "2001:db8::1"), "2001:db8::1");
        assert_eq!(seen(24, 112, "::ffff:1.2.3.4"), "::ffff:1.2.0.0/112");
        let long = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(seen(24, 127, long), format!("{}e/127", &long[..38]));
        for other in ["-", "", "010.0.0.1", "2001:DB8::1", "eni-1", "10.0.0.0/24"] {
            assert_eq!(seen(24, 64, other), other);
        }
    }

    #[test]
    fn addresses_are_written_as_the_standard_library_does() {
        for octet in 0..=u32::from(u8::MAX) {
            for first in [octet, octet << 8, octet << 24 | octet, octet * 0x0101_0101] {
                let mut buffer = [0; PREFIX_BYTES];
                let text = write_v4(first, 32, &mut buffer);
                assert_eq!(text, Ipv4Addr::from_bits(first).to_string().as_bytes());
            }
        }
    }

    #[test]
    fn keys_are_called_as_they_are_typed() {
        let label =
            |v4: u8, v6: u8| KeyColumn::new(Field::DstAddr, View::Prefix { v4, v6 }).label();
        assert_eq!(label(24, 64), "dstaddr/24");
        assert_eq!(label(24, 48), "dstaddr/24/48");
        assert_eq!(label(32, 48), "dstaddr/48");
        let fault = |key: KeyColumn| key.fault();
        let by = |field: Field, v4: u8| KeyColumn::new(field, View::Prefix { v4, v6: 64 });
        assert_eq!(fault(by(Field::PktSrcAddr, 32)), None);
        assert!(fault(by(Field::SrcAddr, 33)).unwrap().contains("at most 32"));
        assert!(fault(by(Field::Bytes, 24)).unwrap().contains("of addresses"));
    }
}
