//! How values of Parquet are spelled in a line of text.

use crate::record::LINE_BYTES_MAX;

/// Bytes that may be read after a text, so that short texts are copied at fixed length.
pub const SPARE: usize = 16;

/// Bytes of texts at most: their places are numbers of 32 bits. Those of a page are less, but for
/// fractions, which are of 8 bytes and may have 330 digits.
const TEXTS_BYTES_MAX: usize = if cfg!(test) { 1 << 20 } else { 1 << 30 };

/// How the numbers of a column are spelled. Texts are spelled alike in all columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// In decimal.
    Number,
    /// In decimal, and never below 0.
    Unsigned,
    /// An account: 12 digits, where a number has lost its leading zeros.
    Account,
    /// A time in parts of a second, in seconds.
    Seconds {
        /// Parts of a second.
        per_second: i64,
    },
    /// A day since 1970, in seconds: when it begins in UTC.
    Days,
}

/// Seconds of a day.
const DAY: i64 = 86_400;

impl Spelling {
    /// The number that is spelled: a time in seconds.
    #[inline]
    pub fn number(self, number: i64) -> i64 {
        match self {
            Self::Number | Self::Unsigned | Self::Account => number,
            Self::Seconds { per_second } => number.div_euclid(per_second),
            Self::Days => number.saturating_mul(DAY),
        }
    }
}

/// Where a text stands, with the blank after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first byte.
    pub start: u32,
    /// Its bytes.
    pub length: u32,
}

/// The span of the text for no value.
pub const DASH: Span = Span { start: 0, length: DASH_TEXT.len() as u32 };
const DASH_TEXT: &[u8] = b"- ";

/// Texts, one after the other, each with a blank after it; the first is a dash.
#[derive(Debug)]
pub struct Texts {
    /// All of them, and [`SPARE`] bytes after [`finish`](Self::finish).
    pub bytes: Vec<u8>,
    /// Where each is.
    pub spans: Vec<Span>,
    /// Bytes of the longest.
    pub longest: usize,
}

impl Default for Texts {
    fn default() -> Self {
        Self { bytes: DASH_TEXT.to_vec(), spans: Vec::new(), longest: DASH_TEXT.len() }
    }
}

impl Texts {
    /// Forgets all but the dash.
    pub fn clear(&mut self) {
        self.bytes.truncate(DASH_TEXT.len());
        self.spans.clear();
        self.longest = DASH_TEXT.len();
    }

    /// Makes sure that bytes can be read beyond the last text.
    pub fn finish(&mut self) {
        self.bytes.resize(self.bytes.len() + SPARE, 0);
    }

    /// Adds no value.
    pub fn push_none(&mut self) {
        self.spans.push(DASH);
    }

    /// Ends a text that begins at `start`. None if there was no room for it.
    fn end(&mut self, start: usize) -> Option<()> {
        self.bytes.push(b' ');
        let length = self.bytes.len() - start;
        self.longest = self.longest.max(length);
        self.spans.push(Span { start: start as u32, length: length as u32 });
        (self.bytes.len() <= TEXTS_BYTES_MAX).then_some(())
    }

    /// Adds a text; what separates values or lines, or begins a comment, as `%20`. None if there is
    /// no room for it.
    pub fn push_text(&mut self, text: &[u8]) -> Option<()> {
        if matches!(text, b"" | b"-" | b"None") {
            self.push_none();
            return Some(());
        }
        let text = &text[..text.len().min(LINE_BYTES_MAX)];
        let start = self.bytes.len();
        let is_plain = text.iter().fold(true, |is_plain, &byte| is_plain & (byte > b' '));
        if is_plain && text[0] != b'#' {
            self.bytes.extend_from_slice(text);
        } else {
            for (at, &byte) in text.iter().enumerate() {
                match byte {
                    0..=b' ' => self.bytes.extend(escaped(byte)),
                    b'#' if at == 0 => self.bytes.extend(escaped(byte)),
                    _ => self.bytes.push(byte),
                }
            }
        }
        self.end(start)
    }

