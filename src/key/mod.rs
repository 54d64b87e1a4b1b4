//! Contributors in machine words, and back to text.
//!
//! A contributor is a combination of texts. Most are packed: an IPv4 address takes 32 bits, a
//! port 16, a protocol 8, a text 32 for its number, so that a pair of addresses is one `u64` and a
//! five-tuple one `u128`. Whatever does not pack (IPv6 pairs, odd spellings, texts without a
//! number) becomes a byte string that tags each part. Every combination of texts has exactly one
//! encoding in a run, which depends on nothing but the texts and the kinds of the columns; so
//! equal contributors always meet.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::io::Write;
use std::sync::Arc;

use memchr::memrchr;

use crate::field::Kind;
use crate::intern::Texts;
use crate::value::{Address, Number};
use crate::view::{PREFIX_BYTES, cut, first_v4, first_v6, write_v4, write_v6};

/// How one key's texts are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An address: 32 bits if it is IPv4.
    Address,
    /// A prefix of so many bits: of IPv4 its first address, in 32 bits; of a full length the
    /// address itself.
    Prefix {
        /// Bits of IPv4.
        v4: u8,
        /// Bits of IPv6.
        v6: u8,
    },
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

    /// The address that a text is or, of a prefix, begins with, if it packs: what is written of
    /// that is the text again.
    fn address(self, text: &[u8]) -> Address {
        let Self::Prefix { v4, v6 } = self else {
            let is_address = self == Self::Address;
            return if is_address { Address::parse(text) } else { Address::Bad };
        };
        let slash = memrchr(b'/', text);
        let (first, length) = match slash {
            Some(at) => (&text[..at], Some(Number::parse(&text[at + 1..]))),
            None => (text, None),
        };
        let is_length =
            |bits: u8, all: u8| length == (bits != all).then_some(Number::Plain(bits.into()));
        match Address::parse(first) {
            Address::V4(first) if is_length(v4, 32) && first == first_v4(first, v4) => {
                Address::V4(first)
            }
            Address::V6(first) if is_length(v6, 128) && first == first_v6(first, v6) => {
                Address::V6(first)
            }
            _ => Address::Bad,
        }
    }

    /// The bits of its values, if these are words without further ado.
    fn word_bits(self) -> Option<u32> {
        match self {
            Self::Address | Self::Prefix { .. } => Some(32),
            Self::Number(bits) => Some(bits),
            Self::Text => None,
        }
    }

    fn v4<'a>(self, first: u32) -> Value<'a> {
        match self {
            Self::Prefix { v4, .. } => Value::V4(first, v4),
            Self::Address | Self::Number(_) | Self::Text => Value::V4(first, 32),
        }
    }

    fn v6<'a>(self, first: u128) -> Value<'a> {
        match self {
            Self::Prefix { v6, .. } => Value::V6(first, v6),
            Self::Address | Self::Number(_) | Self::Text => Value::V6(first, 128),
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
    /// Bits that a text's number takes; larger ones do not pack.
    text_bits: u32,
}

impl PartialEq for KeyShape {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts && self.texts.is_some() == other.texts.is_some()
    }
}

/// Bits of a text's number, if there is room for them.
const TEXT_BITS: u32 = 32;

/// The fewest bits of a text's number where there is less room: with fewer, too many contributors
/// would not pack, and those are slow.
const TEXT_BITS_MIN: u32 = 8;

