//! Values of fields, read the slow and plain way: the definition of every fast decoder.
//!
//! A contributor is a distinct *text* (CloudWatch compares tokens, not addresses), so a value may
//! be packed into machine words only when its text can be made again from them: `10.0.0.1` packs,
//! `010.0.0.1` and `2001:DB8::1` do not. They are valid, but stay text ("odd" spellings).

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest textual IPv6 address, an embedded IPv4 address included (RFC 4291, section 2.2).
const IPV6_TEXT_MAX: usize = 45;

/// What the text of an address column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// An IPv4 address in its one canonical spelling, as a big-endian number.
    V4(u32),
    /// An IPv6 address in its canonical spelling (RFC 5952), as a big-endian number.
    V6(u128),
    /// A valid address in another spelling; only its text identifies it.
    Odd,
    /// `-`: not applicable.
    Absent,
    /// No address at all.
    Bad,
}

impl Address {
    /// Reads an address column's text.
    pub fn parse(text: &[u8]) -> Self {
        if text == b"-" {
            return Self::Absent;
        }
        if let Some(address) = usual_ipv6(text) {
            return Self::V6(address);
        }
        let Some(text) = str::from_utf8(text).ok().filter(|text| text.len() <= IPV6_TEXT_MAX)
        else {
            return Self::Bad;
        };
        if text.contains(':') {
            return match text.parse::<Ipv6Addr>() {
                Ok(address) if spelled_as(&address, text) => Self::V6(address.to_bits()),
                Ok(_) => Self::Odd,
                Err(_) => Self::Bad,
            };
        }
        match text.parse::<Ipv4Addr>() {
            Ok(address) => Self::V4(address.to_bits()),
            Err(_) if is_zero_padded_ipv4(text) => Self::Odd,
            Err(_) => Self::Bad,
        }
    }
}

/// Groups of an IPv6 address.
const GROUPS: usize = 8;

/// An IPv6 address that is canonically spelled and does not begin with five groups of zeros, which
/// may have dots in their spelling. Anything else is left to the standard library, which takes ten
/// times as long: to read it, and to write it again for comparing.
fn usual_ipv6(text: &[u8]) -> Option<u128> {
    let (mut address, mut groups) = (0u128, 0);
    // Where `::` stands, and the runs of zeros that are spelled out: one that is as long as the
    // gap may come after it, but not before it.
    let mut gap = None;
    let (mut run, mut longest, mut longest_before) = (0, 0, 0);
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(b"::") {
        (gap, rest) = (Some(0), after);
    }
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let digits = digits.count();
        if !(1..=4).contains(&digits) || groups == GROUPS || rest[0] == b'0' && digits > 1 {
            return None;
        }
        let group = rest[..digits].iter().fold(0u128, |group, &byte| {
            let digit = if byte <= b'9' { byte - b'0' } else { byte - b'a' + 10 };
            group << 4 | u128::from(digit)
        });
        // A zero beside the gap would belong to it.
        if group == 0 && gap == Some(groups) {
            return None;
        }
        run = if group == 0 { run + 1 } else { 0 };
        longest = longest.max(run);
        (address, groups, rest) = (address << 16 | group, groups + 1, &rest[digits..]);
        match rest {
            [] => {}
            [b':', b':', ..] if gap.is_none() && run == 0 => {
                (gap, longest_before, longest) = (Some(groups), longest, 0);
                rest = &rest[2..];
            }
            [b':', next, ..] if *next != b':' => rest = &rest[1..],
            _ => return None,
        }
    }
    match gap {
        None if groups < GROUPS || longest > 1 => return None,
        None => {}
        Some(at) => {
            let zeros = GROUPS.checked_sub(groups)?;
            if zeros < 2 || longest > zeros || longest_before >= zeros {
                return None;
            }
            let after = 16 * (groups - at) as u32;
            let low = address & (1u128 << after).wrapping_sub(1);
            // A gap at the front has nothing before it, and a shift by all bits is none.
            let high = (address >> after).checked_shl(after + 16 * zeros as u32);
            address = high.unwrap_or(0) | low;
        }
    }
    (address >> 48 != 0).then_some(address)
}

/// Whether an address, written canonically, is exactly `text`; without allocation.
fn spelled_as(address: &Ipv6Addr, text: &str) -> bool {
    use std::io::Write;
    let mut buffer = [0u8; IPV6_TEXT_MAX];
    let mut rest = &mut buffer[..];
    let written = write!(rest, "{address}").is_ok();
    let length = IPV6_TEXT_MAX - rest.len();
    written && &buffer[..length] == text.as_bytes()
}

/// Four octets of one to three digits: what `Ipv4Addr` refuses only for its leading zeros.
fn is_zero_padded_ipv4(text: &str) -> bool {
    let octet = |part: &str| {
        (1..=3).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u8>().is_ok()
    };
    text.split('.').count() == 4 && text.split('.').all(octet)
}

/// Any number of so many digits fits into 64 bits.
const DIGITS_SAFE: usize = 19;

/// What the text of a number column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Decimal digits without a leading zero.
    Plain(u64),
    /// Decimal digits with leading zeros: this value, but another text.
    Odd(u64),
    /// `-`: not applicable, which is neither 0 nor an error.
    Absent,
    /// No number, or one beyond `u64`.
    Bad,
}