    /// Adds numbers; those of a column of numbers, which are most, in one sweep.
    pub fn push_numbers(
        &mut self,
        spelling: Spelling,
        mut numbers: impl ExactSizeIterator<Item = i64> + Clone,
    ) -> Option<()> {
        if spelling != Spelling::Number
            || !numbers.clone().all(|number| (0..SIXTEEN_DIGITS).contains(&number))
        {
            return numbers.try_for_each(|number| self.push_number(spelling, number));
        }
        let mut at = self.bytes.len();
        self.bytes.resize(at + numbers.len() * SPARE + SPARE, 0);
        self.longest = self.longest.max(SPARE);
        let bytes = &mut self.bytes[..];
        self.spans.extend(numbers.map(|number| {
            let room = bytes[at..].first_chunk_mut();
            let length = room.map_or(0, |room| put_fifteen(room, number as u64));
            let span = Span { start: at as u32, length: length as u32 };
            at += length;
            span
        }));
        self.bytes.truncate(at);
        (at <= TEXTS_BYTES_MAX).then_some(())
    }

    /// Adds a number.
    pub fn push_number(&mut self, spelling: Spelling, number: i64) -> Option<()> {
        let start = self.bytes.len();
        let magnitude = spelling.number(number);
        let width = if spelling == Spelling::Account { ACCOUNT_DIGITS } else { 0 };
        if magnitude < 0 && spelling != Spelling::Unsigned {
            self.bytes.push(b'-');
            push_digits(&mut self.bytes, magnitude.unsigned_abs(), width);
        } else {
            push_digits(&mut self.bytes, magnitude as u64, width);
        }
        self.end(start)
    }

    /// Adds a number that may be a fraction; none if it is none.
    pub fn push_float(&mut self, spelling: Spelling, number: f64) -> Option<()> {
        if number.is_nan() {
            self.push_none();
            Some(())
        } else if number.fract() == 0.0 && number.abs() < i64::MAX as f64 {
            self.push_number(spelling, number as i64)
        } else {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(number.to_string().as_bytes());
            self.end(start)
        }
    }
}

/// Digits of an account.
const ACCOUNT_DIGITS: usize = 12;

/// The first number of nine digits, and of sixteen.
const EIGHT_DIGITS: u64 = 100_000_000;
const SIXTEEN_DIGITS: i64 = 1_000_000_000_000_000;

/// Writes the digits of a number of at most fifteen, and a blank; returns how many bytes these
/// are. Each part goes straight to its place: a copy of the whole would wait for its parts.
#[inline]
fn put_fifteen(out: &mut [u8; SPARE], number: u64) -> usize {
    let (high, low) = match number < EIGHT_DIGITS {
        true => (number, None),
        false => (number / EIGHT_DIGITS, Some(number % EIGHT_DIGITS)),
    };
    let digits = eight(high);
    // The first digit is in the lowest byte. A zero has one.
    let zeros = (digits.trailing_zeros() / 8).min(7);
    let ascii = (digits | ZEROS) >> (8 * zeros);
    out[..8].copy_from_slice(&ascii.to_le_bytes());
    let mut length = 8 - zeros as usize;
    if let Some(low) = low {
        let length_max = SPARE - 9;
        length = length.min(length_max);
        out[length..length + 8].copy_from_slice(&(eight(low) | ZEROS).to_le_bytes());
        length += 8;
    }
    out[length] = b' ';
    length + 1
}

/// Eight times the digit 0.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// The eight digits of a number, one in each byte, the first in the lowest: halves, then pairs,
/// then digits, all at once. Divisions are multiplications that are exact for numbers so small.
#[inline]
fn eight(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x7f_0000_007f;
    let pairs = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - 10 * tens) << 8)
}

