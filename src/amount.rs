//! Exact decimal numbers: what values add up to.
//!
//! Flow logs hold whole numbers, JSON events any. Doubles would make a sum depend on the order of
//! its records, and so on threads; amounts keep 18 places after the point and add exactly.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

/// Parts of one that a fraction is counted in, and the places after the point that this makes.
const PARTS: u64 = 1_000_000_000_000_000_000;
const PLACES: usize = 18;

/// The places after the point that a division is carried to.
const DIVIDED_PLACES: u32 = 6;

/// Numbers of this magnitude and more are all taken for this one.
const WHOLE_MAX: i128 = 1 << 126;

/// Bytes of an amount in a file.
pub(crate) const AMOUNT_BYTES: usize = 24;

/// Digits that every number below [`WHOLE_MAX`] does with.
const DIGITS_MAX: usize = 39;

/// An exact decimal number.
///
/// ```
/// use flowagg::Amount;
/// let texts = [&b"1.25"[..], b"-3", b"1e2"];
/// let sum: Amount = texts.iter().filter_map(|text| Amount::parse(text)).sum();
/// assert_eq!(sum.to_string(), "98.25");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    /// The largest whole number that is not above the amount.
    floor: i128,
    /// What is above that, in [`PARTS`].
    parts: u64,
}

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self { floor: 0, parts: 0 };

    /// Reads a number: digits, before them perhaps a sign, after them perhaps a fraction and an
    /// exponent, and nothing around it. Places beyond 18 are rounded; a magnitude of 2^126 or
    /// more counts as 2^126.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (is_negative, text) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, text),
        };
        let (whole, text) = digits(text);
        let (fraction, text) = match text.split_first() {
            Some((b'.', rest)) => {
                Some(digits(rest)).filter(|(fraction, _)| !fraction.is_empty())?
            }
            _ => (&b""[..], text),
        };
        let exponent = match text.split_first() {
            None => 0,
            Some((b'e' | b'E', rest)) => exponent(rest)?,
            Some(_) => return None,
        };
        if whole.is_empty() {
            return None;
        }
        let all = || whole.iter().chain(fraction).copied();
        let zeros = all().take_while(|&digit| digit == b'0').count();
        let significant = whole.len() + fraction.len() - zeros;
        // Where the point stands among the digits from the first that is not 0.
        let point = (whole.len() as i64 - zeros as i64).saturating_add(exponent);
        let magnitude = match usize::try_from(point) {
            _ if significant == 0 => Self::ZERO,
            Ok(point) if point > DIGITS_MAX => Self { floor: WHOLE_MAX, parts: 0 },
            Ok(point) => Self::from_digits(all().skip(zeros), point, 0),
            Err(_) => Self::from_digits(all().skip(zeros), 0, point.unsigned_abs()),
        };
        Some(if is_negative { -magnitude } else { magnitude })
    }

    /// The number of these digits with the point after `point` of them, or with so many zeros
    /// between the point and the first.
    fn from_digits(digits: impl Iterator<Item = u8>, point: usize, zeros: u64) -> Self {
        let mut digits = digits.map(|digit| digit - b'0').chain(std::iter::repeat(0));
        let floor = digits
            .by_ref()
            .take(point)
            .fold(0i128, |n, digit| n.saturating_mul(10).saturating_add(i128::from(digit)));
        let zeros = usize::try_from(zeros).unwrap_or(usize::MAX).min(PLACES + 1);
        let mut places = std::iter::repeat_n(0, zeros).chain(digits);
        let parts = places.by_ref().take(PLACES).fold(0, |n, digit| n * 10 + u64::from(digit));
        let rounded = parts + u64::from(places.next().is_some_and(|digit| digit >= 5));
        match floor < WHOLE_MAX {
            true => Self { floor: floor + i128::from(rounded / PARTS), parts: rounded % PARTS },
            false => Self { floor: WHOLE_MAX, parts: 0 },
        }
    }

    /// Reads a value that can be added up: a number of a magnitude below 2^64, so that no sum of
    /// such values over any number of records overflows.
    pub fn parse_value(text: &[u8]) -> Option<Self> {
        let limit = Self::from(u64::MAX) + Self::from(1u64);
        Self::parse(text).filter(|value| *value < limit && *value > -limit)
    }

    /// So many times the amount; for amounts below 2^64 and counts below 2^63, which no sum of
    /// records reaches, it is exact.
    pub fn times(self, count: u64) -> Self {
        let parts = u128::from(self.parts) * u128::from(count);
        let carry = (parts / u128::from(PARTS)) as i128;
        let floor = self.floor.saturating_mul(i128::from(count)).saturating_add(carry);
        Self { floor, parts: (parts % u128::from(PARTS)) as u64 }
    }

    /// The amount divided by a number that is positive and whole, to the nearest of six places
    /// after the point (halves up); zero for other divisors. It is exact for divisors below 2^120,
    /// which no count of records reaches.
    pub fn divided(self, divisor: Amount) -> Self {
        let Some(divisor) = divisor.whole().filter(|divisor| *divisor > 0) else {
            return Self::ZERO;
        };
        let (floor, rest) = (self.floor.div_euclid(divisor), self.floor.rem_euclid(divisor));
        // What is left to divide, always less than the divisor, is `rest` and `parts`.
        let (mut rest, mut parts) = (rest, self.parts);
        let times = |factor: u64, rest: i128, parts: u64| {
            let parts = u128::from(parts) * u128::from(factor);
            let carry = (parts / u128::from(PARTS)) as i128;
            let rest = rest.saturating_mul(factor.into()).saturating_add(carry);
            (rest, (parts % u128::from(PARTS)) as u64)
        };
        let mut places = 0;
        for _ in 0..DIVIDED_PLACES {
            (rest, parts) = times(10, rest, parts);
            places = places * 10 + (rest / divisor) as u64;
            rest %= divisor;
        }
        let is_half = times(2, rest, parts).0 >= divisor;
        let rounded = (places + u64::from(is_half)) * (PARTS / 10u64.pow(DIVIDED_PLACES));
        Self { floor: floor + i128::from(rounded / PARTS), parts: rounded % PARTS }
    }

    /// The amount, if it has no fraction.
    pub fn whole(self) -> Option<i128> {
        (self.parts == 0).then_some(self.floor)
    }

    /// The largest whole number that is not above it.
    pub fn floor(self) -> i128 {
        self.floor
    }

    /// The bytes of an amount, little-endian.
    pub(crate) fn to_bytes(self) -> [u8; AMOUNT_BYTES] {
        let mut bytes = [0; AMOUNT_BYTES];
        let (floor, parts) = bytes.split_at_mut(size_of::<i128>());
        floor.copy_from_slice(&self.floor.to_le_bytes());
        parts.copy_from_slice(&self.parts.to_le_bytes());
        bytes
    }

    /// The amount of such bytes.
    pub(crate) fn from_bytes(bytes: [u8; AMOUNT_BYTES]) -> Self {
        let (mut floor, mut parts) = ([0; 16], [0; 8]);
        floor.copy_from_slice(&bytes[..16]);
        parts.copy_from_slice(&bytes[16..]);
        Self { floor: i128::from_le_bytes(floor), parts: u64::from_le_bytes(parts) }
    }

    /// The nearest double, for shares and means.
    pub fn to_f64(self) -> f64 {
        self.floor as f64 + self.parts as f64 / PARTS as f64
    }
}

