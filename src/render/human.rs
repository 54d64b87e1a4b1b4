//! Numbers, times and foreign text as people want to see them.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::amount::Amount;

/// Decimal units: an AWS bill counts in them.
const UNITS: [&str; 11] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB", "RB", "QB"];

/// With thousands separators: `1,234,567`.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount with thousands separators, its fraction after the point: `-1,234.5`.
pub fn amount(amount: Amount) -> String {
    let text = amount.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    format!("{sign}{whole}{fraction}")
}

/// A mean, to the places that people read.
pub fn mean(value: f64) -> String {
    let rounded = format!("{value:.2}");
    match Amount::parse(rounded.as_bytes()) {
        Some(rounded) if value.abs() < 1e15 => amount(rounded),
        _ => format!("{value}"),
    }
}

/// Seconds since 1970 as the AWS command line prints times: `2023-11-14T22:13:00+00:00`.
pub fn timestamp(seconds: u64) -> String {
    match utc(seconds.into()) {
        Some(text) => text.replace('Z', "+00:00"),
        None => seconds.to_string(),
    }
}

/// What a rounded number of bytes is wide, unless it is beyond all units.
pub const BYTES_WIDTH: usize = "1.23 GB".len();

/// What a share is wide.
pub const PERCENT_WIDTH: usize = "100.0%".len();

/// A count in the largest thousand that fits, to three digits: `1.23 G`.
pub fn count(count: u128) -> String {
    bytes(count).trim_end_matches('B').trim_end().to_owned()
}

/// Bytes in the largest unit that fits, to three digits: `1.23 GB`.
pub fn bytes(bytes: u128) -> String {
    let (mut power, mut unit) = (1, 0);
    while unit + 1 < UNITS.len() && bytes / power >= 1000 {
        power *= 1000;
        unit += 1;
    }
    if unit == 0 {
        return format!("{bytes} B");
    }
    // Thousandths of the unit, rounded to the three digits that are shown. Dividing before
    // multiplying keeps the largest sums in range.
    let thousandths = bytes / (power / 1000);
    let step = match thousandths {
        ..10_000 => 10,
        10_000..100_000 => 100,
        _ => 1000,
    };
    let rounded = (thousandths + step / 2) / step * step;
    let (whole, rest) = (rounded / 1000, rounded % 1000);
    match whole {
        0..10 => format!("{whole}.{:02} {}", rest / 10, UNITS[unit]),
        10..100 => format!("{whole}.{} {}", rest / 100, UNITS[unit]),
        1000 if unit + 1 < UNITS.len() => format!("1.00 {}", UNITS[unit + 1]),
        _ => format!("{whole} {}", UNITS[unit]),
    }
}

/// A share in percent: `12.3%`; what is there but rounds to nothing is `<0.1%`, and what rounds to
/// all but is not `>99.9%`.
pub fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0005 {
        return "<0.1%".to_owned();
    }
    if (0.9995..1.0).contains(&share) {
        return ">99.9%".to_owned();
    }
    format!("{:.1}%", share * 100.0)
}