fn push_digits(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 || at == digits.len() {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

fn escaped(byte: u8) -> [u8; 3] {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_digits() {
        let spell = |spelling, number| {
            let mut texts = Texts::default();
            texts.push_number(spelling, number).unwrap();
            let mut many = Texts::default();
            many.push_numbers(spelling, [number, number].into_iter()).unwrap();
            assert_eq!(many.bytes, [&texts.bytes[..], &texts.bytes[2..]].concat());
            assert_eq!(many.spans[0], texts.spans[0]);
            let text = texts.bytes[2..].strip_suffix(b" ").unwrap();
            String::from_utf8(text.to_vec()).unwrap()
        };
        let powers = (0..19).map(|power| 10i64.pow(power));
        let near = powers.flat_map(|power| [power - 1, power, power + 1, power * 9 / 8]);
        let many = (0..20_000).chain((0..10_000).map(|n| n * 10_001 + n % 7));
        for number in near.chain(many).chain([i64::MAX]) {
            assert_eq!(spell(Spelling::Number, number), number.to_string());
            assert_eq!(spell(Spelling::Number, -number), (-number).to_string());
            assert_eq!(spell(Spelling::Unsigned, number), number.to_string());
        }
        assert_eq!(spell(Spelling::Number, i64::MIN), i64::MIN.to_string());
        assert_eq!(spell(Spelling::Unsigned, -1), u64::MAX.to_string());
        assert_eq!(spell(Spelling::Account, 12_345_678_901), "012345678901");
        assert_eq!(spell(Spelling::Account, 0), "000000000000");
        assert_eq!(spell(Spelling::Account, 1_234_567_890_123), "1234567890123");
        assert_eq!(spell(Spelling::Seconds { per_second: 1000 }, 1_999), "1");
        assert_eq!(spell(Spelling::Days, 18_518), "1599955200");
        assert_eq!(spell(Spelling::Days, -1), "-86400");
    }

    #[test]
    fn texts_stay_one_value() {
        let spell = |text: &[u8]| {
            let mut texts = Texts::default();
            texts.push_text(text).unwrap();
            let Span { start, length } = texts.spans[0];
            let text = &texts.bytes[start as usize..(start + length) as usize];
            String::from_utf8(text.strip_suffix(b" ").unwrap().to_vec()).unwrap()
        };
        for (text, spelled) in [
            ("eni-1", "eni-1"),
            ("", "-"),
            ("None", "-"),
            ("a b\n", "a%20b%0A"),
            ("#a#", "%23a#"),
            ("ü", "ü"),
        ] {
            assert_eq!(spell(text.as_bytes()), spelled);
        }
        let mut texts = Texts::default();
        for number in [5.0, -5.0, 0.5, f64::NAN] {
            texts.push_float(Spelling::Number, number).unwrap();
        }
        assert_eq!(texts.bytes, b"- 5 -5 0.5 ");
        assert_eq!(texts.spans[3], DASH);
    }

    #[test]
    fn texts_have_a_limit_whatever_they_are() {
        // 200 bytes each, with the blank; the dash has two.
        let least = TEXTS_BYTES_MAX / 200;
        let text = [b'x'; 199];
        let mut texts = Texts::default();
        assert!((0..least).all(|_| texts.push_text(&text).is_some()));
        assert!((0..least).any(|_| texts.push_text(&text).is_none()));
        let mut texts = Texts::default();
        let fraction = 1.25e-193;
        assert_eq!(fraction.to_string().len(), 197);
        assert!((0..least).all(|_| texts.push_float(Spelling::Number, fraction).is_some()));
        assert!((0..least).any(|_| texts.push_float(Spelling::Number, fraction).is_none()));
        for (number, bytes) in [(1, 2), (i64::MIN, 21)] {
            for (count, is_within) in
                [(TEXTS_BYTES_MAX / bytes - 1, true), (TEXTS_BYTES_MAX, false)]
            {
                let mut texts = Texts::default();
                let numbers = std::iter::repeat_n(number, count);
                assert_eq!(texts.push_numbers(Spelling::Number, numbers).is_some(), is_within);
            }
        }
    }
}