/// The digits at the front of a text, and what follows.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (sign, text) = match text.split_first()? {
        (b'-', rest) => (-1, rest),
        (b'+', rest) => (1, rest),
        _ => (1, text),
    };
    let (digits, rest) = digits(text);
    let value = digits.iter().fold(0i64, |n, digit| {
        n.saturating_mul(10).saturating_add(i64::from(digit - b'0')).min(i64::MAX / 4)
    });
    (!digits.is_empty() && rest.is_empty()).then_some(sign * value)
}

impl From<u64> for Amount {
    fn from(value: u64) -> Self {
        Self { floor: value.into(), parts: 0 }
    }
}

impl From<u128> for Amount {
    /// Beyond 2^127, which no sum reaches, the largest amount.
    fn from(value: u128) -> Self {
        Self { floor: i128::try_from(value).unwrap_or(i128::MAX), parts: 0 }
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let parts = self.parts + other.parts;
        let carry = i128::from(parts / PARTS);
        Self { floor: self.floor + other.floor + carry, parts: parts % PARTS }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::add)
    }
}

impl Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        match self.parts {
            0 => Self { floor: -self.floor, parts: 0 },
            parts => Self { floor: -self.floor - 1, parts: PARTS - parts },
        }
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts == 0 {
            return write!(f, "{}", self.floor);
        }
        let (sign, magnitude) = if self.floor < 0 { ("-", -*self) } else { ("", *self) };
        let places = format!("{:0PLACES$}", magnitude.parts);
        write!(f, "{sign}{}.{}", magnitude.floor, places.trim_end_matches('0'))
    }
}