/// The bits of a text's number beside others: less than usual where all parts pack then.
fn text_bits(parts: &[Part]) -> u32 {
    let texts = parts.iter().filter(|part| **part == Part::Text).count() as u32;
    let others: u32 = parts.iter().filter_map(|part| part.word_bits()).sum();
    match u128::BITS.checked_sub(others).and_then(|room| room.checked_div(texts)) {
        // Numbers that do not fit are to be met in tests too.
        Some(TEXT_BITS_MIN..TEXT_BITS) if cfg!(debug_assertions) => 2,
        Some(bits @ TEXT_BITS_MIN..TEXT_BITS) => bits,
        _ => TEXT_BITS,
    }
}

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
    /// The first address of a prefix of so many bits.
    V4(u32, u8),
    V6(u128, u8),
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
        let text_bits = text_bits(&parts);
        Self { parts, texts: None, text_bits }
    }

    /// The shape of keys with these parts, in a run whose texts have these numbers.
    pub fn with_texts(parts: Vec<Part>, texts: &Arc<Texts>) -> Self {
        let texts = Some(Arc::clone(texts)).filter(|_| parts.contains(&Part::Text));
        Self { texts, ..Self::new(parts) }
    }

    /// Where texts have numbers, if any of the parts is one.
    pub fn numbered_texts(&self) -> Option<&Arc<Texts>> {
        self.texts.as_ref()
    }

    /// The bits that a text's number takes.
    pub fn text_bits(&self) -> u32 {
        self.text_bits
    }

    /// The bits that the values of a part take; none for bytes.
    fn bits(&self, part: Part) -> Option<u32> {
        part.word_bits().or_else(|| self.texts.as_ref().map(|_| self.text_bits))
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
        if let ([part], [text]) = (self.parts.as_slice(), texts)
            && let Address::V6(address) = part.address(text)
        {
            return Key::Packed(address);
        }
        bytes.clear();
        for (&part, text) in self.parts.iter().zip(texts) {
            match (part.address(text), part) {
                (Address::V4(address), _) => push_v4(bytes, address),
                (Address::V6(address), _) => {
                    bytes.push(TAG_V6);
                    bytes.extend(address.to_be_bytes());
                }
                (_, Part::Number(_)) => match Number::parse(text) {
                    Number::Plain(value) => push_number(bytes, value),
                    _ => push_text(bytes, text),
                },
                _ => push_text(bytes, text),
            }
        }
        Key::Wide(bytes.as_slice().into())
    }

    /// The texts as one word, if all of them pack.
    fn pack(&self, texts: &[&[u8]]) -> Option<u128> {
        self.parts.iter().zip(texts).try_fold(0u128, |word, (&part, text)| {
            let value = match part {
                Part::Address | Part::Prefix { .. } => match part.address(text) {
                    Address::V4(address) => u64::from(address),
                    _ => return None,
                },
                Part::Number(bits) => match Number::parse(text) {
                    Number::Plain(value) if value.checked_shr(bits).unwrap_or(0) == 0 => value,
                    _ => return None,
                },
                // Keys that do not pack as a whole need no numbers.
                Part::Text if self.lane() == Lane::Wide => return None,
                Part::Text => {
                    let number = self.texts.as_ref()?.number(cut(text))?;
                    number_in(self.text_bits, number)?.into()
                }
            };
            Some(word << self.bits(part)? | u128::from(value))
        })
    }

    /// The texts of a key.
    pub fn texts(&self, key: &Key) -> Vec<Vec<u8>> {
        let mut texts = Vec::with_capacity(self.parts.len());
        self.values(key, |_, value| {
            let mut buffer = [0; PREFIX_BYTES];
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
            let has_same_bits = self.text_bits == rest.text_bits || rest.texts.is_none();
            let own_bits =
                self.all_bits().map_or(0, |all| all - self.bits(self.parts[0]).unwrap_or(0));
            let split = |word: u128| match has_same_bits {
                true => Some(((word >> bits) as u64, word & !(u128::MAX << bits))),
                false => Some(((word >> own_bits) as u64, self.repacked(word, 1, rest)?)),
            };
            let word = match (key, self.lane()) {
                (Key::Narrow(word), _) => Some(u128::from(*word)),
                (Key::Packed(word), Lane::Packed) => Some(*word),
                _ => None,
            };
            if let Some((first, word)) = word.and_then(split) {
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

    /// The shape of keys without the last `columns` parts of these. Where there was no
    /// contributor nobody knows of what kinds keys are, and there are no parts to leave out.
    pub fn without_last(&self, columns: usize) -> Self {
        let parts = self.parts[..self.parts.len().saturating_sub(columns)].to_vec();
        let texts = self.texts.clone().filter(|_| parts.contains(&Part::Text));
        Self { texts, ..Self::new(parts) }
    }

    /// The word of a key whose texts have another number of bits here, or if their numbers have no
    /// room there, none. The first `skipped` parts and what is beyond the shape `to` are left out.
    fn repacked(&self, word: u128, skipped: usize, to: &KeyShape) -> Option<u128> {
        let mut above = self.all_bits()?;
        let mut packed = 0u128;
        for (at, &part) in self.parts.iter().enumerate().take(skipped + to.parts.len()) {
            let bits = self.bits(part)?;
            above -= bits;
            if at < skipped {
                continue;
            }
            let value = (word >> above) as u64 & (u64::MAX >> (64 - bits));
            let bits = to.bits(part)?;
            if value.checked_shr(bits).unwrap_or(0) != 0 {
                return None;
            }
            packed = packed << bits | u128::from(value);
        }
        Some(packed)
    }

    /// A key without its last parts, as a key of the shape `rest`, which is of those before them,
    /// or of all as text. It is not one without parts.
    pub fn coarser(&self, key: &Key, rest: &KeyShape) -> Key {
        let is_numbered = rest.texts.is_some() || !rest.parts.contains(&Part::Text);
        let is_same = self.parts.get(..rest.parts.len()) == Some(&rest.parts);
        if !is_same || self.texts.is_some() && !is_numbered {
            return self.told_again(key, rest);
        }
        let lanes = (self.lane(), rest.lane());
        if self.text_bits != rest.text_bits && rest.texts.is_some() {
            let word = match key {
                Key::Narrow(word) => Some(u128::from(*word)),
                Key::Packed(word) if lanes.0 == Lane::Packed => Some(*word),
                _ => None,
            };
            match (word.and_then(|word| self.repacked(word, 0, rest)), lanes.1) {
                (Some(word), Lane::Narrow) => return Key::Narrow(word as u64),
                (Some(word), Lane::Packed) => return Key::Packed(word),
                _ => return self.told_again(key, rest),
            }
        }
        let last = || self.parts[rest.parts.len()..].iter().filter_map(|&part| self.bits(part));
        match (key, lanes) {
            (Key::Narrow(word), _) => Key::Narrow(word.checked_shr(last().sum()).unwrap_or(0)),
            (Key::Packed(word), (Lane::Packed, Lane::Narrow)) => {
                Key::Narrow(word.checked_shr(last().sum()).unwrap_or(0) as u64)
            }
            (Key::Packed(word), (Lane::Packed, _)) => {
                Key::Packed(word.checked_shr(last().sum()).unwrap_or(0))
            }
            (Key::Wide(bytes), (_, Lane::Wide)) => {
                let mut end = 0;
                for _ in &rest.parts {
                    end += 1 + value_length(&bytes[end..]);
                }
                Key::Wide(bytes[..end].into())
            }
            _ => self.told_again(key, rest),
        }
    }

    /// A key without its last parts, by its texts.
    fn told_again(&self, key: &Key, rest: &KeyShape) -> Key {
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
                order = left.text(&mut [0; PREFIX_BYTES]).cmp(value.text(&mut [0; PREFIX_BYTES]));
            }
        });
        order
    }

    /// Calls `visit` with the place and the value of each part.
    fn values<'k>(&'k self, key: &'k Key, mut visit: impl FnMut(usize, Value<'k>)) {
        let mut rest = match key {
            Key::Narrow(word) => return self.unpack(u128::from(*word), visit),
            Key::Packed(word) if self.lane() == Lane::Packed => return self.unpack(*word, visit),
            Key::Packed(word) => return visit(0, self.parts[0].v6(*word)),
            Key::Wide(bytes) => &bytes[..],
        };
        for at in 0..self.parts.len() {
            let (tag, after) = (rest[0], &rest[1..]);
            let (value, others) = after.split_at(value_length(rest));
            let number = || value.iter().fold(0u128, |word, &byte| word << 8 | u128::from(byte));
            visit(
                at,
                match tag {
                    TAG_V4 => self.parts[at].v4(number() as u32),
                    TAG_V6 => self.parts[at].v6(number()),
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
                    (Part::Address | Part::Prefix { .. }, _) => part.v4(value as u32),
                    (Part::Text, Some(texts)) => Value::Text(texts.text(value as u32)),
                    _ => Value::Number(value),
                },
            );
        }
    }
}

