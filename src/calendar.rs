//! Dates and times of the calendar, as seconds and days since 1970.

/// Seconds since 1970 of an ISO 8601 date or date and time; without an offset it is UTC. A
/// fraction of a second counts as a whole one, which is the same for times in whole seconds. None
/// for what is no such time, and for times before 1970.
///
/// ```
/// use flowagg::seconds_since_1970;
/// assert_eq!(seconds_since_1970("2026-01-31T13:00:00+01:00"), Some(1_769_860_800));
/// assert_eq!(seconds_since_1970("2026-02-29"), None);
/// ```
pub fn seconds_since_1970(text: &str) -> Option<u64> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, "00:00"),
    };
    let [year, month, day] = numbers(date, '-', &[4, 2, 2])?;
    let (time, offset) = offset(time)?;
    let (time, fraction) = match time.split_once(['.', ',']) {
        Some((time, fraction)) => {
            let is_fraction = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
            (time, is_fraction.then(|| fraction.bytes().any(|b| b != b'0'))?)
        }
        None => (time, false),
    };
    let [hour, minute, second] = match numbers(time, ':', &[2, 2]) {
        Some([hour, minute]) if !text.contains(['.', ',']) => [hour, minute, 0],
        _ => numbers(time, ':', &[2, 2, 2])?,
    };
    let is_valid = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    let seconds = seconds - offset + i64::from(fraction);
    is_valid.then(|| u64::try_from(seconds).ok())?
}

/// The date that eight digits are, such as `20260131`, as it has to be typed. None for what is no
/// date of the years 1970 to 2100: as seconds since 1970 all of them lie in that year.
///
/// ```
/// use flowagg::date_of_digits;
/// assert_eq!(date_of_digits("20260131"), Some("2026-01-31".to_owned()));
/// assert_eq!(date_of_digits("20260229"), None);
/// ```
pub fn date_of_digits(text: &str) -> Option<String> {
    let is_plain = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let date = is_plain.then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))?;
    let is_date = &text[..4] <= "2100" && seconds_since_1970(&date).is_some();
    is_date.then_some(date)
}

/// Numbers of these many digits with `separator` between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: &[usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (number, &digits) in found.iter_mut().zip(digits) {
        let part = parts.next()?;
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = is_number.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(found)
}

/// A time without its offset from UTC, and that in seconds: `Z`, `+01:00`, `+0100`, `+01`.
fn offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, offset) = time.split_at(at);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits = offset[1..].replace(':', "");
    let is_plain = matches!(offset[1..].len(), 2 | 4) && !offset.contains(':');
    let is_split = offset.len() == 6 && offset.as_bytes()[3] == b':';
    let number: i64 = (is_plain || is_split).then(|| digits.parse().ok())??;
    let (hours, minutes) =
        if digits.len() == 4 { (number / 100, number % 100) } else { (number, 0) };
    (hours < 24 && minutes < 60).then_some((time, sign * (hours * 3_600 + minutes * 60)))
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date. The year is taken to begin in March, so that the leap day is
/// its last day; 1970-01-01 is day 719,469 of that count.
pub fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_month = (153 * month + 2) / 5;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_month + day
        - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_spelling() {
        for text in [
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00Z",
            "2026-01-31 12:00:00",
            "2026-01-31 12:00:00+00:00",
            "2026-01-31T13:00:00+01:00",
            "2026-01-31T13:00:00+01",
            "2026-01-31T06:30:00-0530",
            "2026-01-31T11:59:59.5Z",
            "2026-01-31T08:00:00.000-04:00",
            "2026-01-31t12:00:00.000z",
        ] {
            assert_eq!(seconds_since_1970(text), Some(1_769_860_800), "{text}");
        }
        for (text, second) in [
            ("1970-01-01", 0),
            ("1972-02-29", 68_169_600),
            ("2000-02-29", 951_782_400),
            ("2000-03-01", 951_868_800),
            ("2020-09-13T12:26:40Z", 1_600_000_000),
            ("2100-03-01", 4_107_542_400),
        ] {
            assert_eq!(seconds_since_1970(text), Some(second), "{text}");
        }
    }

    #[test]
    fn dates_without_hyphens() {
        for (text, date) in [
            ("19700101", Some("1970-01-01")),
            ("20240229", Some("2024-02-29")),
            ("21001231", Some("2100-12-31")),
            ("21010101", None),
            ("19691231", None),
            ("20231301", None),
            ("20230229", None),
            ("2023111", None),
            ("020231114", None),
            ("2023111é", None),
        ] {
            assert_eq!(date_of_digits(text).as_deref(), date, "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-1-1",
            "2026-01-31T",
            "2026-01-31T24:00",
            "2026-01-31T12",
            "2026-01-31T12:60",
            "2026-01-31T12:00:60Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00.5Z",
            "2026-01-31T12:00:00+1",
            "2026-01-31T12:00:00+01:",
            "2026-01-31T12:00:00+0:100",
            "2026-01-31T12:00:00+25:00",
            "1969-12-31",
            "２026-01-31",
        ] {
            assert_eq!(seconds_since_1970(text), None, "{text}");
        }
    }
}
