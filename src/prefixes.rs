//! Sets of address prefixes: which of very many prefixes does an address lie in?
//!
//! Prefixes nest or are disjoint, so that a set of them is a list of neighbouring spans of
//! addresses, each with the number of the most specific prefix that covers it. A few spans are
//! compared one after the other, without a branch for each; of many IPv4 spans an index by the
//! upper half of the address says between which two to search, so that hundreds of thousands of
//! prefixes (all of a country's, all of a provider's) cost about what ten do.

use std::net::IpAddr;

use crate::value::Address;

/// A prefix of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// Of IPv4: its first address and its length, 0 to 32.
    V4(u32, u8),
    /// Of IPv6: its first address and its length, 0 to 128.
    V6(u128, u8),
}

impl Prefix {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or one address, which is a prefix of its full length.
    /// Bits behind the length are ignored, as routers do. None for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(number(length)?)),
            None => (text, None),
        };
        match bits(address.as_bytes())? {
            Bits::V4(bits) => Self::v4(bits, length.unwrap_or(32)),
            Bits::V6(bits) => Self::v6(bits, length.unwrap_or(128)),
        }
    }

    /// The prefix of an IPv4 address of so many bits, if there are so many.
    pub fn v4(address: u32, length: u8) -> Option<Self> {
        (length <= 32).then_some(Self::V4(address & !host_v4(length), length))
    }

    /// The prefix of an IPv6 address of so many bits, if there are so many.
    pub fn v6(address: u128, length: u8) -> Option<Self> {
        (length <= 128).then_some(Self::V6(address & !host_v6(length), length))
    }
}

/// The bits behind the length of an IPv4 prefix: its last address is its first and these.
#[inline(always)]
pub(crate) fn host_v4(length: u8) -> u32 {
    u32::MAX.checked_shr(length.into()).unwrap_or(0)
}

/// The same of IPv6.
#[inline(always)]
pub(crate) fn host_v6(length: u8) -> u128 {
    u128::MAX.checked_shr(length.into()).unwrap_or(0)
}

/// An address.
enum Bits {
    V4(u32),
    V6(u128),
}

/// The address that a text spells, in whatever spelling the standard library reads.
fn bits(text: &[u8]) -> Option<Bits> {
    match Address::parse(text) {
        Address::V4(address) => Some(Bits::V4(address)),
        Address::V6(address) => Some(Bits::V6(address)),
        Address::Odd => match str::from_utf8(text).ok()?.parse().ok()? {
            IpAddr::V4(address) => Some(Bits::V4(address.to_bits())),
            IpAddr::V6(address) => Some(Bits::V6(address.to_bits())),
        },
        _ => None,
    }
}

/// The address of four octets with leading zeros. Records may have them, and mean decimal numbers;
/// of people who type them that is not known.
fn padded(text: &[u8]) -> Option<Bits> {
    let text = str::from_utf8(text).ok().filter(|_| Address::parse(text) == Address::Odd)?;
    let octets = text.split('.').map(|octet| octet.parse::<u8>().ok());
    let octets: [u8; 4] = octets.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
    Some(Bits::V4(u32::from_be_bytes(octets)))
}

/// A length as it is written: digits without a sign or a leading zero.
fn number(text: &str) -> Option<u8> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = text.len() > 1 && text.starts_with('0');
    text.parse().ok().filter(|_| is_plain && !is_padded)
}

/// Prefixes with a number each. An address has the number of the most specific prefix that it
/// lies in; of equal prefixes that of the first.
///
/// The same set made by whatever order of different prefixes gives the same numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefixes {
    v4: Spans<u32>,
    v6: Spans<u128>,
}

impl Prefixes {
    /// The set of these prefixes with these numbers, which are less than `u32::MAX`.
    pub fn new(prefixes: impl IntoIterator<Item = (Prefix, u32)>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (prefix, number) in prefixes {
            match prefix {
                Prefix::V4(first, length) => v4.push((first, first | host_v4(length), number)),
                Prefix::V6(first, length) => v6.push((first, first | host_v6(length), number)),
            }
        }
        Self { v4: Spans::new(v4), v6: Spans::new(v6) }
    }

    /// The number of the prefix that an IPv4 address lies in.
    #[inline(always)]
    pub fn v4(&self, address: u32) -> Option<u32> {
        let number = self.v4.number(address);
        (number != NONE).then_some(number)
    }

    /// The first and the last IPv4 address that some prefix covers, if all between are covered
    /// too: what a single comparison tells.
    pub(crate) fn only_v4(&self) -> Option<(u32, u32)> {
        match (self.v4.starts.as_slice(), self.v4.numbers.as_slice()) {
            (_, [number]) if *number != NONE => Some((0, u32::MAX)),
            (_, [first, NONE]) if *first != NONE => Some((0, self.v4.starts[1] - 1)),
            (&[_, start], [NONE, _]) => Some((start, u32::MAX)),
            (&[_, start, next], [NONE, _, NONE]) => Some((start, next - 1)),
            _ => None,
        }
    }