/// Seconds since 1970 in ISO 8601, in UTC; none beyond the year 9999.
pub fn utc(seconds: u128) -> Option<String> {
    let seconds = u64::try_from(seconds).ok().filter(|&seconds| seconds < 253_402_300_800)?;
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// The civil date of a day since 1970: Howard Hinnant's `civil_from_days`, for days after 1970.
fn date(days: u64) -> (u64, u64, u64) {
    // Days since 1 March of the year 0, so that a leap day ends its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

/// Foreign text that is safe on a terminal: control characters and whatever else cannot be seen
/// become escapes, and so do bytes that are not UTF-8.
pub fn escaped(text: &[u8]) -> String {
    let mut safe = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                ' '..='~' => safe.push(character),
                _ => safe.extend(character.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(safe, "\\x{byte:02x}");
        }
    }
    safe
}

/// At most `limit` characters of a text; three dots stand for what is left out.
pub fn shortened(mut text: String, limit: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(limit) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// How many columns of a terminal a text takes: letters of East Asia take two, accents none.
pub fn width(text: &str) -> usize {
    // Nearly all are ASCII, and millions of rows may be measured.
    if text.is_ascii() { text.len() } else { UnicodeWidthStr::width(text) }
}

/// A text with blanks on its left or its right, so that it takes so many columns.
pub fn padded(text: &str, columns: usize, is_right: bool) -> String {
    let blanks = " ".repeat(columns.saturating_sub(width(text)));
    if is_right { blanks + text } else { text.to_owned() + &blanks }
}

/// A text broken into pieces that take so many columns at most.
pub fn pieces(text: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut taken = 0;
    for character in text.chars() {
        let width = character.width().unwrap_or(0);
        let piece = pieces.last_mut().expect("there is one");
        if taken + width <= columns || piece.is_empty() {
            piece.push(character);
            taken += width;
        } else {
            pieces.push(character.to_string());
            taken = width;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_take_what_a_terminal_gives_them() {
        for (text, columns) in [
            ("", 0),
            ("eni-1", 5),
            ("\u{65e5}\u{672c}\u{8a9e}", 6),
            ("u\u{308}\u{fc}", 2),
            ("\u{2588}\u{2581}\u{fffd}", 3),
        ] {
            assert_eq!(width(text), columns, "{text}");
            assert_eq!(width(&padded(text, 7, true)), 7, "{text}");
            assert_eq!(padded(text, 7, false).trim_end(), text);
            assert_eq!(padded(text, 0, true), text);
        }
        assert_eq!(pieces("abcde", 2), ["ab", "cd", "e"]);
        assert_eq!(pieces("a\u{65e5}\u{672c}b\u{308}c", 3), ["a\u{65e5}", "\u{672c}b\u{308}", "c"]);
        assert_eq!(pieces("", 2), [""]);
    }

    #[test]
    fn thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(123_456), "123,456");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(u128::MAX), "340,282,366,920,938,463,463,374,607,431,768,211,455");
    }

    #[test]
    fn amounts_and_timestamps() {
        let shown = |text: &str| amount(Amount::parse(text.as_bytes()).unwrap());
        assert_eq!(shown("1234.50"), "1,234.5");
        assert_eq!(shown("-1234567"), "-1,234,567");
        assert_eq!(shown("-0.001"), "-0.001");
        assert_eq!(mean(1234.567), "1,234.57");
        assert_eq!(mean(2.0), "2");
        assert_eq!(mean(1e18), "1000000000000000000");
        assert_eq!(timestamp(1_600_000_000), "2020-09-13T12:26:40+00:00");
    }

    #[test]
    fn units() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (1004, "1.00 kB"),
            (1005, "1.01 kB"),
            (9_994, "9.99 kB"),
            (9_995, "10.0 kB"),
            (12_345, "12.3 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (2_334_000_000, "2.33 GB"),
            (10u128.pow(30), "1.00 QB"),
            (u128::MAX, "340282367 QB"),
        ] {
            assert_eq!(bytes(number), text);
            assert_eq!(count(number), text.trim_end_matches('B').trim_end());
        }
    }

    #[test]
    fn shares() {
        assert_eq!(percent(0.0), "0.0%");
        assert_eq!(percent(0.0004), "<0.1%");
        assert_eq!(percent(0.0005), "0.1%");
        assert_eq!(percent(0.9994), "99.9%");
        assert_eq!(percent(0.9995), ">99.9%");
        assert_eq!(percent(0.999_999), ">99.9%");
        assert_eq!(percent(1.0), "100.0%");
    }

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_600_000_000, "2020-09-13T12:26:40Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(seconds).as_deref(), Some(text));
        }
        assert_eq!(utc(253_402_300_800), None);
        assert_eq!(utc(u128::MAX), None);
    }

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(escaped(b"10.0.0.1 \\ \"x\""), "10.0.0.1 \\ \"x\"");
        assert_eq!(escaped(b"\x1b[2J\x07\x7f\r"), "\\u{1b}[2J\\u{7}\\u{7f}\\r");
        assert_eq!(escaped("é\u{202e}\u{9b}".as_bytes()), "é\\u{202e}\\u{9b}");
        assert_eq!(escaped(b"a\xff\xc3"), "a\\xff\\xc3");
        assert_eq!(shortened("héllo".to_owned(), 2), "hé...");
        assert_eq!(shortened("hé".to_owned(), 2), "hé");
    }
}