impl Number {
    /// Reads a number column's text.
    pub fn parse(text: &[u8]) -> Self {
        if text == b"-" {
            return Self::Absent;
        }
        let digit = |byte: &u8| u64::from(byte.wrapping_sub(b'0'));
        let value = if text.len() <= DIGITS_SAFE {
            let is_number = text.iter().all(u8::is_ascii_digit);
            is_number.then(|| text.iter().fold(0, |value, byte| value * 10 + digit(byte)))
        } else {
            text.iter().try_fold(0u64, |value, byte| {
                value.checked_mul(10)?.checked_add(digit(byte)).filter(|_| byte.is_ascii_digit())
            })
        };
        match value {
            Some(_) if text.is_empty() => Self::Bad,
            Some(value) if text[0] == b'0' && text.len() > 1 => Self::Odd(value),
            Some(value) => Self::Plain(value),
            None => Self::Bad,
        }
    }

    /// The value, if there is one.
    pub fn value(self) -> Option<u64> {
        match self {
            Self::Plain(value) | Self::Odd(value) => Some(value),
            Self::Absent | Self::Bad => None,
        }
    }
}

/// What a record's log-status says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Traffic was logged (also when the layout has no log-status, or it is `-`).
    Ok,
    /// No traffic in the window.
    NoData,
    /// Records were lost in the window.
    SkipData,
    /// No log-status that AWS documents.
    Bad,
}

impl Status {
    /// Reads a log-status column's text.
    pub fn parse(text: &[u8]) -> Self {
        match text {
            b"OK" | b"-" => Self::Ok,
            b"NODATA" => Self::NoData,
            b"SKIPDATA" => Self::SkipData,
            _ => Self::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spellings of addresses of all kinds of zeros: the quick way finds just those that the
    /// standard library writes so.
    #[test]
    fn usual_ipv6_addresses_are_those_of_the_standard_library() {
        let mut usual = 0;
        for zeros in 0..=255u32 {
            for (small, ends) in [(false, [0x2001, 0xdb8]), (true, [0xf, 0x10])] {
                let groups: [u16; 8] = std::array::from_fn(|i| match zeros >> i & 1 {
                    1 => 0,
                    _ if small => 1 + i as u16,
                    _ => ends[i % 2] + i as u16,
                });
                let address = Ipv6Addr::from(groups);
                let written = address.to_string();
                let found = usual_ipv6(written.as_bytes());
                assert!(found.is_none_or(|found| found == address.to_bits()), "{written}");
                assert_eq!(found.is_some(), groups[..5] != [0; 5], "{written}");
                usual += u32::from(found.is_some());
                // Whatever else is said of it is what the library says.
                let long = groups.map(|group| format!("{group:x}")).join(":");
                let others = [
                    long.clone(),
                    written.to_uppercase(),
                    written.replacen(':', "::", 1),
                    written.replacen("::", ":0:", 1),
                    written.replacen("::", ":", 1),
                    written.replacen(':', ":0", 1),
                    format!("{written}:"),
                    format!(":{written}"),
                    format!("{written}:1"),
                    written[..written.len() - 1].to_owned(),
                    long.replacen(":0:0:", "::", 1),
                    long.replacen(":0:", "::", 1),
                ];
                for text in others {
                    let is_canonical = |address: &Ipv6Addr| address.to_string() == text;
                    let library = text.parse::<Ipv6Addr>().ok().filter(is_canonical);
                    let found = usual_ipv6(text.as_bytes());
                    assert!(found.is_none() || found == library.map(|a| a.to_bits()), "{text}");
                }
            }
        }
        assert!(usual > 400);
    }

    #[test]
    fn addresses() {
        assert_eq!(Address::parse(b"10.0.0.1"), Address::V4(0x0a00_0001));
        assert_eq!(Address::parse(b"255.255.255.255"), Address::V4(u32::MAX));
        assert_eq!(Address::parse(b"::1"), Address::V6(1));
        assert_eq!(Address::parse(b"2001:db8::1"), Address::V6(0x2001_0db8 << 96 | 1));
        for odd in ["010.0.0.1", "1.2.3.004", "2001:DB8::1", "0:0:0:0:0:0:0:1", "2001:0db8::1"] {
            assert_eq!(Address::parse(odd.as_bytes()), Address::Odd, "{odd}");
        }
        assert_eq!(Address::parse(b"-"), Address::Absent);
        for bad in ["", "x", "1.2.3", "1.2.3.4.5", "1.2.3.256", "0001.2.3.4", "1..2.3", ":", "g::"]
        {
            assert_eq!(Address::parse(bad.as_bytes()), Address::Bad, "{bad}");
        }
        assert_eq!(Address::parse(&[0xff, 0xfe]), Address::Bad);
        assert_eq!(Address::parse(&[b':'; 100]), Address::Bad);
    }

    #[test]
    fn numbers() {
        assert_eq!(Number::parse(b"0"), Number::Plain(0));
        assert_eq!(Number::parse(b"18446744073709551615"), Number::Plain(u64::MAX));
        assert_eq!(Number::parse(b"18446744073709551616"), Number::Bad);
        assert_eq!(Number::parse(b"007"), Number::Odd(7));
        assert_eq!(Number::parse(b"-"), Number::Absent);
        for bad in ["", "-1", "+1", "1.5", "1e3", "NaN", "0x1", " 1"] {
            assert_eq!(Number::parse(bad.as_bytes()), Number::Bad, "{bad}");
        }
    }

    #[test]
    fn statuses() {
        assert_eq!(Status::parse(b"OK"), Status::Ok);
        assert_eq!(Status::parse(b"-"), Status::Ok);
        assert_eq!(Status::parse(b"NODATA"), Status::NoData);
        assert_eq!(Status::parse(b"SKIPDATA"), Status::SkipData);
        assert_eq!(Status::parse(b"ok"), Status::Bad);
    }
}