    /// The number of the prefix that an IPv6 address lies in.
    #[inline]
    pub fn v6(&self, address: u128) -> Option<u32> {
        let number = self.v6.number(address);
        (number != NONE).then_some(number)
    }

    /// The number of the prefix that a text's address lies in, however that is spelled; none for
    /// what is no address.
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        match bits(text).or_else(|| padded(text))? {
            Bits::V4(address) => self.v4(address),
            Bits::V6(address) => self.v6(address),
        }
    }
}

/// The number of an address that no prefix covers.
const NONE: u32 = u32::MAX;

/// Spans that are compared one after the other: at eight of them a search is as fast.
const COMPARED_MAX: usize = 8;

/// Neighbouring spans of all addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spans<W> {
    /// Where each begins, the first at 0.
    starts: Vec<W>,
    /// The number of each.
    numbers: Vec<u32>,
    /// For each upper half of a word, the last span that begins at or before its first address,
    /// and at the end the last span; empty if there are few.
    index: Vec<u32>,
}

/// The upper half of a word, and the first word of an upper half.
type Halves<W> = (fn(W) -> usize, fn(usize) -> W);

/// An address as a word.
trait Word: Copy + Ord + 'static {
    const ZERO: Self;
    /// How to tell its upper half, where there is an index by that.
    const HALVES: Option<Halves<Self>>;

    /// The next one, if there is one.
    fn next(self) -> Option<Self>;
}

