//! Times as they are typed: dates, seconds since 1970, or how long before the newest record.

use flowagg::{date_of_digits, seconds_since_1970};

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Seconds since 1970.
    At(u64),
    /// Seconds before the newest record.
    Back(u64),
}

/// A point in time, and how it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// When it is.
    pub when: When,
    /// As it was typed.
    pub text: String,
}

impl Typed {
    /// Reads a time.
    pub fn parse(text: &str) -> Result<Self, String> {
        When::parse(text).map(|when| Self { when, text: text.to_owned() })
    }

    /// Reads a time back from the newest record.
    pub fn parse_back(text: &str) -> Result<Self, String> {
        When::parse_back(text).map(|when| Self { when, text: text.to_owned() })
    }
}

/// More seconds than this are milliseconds: as seconds they lie beyond the year 5000.
const SECONDS_MAX: u64 = 100_000_000_000;

const EXPECTED: &str = "expected a time such as 2026-01-31, 2026-01-31T12:00:00Z, \
                        2026-01-31T12:00:00+01:00 or 1769860800, or a time back from the newest \
                        record such as 90m, 2h or 7d";

impl When {
    /// Reads a time.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(date) = date_of_digits(text) {
            return Err(format!("as seconds since 1970 that is in 1970; did you mean {date}?"));
        }
        if let Ok(seconds) = text.parse::<u64>() {
            return match seconds {
                0..SECONDS_MAX => Ok(Self::At(seconds)),
                _ => Err("expected seconds since 1970; these look like milliseconds".to_owned()),
            };
        }
        let found =
            duration(text).map(Self::Back).or_else(|| seconds_since_1970(text).map(Self::At));
        found.ok_or_else(|| EXPECTED.to_owned())
    }

    /// Reads a time back from the newest record.
    pub fn parse_back(text: &str) -> Result<Self, String> {
        let expected = "expected how long before the newest record, such as 90m, 2h or 7d";
        duration(text).map(Self::Back).ok_or_else(|| expected.to_owned())
    }

    /// The second that is meant, if `newest` is the time of the newest record.
    pub fn second(self, newest: u64) -> u64 {
        match self {
            Self::At(second) => second,
            Self::Back(seconds) => newest.saturating_sub(seconds),
        }
    }
}

/// Seconds of `90m`, `1h30m`, `7d`.
fn duration(text: &str) -> Option<u64> {
    let mut seconds = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let unit = match after.bytes().next()? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        rest = &after[1..];
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    (!text.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_spelling() {
        for text in ["1769860800", "2026-01-31T12:00:00Z"] {
            assert_eq!(When::parse(text), Ok(When::At(1_769_860_800)), "{text}");
        }
        for (text, seconds) in
            [("0s", 0), ("90m", 5_400), ("1h30m", 5_400), ("7d", 604_800), ("1w", 604_800)]
        {
            assert_eq!(When::parse(text), Ok(When::Back(seconds)), "{text}");
        }
        assert_eq!(When::parse_back("2h"), Ok(When::Back(7_200)));
        for no_duration in ["7200", "2026-01-31", "", "-2h"] {
            assert!(When::parse_back(no_duration).is_err(), "{no_duration}");
        }
        assert_eq!(When::At(7).second(100), 7);
        assert_eq!(When::Back(30).second(100), 70);
        assert_eq!(When::Back(300).second(100), 0);
    }

    #[test]
    fn what_is_no_time() {
        for text in
            ["", "now", "-1h", "h", "1x", "1h30", "1.5h", "99999999999999999w", "2026-02-29"]
        {
            assert_eq!(When::parse(text), Err(EXPECTED.to_owned()), "{text}");
        }
        assert!(When::parse("20231114").unwrap_err().ends_with("did you mean 2023-11-14?"));
        assert!(When::parse("20231314").is_ok());
        assert!(When::parse("1769860800000").unwrap_err().contains("milliseconds"));
    }
}