/// As many parts as a query may have keys, and those of the period, of a flow and its interface.
pub const PARTS_MAX: usize = 16;

/// A text's number, if it fits so many bits.
#[inline(always)]
pub fn number_in(bits: u32, number: u32) -> Option<u32> {
    (number.checked_shr(bits).unwrap_or(0) == 0).then_some(number)
}

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

/// Appends a text to a wide key, cut if it is too long.
pub fn push_text(bytes: &mut Vec<u8>, text: &[u8]) {
    let text = cut(text);
    bytes.push(TAG_TEXT);
    bytes.extend((text.len() as u16).to_be_bytes());
    bytes.extend_from_slice(text);
}

impl Value<'_> {
    /// The text, written to `buffer` where it is not there already. It holds any prefix, and any
    /// number (20).
    fn text<'b>(&'b self, buffer: &'b mut [u8; PREFIX_BYTES]) -> &'b [u8] {
        let mut rest = &mut buffer[..];
        let written = match self {
            Self::Text(text) => return text,
            Self::V4(first, bits) => return write_v4(*first, *bits, buffer),
            Self::V6(first, bits) => return write_v6(*first, *bits, buffer),
            Self::Number(value) => write!(rest, "{value}"),
        };
        debug_assert!(written.is_ok());
        let length = PREFIX_BYTES - rest.len();
        &buffer[..length]
    }
}