impl Word for u32 {
    const ZERO: Self = 0;
    const HALVES: Option<Halves<Self>> =
        Some((|word| (word >> 16) as usize, |half| (half as u32) << 16));

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Word for u128 {
    const ZERO: Self = 0;
    // All addresses in use begin with the same few bits.
    const HALVES: Option<Halves<Self>> = None;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl<W: Word> Default for Spans<W> {
    fn default() -> Self {
        Self { starts: vec![W::ZERO], numbers: vec![NONE], index: Vec::new() }
    }
}

impl<W: Word> Spans<W> {
    /// From the first and the last address and the number of prefixes in any order.
    fn new(mut prefixes: Vec<(W, W, u32)>) -> Self {
        // Outer ones first; a stable sort keeps the first of equal ones in front.
        prefixes.sort_by(|left, right| left.0.cmp(&right.0).then(right.1.cmp(&left.1)));
        prefixes.dedup_by(|later, kept| (later.0, later.1) == (kept.0, kept.1));
        let mut spans = Self { starts: Vec::new(), numbers: Vec::new(), index: Vec::new() };
        spans.begin(W::ZERO, NONE);
        let mut open: Vec<(W, u32)> = Vec::new();
        for (first, last, number) in prefixes {
            while let Some(&(end, _)) = open.last().filter(|(end, _)| *end < first) {
                open.pop();
                spans.go_on(end, &open);
            }
            spans.begin(first, number);
            open.push((last, number));
        }
        while let Some((end, _)) = open.pop() {
            spans.go_on(end, &open);
        }
        spans.make_index();
        spans
    }

    /// A span begins here, and ends the one before it.
    fn begin(&mut self, start: W, number: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.numbers.pop();
        }
        if self.numbers.last() != Some(&number) {
            self.starts.push(start);
            self.numbers.push(number);
        }
    }

    /// After the end of a prefix, what is around it goes on.
    fn go_on(&mut self, end: W, open: &[(W, u32)]) {
        if let Some(start) = end.next() {
            self.begin(start, open.last().map_or(NONE, |(_, number)| *number));
        }
    }

    fn make_index(&mut self) {
        let Some((_, lower)) = W::HALVES.filter(|_| self.starts.len() > COMPARED_MAX) else {
            return;
        };
        let mut at = 0;
        let span_of = |half: usize| {
            let first = lower(half);
            while self.starts.get(at + 1).is_some_and(|&start| start <= first) {
                at += 1;
            }
            at as u32
        };
        self.index = (0..1 << 16).map(span_of).collect();
        self.index.push(self.starts.len() as u32 - 1);
    }

    /// The number of the span that a word lies in.
    #[inline(always)]
    fn number(&self, word: W) -> u32 {
        if self.starts.len() <= COMPARED_MAX {
            let before: usize = self.starts.iter().map(|&start| usize::from(start <= word)).sum();
            return self.numbers[before - 1];
        }
        let (first, last) = match W::HALVES {
            Some((upper, _)) => {
                let half = upper(word);
                (self.index[half] as usize, self.index[half + 1] as usize)
            }
            None => (0, self.starts.len() - 1),
        };
        // Most upper halves lie in one span.
        if first == last {
            return self.numbers[first];
        }
        let before = self.starts[first + 1..=last].partition_point(|&start| start <= word);
        self.numbers[first + before]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn prefixes_in_every_spelling() {
        assert_eq!(prefix("10.1.2.3/8"), Prefix::V4(10 << 24, 8));
        assert_eq!(prefix("10.1.2.3"), Prefix::V4(0x0a01_0203, 32));
        assert_eq!(prefix("0.0.0.0/0"), Prefix::V4(0, 0));
        assert_eq!(prefix("255.255.255.255/32"), Prefix::V4(u32::MAX, 32));
        assert_eq!(prefix("2001:db8:1::1/32"), Prefix::V6(0x2001_0db8 << 96, 32));
        assert_eq!(prefix("2001:DB8::/32"), Prefix::V6(0x2001_0db8 << 96, 32));
        assert_eq!(prefix("::/0"), Prefix::V6(0, 0));
        assert_eq!(prefix("::1"), Prefix::V6(1, 128));
        for wrong in [
            "",
            "-",
            "10",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "::/129",
            "10.0.0.0/8/8",
            "/8",
            "10.0.0.0/ 8",
            "eni-1",
            "10.0.0.256",
            "010.0.0.1/8",
        ] {
            assert_eq!(Prefix::parse(wrong), None, "{wrong}");
        }
    }

    /// The most specific of the prefixes, one by one.
    fn twin(prefixes: &[(Prefix, u32)], address: u32) -> Option<u32> {
        let mut best: Option<(u8, u32)> = None;
        for &(prefix, number) in prefixes {
            let Prefix::V4(first, length) = prefix else { continue };
            let is_in = Prefix::v4(address, length) == Some(Prefix::V4(first, length));
            if is_in && best.is_none_or(|(longest, _)| length > longest) {
                best = Some((length, number));
            }
        }
        best.map(|(_, number)| number)
    }

    #[test]
    fn the_most_specific_prefix_is_found() {
        let mut random = 7u64;
        let mut next = |limit: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % limit
        };
        for count in [0, 1, 3, 4, 5, 40, 3000] {
            let mut prefixes = Vec::new();
            for number in 0..count {
                // Many that nest, meet, and begin at the same address.
                let address = (next(4) << 30 | next(3) << 16 | next(1 << 10)) as u32;
                prefixes.push((Prefix::v4(address, next(33) as u8).unwrap(), number));
            }
            let set = Prefixes::new(prefixes.iter().copied());
            let edges = prefixes.iter().flat_map(|(prefix, _)| {
                let &Prefix::V4(first, length) = prefix else { panic!() };
                let last = first | u32::MAX.checked_shr(length.into()).unwrap_or(0);
                [first, first.wrapping_sub(1), last, last.wrapping_add(1)]
            });
            let others = (0..2000).map(|_| (next(4) << 30 | next(4) << 16 | next(2048)) as u32);
            for address in edges.chain(others.collect::<Vec<_>>()).chain([0, u32::MAX]) {
                assert_eq!(set.v4(address), twin(&prefixes, address), "{address:x} of {count}");
            }
        }
    }

    #[test]
    fn one_span_of_ipv4_is_known_as_such() {
        let only =
            |texts: &[&str]| Prefixes::new(texts.iter().map(|text| (prefix(text), 0))).only_v4();
        assert_eq!(only(&[]), None);
        assert_eq!(only(&["::/0"]), None);
        assert_eq!(only(&["0.0.0.0/0"]), Some((0, u32::MAX)));
        assert_eq!(only(&["0.0.0.0/8"]), Some((0, (1 << 24) - 1)));
        assert_eq!(only(&["255.255.255.255"]), Some((u32::MAX, u32::MAX)));
        assert_eq!(only(&["128.0.0.0/1"]), Some((1 << 31, u32::MAX)));
        assert_eq!(only(&["10.0.0.0/8", "fd00::/8"]), Some((10 << 24, (11 << 24) - 1)));
        assert_eq!(only(&["10.0.0.0/9", "10.128.0.0/9"]), Some((10 << 24, (11 << 24) - 1)));
        assert_eq!(only(&["10.0.0.0/9", "11.0.0.0/8"]), None);
        assert_eq!(only(&["0.0.0.0/8", "255.0.0.0/8"]), None);
    }

    #[test]
    fn ipv6_and_texts() {
        let set = ["2001:db8::/32", "2001:db8:5::/48", "fd00::/8", "10.0.0.0/8"];
        let set = Prefixes::new(set.iter().map(|text| prefix(text)).zip(0..));
        for (text, number) in [
            ("2001:db8::1", Some(0)),
            ("2001:db8:5::1", Some(1)),
            ("2001:DB8:5::1", Some(1)),
            ("2001:db8:6::", Some(0)),
            ("2001:db9::", None),
            ("fdff::1", Some(2)),
            ("10.255.255.255", Some(3)),
            ("11.0.0.0", None),
            ("010.000.0.001", Some(3)),
            ("0010.0.0.1", None),
            ("::ffff:10.0.0.1", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(set.find(text.as_bytes()), number, "{text}");
        }
        let many = (0..100u128).map(|at| (Prefix::V6(at << 96, 32), at as u32));
        let many = Prefixes::new(many);
        assert_eq!(many.v6(57 << 96 | 5), Some(57));
        assert_eq!(many.v6(100 << 96), None);
        assert_eq!(many.v6((100 << 96) - 1), Some(99));
    }
}
