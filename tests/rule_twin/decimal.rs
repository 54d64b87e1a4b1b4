//! Numbers as the twin reads them: a sign, digits, a fraction, an exponent, and nothing around.

use std::fmt;
use std::ops::{Add, Neg};

/// The decimals that are kept; no made-up number has more.
const DECIMALS: usize = 18;
const ONE: i128 = 10i128.pow(DECIMALS as u32);

/// `whole + part / 10^18`, where `part` is never negative: -0.5 is -1 and a half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    whole: i128,
    part: i128,
}

impl Decimal {
    pub const ONE: Self = Self { whole: 1, part: 0 };

    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (unsigned, 0),
        };
        let (digits, decimals) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some((digits, decimals)) => (digits, decimals),
            None => (mantissa, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() || !is_digits(digits) || !is_digits(decimals) {
            return None;
        }
        // Where the point goes, counted from the left of all digits.
        let point = digits.len() as i32 + exponent;
        let mut all = format!("{digits}{decimals}");
        all.insert_str(0, &"0".repeat((-point).max(0) as usize));
        let point = point.max(0) as usize;
        while all.len() < point + DECIMALS {
            all.push('0');
        }
        let (kept, cut) = all.split_at(point + DECIMALS);
        assert!(cut.bytes().all(|byte| byte == b'0'), "{text} has too many decimals for the twin");
        let (whole, part) = kept.split_at(point);
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().unwrap() };
        let part: i128 = part.parse().unwrap();
        let magnitude = Self { whole, part };
        Some(if text.starts_with('-') { -magnitude } else { magnitude })
    }
}

fn exponent_of(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap())
}

impl Add for Decimal {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let part = self.part + other.part;
        Self { whole: self.whole + other.whole + part / ONE, part: part % ONE }
    }
}

impl Neg for Decimal {
    type Output = Self;

    fn neg(self) -> Self {
        match self.part {
            0 => Self { whole: -self.whole, part: 0 },
            part => Self { whole: -self.whole - 1, part: ONE - part },
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, whole, part) = match (self.whole < 0, self.part) {
            (false, part) => ("", self.whole, part),
            (true, 0) => ("-", -self.whole, 0),
            (true, part) => ("-", -(self.whole + 1), ONE - part),
        };
        let text = format!("{sign}{whole}.{part:018}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[test]
fn numbers_are_read_added_and_written() {
    let read = |text: &str| Decimal::parse(text.as_bytes());
    for (text, written) in [
        ("0", "0"),
        ("-0", "0"),
        ("007", "7"),
        ("+7", "7"),
        ("6.0", "6"),
        ("6e0", "6"),
        ("1.50", "1.5"),
        ("-1.5", "-1.5"),
        ("-0.5", "-0.5"),
        ("12e3", "12000"),
        ("1.25E+1", "12.5"),
        ("15e-3", "0.015"),
        ("-2e-1", "-0.2"),
        ("18446744073709551615", "18446744073709551615"),
        ("100", "100"),
    ] {
        assert_eq!(read(text).map(|number| number.to_string()).as_deref(), Some(written), "{text}");
    }
    for text in ["", "-", "+", ".5", "1.", "1e", "1e+", "e1", " 1", "1 ", "0x1", "1_0", "--1", "١"]
    {
        assert_eq!(read(text), None, "{text:?}");
    }
    let sum = |left, right| (read(left).unwrap() + read(right).unwrap()).to_string();
    assert_eq!(sum("0.5", "0.5"), "1");
    assert_eq!(sum("-0.5", "0.25"), "-0.25");
    assert_eq!(sum("-1.5", "-2.5"), "-4");
    assert_eq!(sum("0.1", "0.2"), "0.3");
    assert!(read("-1.5") < read("-1") && read("-1") < read("-0.5") && read("9") < read("10"));
}