/// A comparison of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Less than.
    Less,
    /// Less than or equal.
    LessOrEqual,
    /// Equal, whatever the spelling: `6`, `6.0` and `6e0` are.
    Equal,
    /// Another number.
    NotEqual,
    /// Greater than or equal.
    GreaterOrEqual,
    /// Greater than.
    Greater,
}

impl Comparison {
    /// Whether `left` compares so with `right`.
    pub fn holds(self, left: Amount, right: Amount) -> bool {
        let order = left.cmp(&right);
        match self {
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Equal => order == Ordering::Equal,
            Self::NotEqual => order != Ordering::Equal,
            Self::GreaterOrEqual => order != Ordering::Less,
            Self::Greater => order == Ordering::Greater,
        }
    }

    /// The whole numbers that compare so with `right`: first and last of them, or with `true`
    /// all others. No numbers if the first is above the last.
    pub fn span(self, right: Amount) -> (u64, u64, bool) {
        let floor = right.floor();
        let ceiling = if right.parts == 0 { floor } else { floor + 1 };
        let all = i128::from(u64::MAX);
        let (first, last) = match self {
            Self::Less => (0, ceiling - 1),
            Self::LessOrEqual => (0, floor),
            Self::Equal | Self::NotEqual => (ceiling, floor),
            Self::GreaterOrEqual => (ceiling, all),
            Self::Greater => (floor + 1, all),
        };
        let is_negated = self == Self::NotEqual;
        if first > last || last < 0 || first > all {
            return (1, 0, is_negated);
        }
        (first.clamp(0, all) as u64, last.clamp(0, all) as u64, is_negated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn spellings_of_numbers() {
        for (text, shown) in [
            ("0", "0"),
            ("-0", "0"),
            ("+7", "7"),
            ("007", "7"),
            ("6.0", "6"),
            ("6e0", "6"),
            ("600e-2", "6"),
            ("0.06E+2", "6"),
            ("-1.5", "-1.5"),
            ("-0.25", "-0.25"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("0.0000000000000000005", "0.000000000000000001"),
            ("0.00000000000000000049", "0"),
            ("1e-400", "0"),
            ("0e999999999999999999999", "0"),
            ("0.9999999999999999999", "1"),
            ("18446744073709551616", "18446744073709551616"),
            ("1e20", "100000000000000000000"),
            ("1e999", "85070591730234615865843651857942052864"),
            ("-1e99999999999999999999", "-85070591730234615865843651857942052864"),
        ] {
            assert_eq!(amount(text).to_string(), shown, "{text}");
        }
        for none in
            ["", "-", "+", ".5", "5.", "1e", "1e+", "e5", " 1", "1 ", "0x1", "1.5.2", "NaN", "--1"]
        {
            assert_eq!(Amount::parse(none.as_bytes()), None, "{none}");
        }
        assert!(Amount::parse_value(b"18446744073709551615.5").is_some());
        assert_eq!(Amount::parse_value(b"18446744073709551616"), None);
        assert_eq!(Amount::parse_value(b"-18446744073709551616"), None);
    }

    #[test]
    fn multiples_are_sums() {
        for text in ["0", "3", "-3", "0.1", "-2.75", "0.000000000000000001", "-0.999999"] {
            let one = amount(text);
            let mut sum = Amount::ZERO;
            for count in 0..20 {
                assert_eq!(one.times(count), sum, "{count} times {text}");
                sum += one;
            }
        }
        assert_eq!(amount("0.5").times(u64::MAX).to_string(), "9223372036854775807.5");
    }

    /// Against whole numbers: an amount as its parts, and a quotient as its places.
    #[test]
    fn quotients_are_rounded_once() {
        let divided = |text: &str, by: u64| amount(text).divided(by.into()).to_string();
        assert_eq!(divided("1.0000005", 3), "0.333334");
        assert_eq!(divided("0.0000005", 1), "0.000001");
        assert_eq!(divided("-0.0000005", 1), "0");
        assert_eq!(divided("0.000000499999999999", 1), "0");
        assert_eq!(divided("2.9999999", 1), "3");
        assert_eq!(divided("1", 3), "0.333333");
        assert_eq!(divided("-1", 3), "-0.333333");
        assert_eq!(divided("-2", 3), "-0.666667");
        assert_eq!(amount("1").divided(amount("0.5")), Amount::ZERO);
        assert_eq!(amount("1").divided(Amount::ZERO), Amount::ZERO);
        let largest = amount("1e40");
        assert_eq!(largest.divided(largest).whole(), Some(1));
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 11) % below
        };
        for nth in 0..20_000u64 {
            let divisor = 1 + random([3, 10, 1000, 1 << 40][nth as usize % 4]);
            // Parts that end with zeros are halves more often.
            let step = 10u64.pow((nth % 12) as u32);
            let parts = random(PARTS / step) * step;
            let floor = i128::from(random(1 << 20)) - (1 << 19);
            let one = Amount { floor, parts };
            let all = floor * i128::from(PARTS) + i128::from(parts);
            let divisor_all = i128::from(divisor) * i128::from(PARTS / 1_000_000);
            let places = (2 * all + divisor_all).div_euclid(2 * divisor_all);
            let place = i128::from(PARTS / 1_000_000);
            let expected = Amount {
                floor: places.div_euclid(1_000_000),
                parts: (places.rem_euclid(1_000_000) * place) as u64,
            };
            assert_eq!(one.divided(divisor.into()), expected, "{one} / {divisor}");
        }
    }

    #[test]
    fn sums_and_order_are_exact() {
        let texts = ["-2", "-1.5", "-1", "-0.5", "0", "0.1", "0.5", "1", "1.5", "1e30"];
        for (i, left) in texts.iter().enumerate() {
            for (j, right) in texts.iter().enumerate() {
                assert_eq!(amount(left).cmp(&amount(right)), i.cmp(&j), "{left} {right}");
                let sum = amount(left) + amount(right);
                assert_eq!(sum - amount(right), amount(left), "{left} {right}");
            }
        }
        let tenths: Amount = (0..10).map(|_| amount("0.1")).sum();
        assert_eq!(tenths, amount("1"));
        assert_eq!(tenths.whole(), Some(1));
        assert_eq!(amount("-0.5").whole(), None);
        assert_eq!(amount("-0.5").to_f64(), -0.5);
    }

    #[test]
    fn spans_agree_with_comparing() {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let values = [0, 1, 5, 6, 7, u64::MAX - 1, u64::MAX];
        let rights =
            ["-1", "-0.5", "0", "0.5", "6", "6.5", "18446744073709551615", "2e19", "-1e40", "1e40"];
        for comparison in [Less, LessOrEqual, Equal, NotEqual, GreaterOrEqual, Greater] {
            for right in rights.map(amount) {
                let (first, last, is_negated) = comparison.span(right);
                for value in values {
                    let is_in = (first <= value && value <= last) != is_negated;
                    let holds = comparison.holds(value.into(), right);
                    assert_eq!(is_in, holds, "{value} {comparison:?} {right}");
                }
            }
        }
    }
}
