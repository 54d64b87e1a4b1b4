//! Contributors in machine words, and back to text.
//!
//! A contributor is a combination of texts. Most are packed: an IPv4 address takes 32 bits, a
//! port 16, a protocol 8, a text 32 for its number, so that a pair of addresses is one `u64` and a
//! five-tuple one `u128`. Whatever does not pack (IPv6 pairs, odd spellings, texts without a
//! number) becomes a byte string that tags each part. Every combination of texts has exactly one
//! encoding in a run, which depends on nothing but the texts and the kinds of the columns; so
//! equal contributors always meet.

use std::cmp::Ordering;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::field::Kind;
use crate::intern::Texts;
use crate::value::{Address, Number};

/// Key text beyond this is cut: Contributor Insights' limit of 1 KB for a key.
pub const KEY_BYTES_MAX: usize = 1024;

/// How one key's texts are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An address: 32 bits if it is IPv4.
    Address,
    /// A number of at most this many bits.
    Number(u32),
    /// Bytes.
    Text,
}

impl Part {
    /// How the values of a column of this kind are encoded.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Address => Self::Address,
            Kind::Number(limit) => Self::Number(u64::BITS - limit.leading_zeros()),
            Kind::Status | Kind::Text => Self::Text,
        }
    }
}

/// Where the contributors of regular records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// In 64 bits.
    Narrow,
    /// In 128 bits.
    Packed,
    /// As bytes.
    Wide,
}

/// The kinds of a query's keys, in order.
#[derive(Debug, Clone)]
pub struct KeyShape {
    parts: Vec<Part>,
    /// Where texts have numbers; without, they do not pack.
    texts: Option<Arc<Texts>>,
}

impl PartialEq for KeyShape {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts && self.texts.is_some() == other.texts.is_some()
    }
}

/// Bits of a text's number.
pub const TEXT_BITS: u32 = 32;

/// A contributor, encoded. The order is one of machine words, for merging; that of answers is
/// [`KeyShape::compare`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// In 64 bits, the first key in the highest.
    Narrow(u64),
    /// In 128 bits, the first key in the highest; or one IPv6 address.
    Packed(u128),
    /// Tagged bytes.
    Wide(Box<[u8]>),
}

/// One key's value, decoded.
enum Value<'a> {
    V4(u32),
    V6(u128),
    Number(u64),
    Text(&'a [u8]),
}

const TAG_V4: u8 = 0;
const TAG_V6: u8 = 1;
const TAG_NUMBER: u8 = 2;
const TAG_TEXT: u8 = 3;

impl KeyShape {
    /// The shape of keys with these parts.
    pub fn new(parts: Vec<Part>) -> Self {
        Self { parts, texts: None }
    }

    /// The shape of keys with these parts, in a run whose texts have these numbers.
    pub fn with_texts(parts: Vec<Part>, texts: &Arc<Texts>) -> Self {
        let texts = Some(Arc::clone(texts)).filter(|_| parts.contains(&Part::Text));
        Self { parts, texts }
    }

    /// Where texts have numbers, if any of the parts is one.
    pub fn numbered_texts(&self) -> Option<&Arc<Texts>> {
        self.texts.as_ref()
    }

    /// The bits that the values of a part take; none for bytes.
    fn bits(&self, part: Part) -> Option<u32> {
        match part {
            Part::Address => Some(32),
            Part::Number(bits) => Some(bits),
            Part::Text => self.texts.as_ref().map(|_| TEXT_BITS),
        }
    }

    fn all_bits(&self) -> Option<u32> {
        self.parts.iter().map(|&part| self.bits(part)).sum()
    }

    /// Its parts.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Where regular records' keys go.
    pub fn lane(&self) -> Lane {
        match self.all_bits() {
            Some(0..=64) => Lane::Narrow,
            Some(65..=128) => Lane::Packed,
            _ => Lane::Wide,
        }
    }

    /// Encodes texts, one for each part; `bytes` is scratch memory.
    pub fn encode(&self, texts: &[&[u8]], bytes: &mut Vec<u8>) -> Key {
        if let Some(word) = self.pack(texts) {
            match self.lane() {
                Lane::Narrow => return Key::Narrow(word as u64),
                Lane::Packed => return Key::Packed(word),
                Lane::Wide => {}
            }
        }
        if let ([Part::Address], [text]) = (self.parts.as_slice(), texts)
            && let Address::V6(address) = Address::parse(text)
        {
            return Key::Packed(address);
        }
        bytes.clear();
        for (&part, text) in self.parts.iter().zip(texts) {
            match (part, Address::parse(text), Number::parse(text)) {
                (Part::Address, Address::V4(address), _) => push_v4(bytes, address),
                (Part::Address, Address::V6(address), _) => {
                    bytes.push(TAG_V6);
                    bytes.extend(address.to_be_bytes());
                }
                (Part::Number(_), _, Number::Plain(value)) => push_number(bytes, value),
                _ => push_text(bytes, text),
            }
        }
        Key::Wide(bytes.as_slice().into())
    }

    /// The texts as one word, if all of them pack.
    fn pack(&self, texts: &[&[u8]]) -> Option<u128> {
        self.parts.iter().zip(texts).try_fold(0u128, |word, (&part, text)| {
            let value = match part {
                Part::Address => match Address::parse(text) {
                    Address::V4(address) => u64::from(address),
                    _ => return None,
                },
                Part::Number(bits) => match Number::parse(text) {
                    Number::Plain(value) if value.checked_shr(bits).unwrap_or(0) == 0 => value,
                    _ => return None,
                },
                // Keys that do not pack as a whole need no numbers.
                Part::Text if self.lane() == Lane::Wide => return None,
                Part::Text => self.texts.as_ref()?.number(cut(text))?.into(),
            };
            Some(word << self.bits(part)? | u128::from(value))
        })
    }

    /// The texts of a key.
    pub fn texts(&self, key: &Key) -> Vec<Vec<u8>> {
        let mut texts = Vec::with_capacity(self.parts.len());
        self.values(key, |_, value| {
            let mut buffer = [0; 48];
            texts.push(value.text(&mut buffer).to_vec());
        });
        texts
    }

    /// The number that a key begins with, and the rest as a key of the shape `rest`: takes the
    /// period from a contributor. None if the first part is no number.
    pub fn split_first(&self, key: &Key, rest: &KeyShape) -> Option<(u64, Key)> {
        if self.parts.get(1..) == Some(rest.parts.as_slice())
            && let Some(bits) = rest.all_bits().filter(|&bits| bits < u128::BITS)
        {
            let split = |word: u128| ((word >> bits) as u64, word & !(u128::MAX << bits));
            let word = match (key, self.lane()) {
                (Key::Narrow(word), _) => Some(u128::from(*word)),
                (Key::Packed(word), Lane::Packed) => Some(*word),
                _ => None,
            };
            if let Some((first, word)) = word.map(split) {
                let is_narrow = rest.lane() == Lane::Narrow;
                let key = if is_narrow { Key::Narrow(word as u64) } else { Key::Packed(word) };
                return Some((first, key));
            }
        }
        let texts = self.texts(key);
        let (first, others) = texts.split_first()?;
        let others: Vec<&[u8]> = others.iter().map(Vec::as_slice).collect();
        Some((Number::parse(first).value()?, rest.encode(&others, &mut Vec::new())))
    }

    /// The shape of keys without the last `columns` parts of these.
    pub fn without_last(&self, columns: usize) -> Self {
        let parts = self.parts[..self.parts.len() - columns].to_vec();
        let texts = self.texts.clone().filter(|_| parts.contains(&Part::Text));
        Self { parts, texts }
    }

    /// A key without its last parts, as a key of the shape `rest`, which is of those before them,
    /// or of all as text. It is not one without parts.
    pub fn coarser(&self, key: &Key, rest: &KeyShape) -> Key {
        if self.parts.get(..rest.parts.len()) != Some(&rest.parts) {
            // Made of other kinds, but of the same texts.
            let texts = self.texts(key);
            let texts: Vec<&[u8]> = texts[..rest.parts.len()].iter().map(Vec::as_slice).collect();
            return rest.encode(&texts, &mut Vec::new());
        }
        let lanes = (self.lane(), rest.lane());
        let last = || self.parts[rest.parts.len()..].iter().filter_map(|&part| self.bits(part));
        match (key, lanes) {
            (Key::Narrow(word), _) => {
                return Key::Narrow(word.checked_shr(last().sum()).unwrap_or(0));
            }
            (Key::Packed(word), (Lane::Packed, Lane::Narrow)) => {
                return Key::Narrow(word.checked_shr(last().sum()).unwrap_or(0) as u64);
            }
            (Key::Packed(word), (Lane::Packed, _)) => {
                return Key::Packed(word.checked_shr(last().sum()).unwrap_or(0));
            }
            (Key::Wide(bytes), (_, Lane::Wide)) => {
                let mut end = 0;
                for _ in &rest.parts {
                    end += 1 + value_length(&bytes[end..]);
                }
                return Key::Wide(bytes[..end].into());
            }
            _ => {}
        }
        let texts = self.texts(key);
        let texts: Vec<&[u8]> = texts[..rest.parts.len()].iter().map(Vec::as_slice).collect();
        rest.encode(&texts, &mut Vec::new())
    }

    /// The order of contributors with equal values: by key text, bytewise, first key first.
    pub fn compare(&self, left: &Key, right: &Key) -> Ordering {
        // Wide keys differ in length, so the parts of one are found before those of the other.
        let mut parts: [Option<Value<'_>>; PARTS_MAX] = [const { None }; PARTS_MAX];
        self.values(left, |at, value| parts[at] = Some(value));
        let mut order = Ordering::Equal;
        self.values(right, |at, value| {
            if order == Ordering::Equal
                && let Some(left) = &parts[at]
            {
                order = left.text(&mut [0; 48]).cmp(value.text(&mut [0; 48]));
            }
        });
        order
    }

    /// Calls `visit` with the place and the value of each part.
    fn values<'k>(&'k self, key: &'k Key, mut visit: impl FnMut(usize, Value<'k>)) {
        let mut rest = match key {
            Key::Narrow(word) => return self.unpack(u128::from(*word), visit),
            Key::Packed(word) if self.lane() == Lane::Packed => return self.unpack(*word, visit),
            Key::Packed(word) => return visit(0, Value::V6(*word)),
            Key::Wide(bytes) => &bytes[..],
        };
        for at in 0..self.parts.len() {
            let (tag, after) = (rest[0], &rest[1..]);
            let (value, others) = after.split_at(value_length(rest));
            let number = || value.iter().fold(0u128, |word, &byte| word << 8 | u128::from(byte));
            visit(
                at,
                match tag {
                    TAG_V4 => Value::V4(number() as u32),
                    TAG_V6 => Value::V6(number()),
                    TAG_NUMBER => Value::Number(number() as u64),
                    _ => Value::Text(&value[2..]),
                },
            );
            rest = others;
        }
    }

    fn unpack<'k>(&'k self, word: u128, mut visit: impl FnMut(usize, Value<'k>)) {
        let mut above = self.all_bits().unwrap_or_default();
        for (at, &part) in self.parts.iter().enumerate() {
            let bits = self.bits(part).unwrap_or_default();
            above -= bits;
            let value = (word >> above) as u64 & (u64::MAX >> (64 - bits));
            visit(
                at,
                match (part, &self.texts) {
                    (Part::Address, _) => Value::V4(value as u32),
                    (Part::Text, Some(texts)) => Value::Text(texts.text(value as u32)),
                    _ => Value::Number(value),
                },
            );
        }
    }
}

/// As many parts as a query may have keys, and those of the period, of a flow and its interface.
pub const PARTS_MAX: usize = 16;

/// Bytes of the value that a wide key has here, behind its tag.
fn value_length(bytes: &[u8]) -> usize {
    match bytes[0] {
        TAG_V4 => 4,
        TAG_V6 => 16,
        TAG_NUMBER => 8,
        _ => 2 + usize::from(u16::from_be_bytes([bytes[1], bytes[2]])),
    }
}

/// Appends an IPv4 address to a wide key.
pub fn push_v4(bytes: &mut Vec<u8>, address: u32) {
    bytes.push(TAG_V4);
    bytes.extend(address.to_be_bytes());
}

/// Appends a number to a wide key.
pub fn push_number(bytes: &mut Vec<u8>, value: u64) {
    bytes.push(TAG_NUMBER);
    bytes.extend(value.to_be_bytes());
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

/// Appends a text to a wide key, cut if it is too long.
pub fn push_text(bytes: &mut Vec<u8>, text: &[u8]) {
    let text = cut(text);
    bytes.push(TAG_TEXT);
    bytes.extend((text.len() as u16).to_be_bytes());
    bytes.extend_from_slice(text);
}

impl Value<'_> {
    /// The text, written to `buffer` where it is not there already. 48 bytes hold any address
    /// (45) or number (20).
    fn text<'b>(&'b self, buffer: &'b mut [u8; 48]) -> &'b [u8] {
        let mut rest = &mut buffer[..];
        let written = match self {
            Self::Text(text) => return text,
            Self::V4(address) => write!(rest, "{}", Ipv4Addr::from_bits(*address)),
            Self::V6(address) => write!(rest, "{}", Ipv6Addr::from_bits(*address)),
            Self::Number(value) => write!(rest, "{value}"),
        };
        debug_assert!(written.is_ok());
        let length = 48 - rest.len();
        &buffer[..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: Part = Part::Number(16);

    fn round_trip(parts: &[Part], texts: &[&str]) -> Key {
        let shape = KeyShape::new(parts.to_vec());
        let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        let key = shape.encode(&bytes, &mut Vec::new());
        assert_eq!(shape.texts(&key), bytes, "{key:?}");
        key
    }

    #[test]
    fn every_combination_of_texts_comes_back() {
        use Part::{Address, Number, Text};
        assert_eq!(round_trip(&[Address], &["10.0.0.1"]), Key::Narrow(0x0a00_0001));
        assert_eq!(round_trip(&[Address], &["::1"]), Key::Packed(1));
        assert!(matches!(round_trip(&[Address], &["-"]), Key::Wide(_)));
        assert!(matches!(round_trip(&[Address], &["010.0.0.1"]), Key::Wide(_)));
        let pair = round_trip(&[Address; 2], &["0.0.0.1", "255.0.0.2"]);
        assert_eq!(pair, Key::Narrow(0x0000_0001_ff00_0002));
        assert!(matches!(round_trip(&[Address; 2], &["::1", "1.1.1.1"]), Key::Wide(_)));
        let five = [Address, Address, PORT, PORT, Number(8)];
        let key = round_trip(&five[..4], &["1.2.3.4", "5.6.7.8", "65535", "0"]);
        assert!(matches!(key, Key::Packed(_)));
        assert!(matches!(round_trip(&[PORT], &["0443"]), Key::Wide(_)));
        assert!(matches!(round_trip(&[Number(64)], &["18446744073709551615"]), Key::Narrow(_)));
        assert!(matches!(round_trip(&[Text, Address], &["eni-1", "1.1.1.1"]), Key::Wide(_)));
        assert!(matches!(round_trip(&[Text], &[""]), Key::Wide(_)));
        // Numbers beyond their field's range can stand in a column without a known field only.
        assert!(matches!(round_trip(&[PORT], &["65536"]), Key::Wide(_)));
    }

    #[test]
    fn a_period_comes_off_any_key() {
        use Part::{Address, Number, Text};
        let check = |parts: &[Part], texts: &[&str]| {
            let rest = KeyShape::new(parts.to_vec());
            let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            let key = rest.encode(&bytes, &mut Vec::new());
            let whole = KeyShape::new([&[Number(32)], parts].concat());
            let with_period = [&[&b"28333333"[..]], &bytes[..]].concat();
            let with_period = whole.encode(&with_period, &mut Vec::new());
            assert_eq!(whole.split_first(&with_period, &rest), Some((28_333_333, key.clone())));
            // Where files have columns of different kinds, all is text.
            let text = KeyShape::new(vec![Text; parts.len() + 1]);
            let with_period = [&[&b"28333333"[..]], &bytes[..]].concat();
            let with_period = text.encode(&with_period, &mut Vec::new());
            assert_eq!(text.split_first(&with_period, &rest), Some((28_333_333, key)));
        };
        check(&[], &[]);
        check(&[Address], &["10.0.0.1"]);
        check(&[Address], &["::1"]);
        check(&[Address], &["-"]);
        check(&[Address; 2], &["255.255.255.255", "0.0.0.0"]);
        check(&[Address, Address, PORT, PORT], &["1.2.3.4", "5.6.7.8", "65535", "0"]);
        check(&[Number(64), Number(64)], &["18446744073709551615", "7"]);
        check(&[Text, Address], &["eni-1", "1.1.1.1"]);
    }

    #[test]
    fn the_last_parts_come_off_any_key() {
        use Part::{Address, Number, Text};
        let texts = Arc::new(Texts::default());
        for text in ["eni-1", "-"] {
            texts.number(text.as_bytes());
        }
        let check = |parts: &[Part], values: &[&str]| {
            let bytes: Vec<&[u8]> = values.iter().map(|text| text.as_bytes()).collect();
            for shape in
                [KeyShape::new(parts.to_vec()), KeyShape::with_texts(parts.to_vec(), &texts)]
            {
                let key = shape.encode(&bytes, &mut Vec::new());
                for columns in 1..parts.len() {
                    let rest = shape.without_last(columns);
                    let expected = rest.encode(&bytes[..parts.len() - columns], &mut Vec::new());
                    assert_eq!(shape.coarser(&key, &rest), expected, "{values:?} {columns}");
                }
            }
        };
        check(&[Address, Address], &["10.0.0.1", "10.0.0.2"]);
        check(&[Address, Address, PORT, PORT], &["1.2.3.4", "5.6.7.8", "65535", "0"]);
        check(&[Address, Address], &["::1", "10.0.0.2"]);
        check(&[Address, Address, Number(64)], &["10.0.0.2", "::1", "7"]);
        check(&[Address, Text, PORT], &["10.0.0.2", "eni-1", "7"]);
        check(&[Text, Text, Address], &["eni-1", "other", "::1"]);
        check(&[Number(64), PORT], &["18446744073709551615", "007"]);
        check(&[Number(64), Number(64), Address], &["1", "2", "10.0.0.1"]);
    }

    #[test]
    fn order_is_by_text_and_first_key_first() {
        let shape = KeyShape::new(vec![Part::Address, PORT]);
        let key = |address: &str, port: &str| {
            shape.encode(&[address.as_bytes(), port.as_bytes()], &mut Vec::new())
        };
        let keys = [
            ("-", "9"),
            ("10.0.0.1", "443"),
            ("10.0.0.10", "1"),
            ("10.0.0.9", "100"),
            ("::1", "1"),
        ];
        for (i, left) in keys.iter().enumerate() {
            for (j, right) in keys.iter().enumerate() {
                let order = shape.compare(&key(left.0, left.1), &key(right.0, right.1));
                assert_eq!(order, i.cmp(&j), "{left:?} {right:?}");
            }
        }
        assert_eq!(shape.compare(&key("1.1.1.1", "9"), &key("1.1.1.1", "10")), Ordering::Greater);
    }

    #[test]
    fn long_keys_are_cut_between_characters() {
        let cut = |text: &str| {
            let mut bytes = Vec::new();
            push_text(&mut bytes, text.as_bytes());
            bytes.len() - 3
        };
        assert_eq!(cut(&"a".repeat(1023)), 1023);
        assert_eq!(cut(&"a".repeat(1024)), 1024);
        assert_eq!(cut(&"a".repeat(1025)), 1024);
        assert_eq!(cut(&format!("{}é", "a".repeat(1023))), 1023);
        assert_eq!(cut(&format!("{}é", "a".repeat(1022))), 1024);
        assert_eq!(cut(&format!("{}😀", "a".repeat(1021))), 1021);
    }
}
