//! Text with a known length, and the page that lines are written to.

/// At most `N` bytes of text, copied `N` bytes at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

impl<const N: usize> Text<N> {
    /// Keeps the first `N` bytes; callers choose `N` so that nothing is cut.
    pub(super) fn new(text: &[u8]) -> Text<N> {
        let length = text.len().min(N);
        let mut bytes = [b' '; N];
        bytes[..length].copy_from_slice(&text[..length]);
        Text { bytes, length: length as u8 }
    }
}

/// Bytes to write to, from `at` on. A write of text may leave rubbish after its end, for the
/// next write to cover, so the page needs `MARGIN` bytes more than the text to come.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) bytes: &'a mut [u8],
    pub(super) at: usize,
}

/// More than the longest [`Text`] in use.
pub(super) const MARGIN: usize = 128;

impl Page<'_> {
    #[inline]
    pub(super) fn put<const N: usize>(&mut self, text: &Text<N>) {
        self.bytes[self.at..self.at + N].copy_from_slice(&text.bytes);
        self.at += usize::from(text.length);
    }

    #[inline]
    pub(super) fn put_all<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.bytes[self.at..self.at + N].copy_from_slice(bytes);
        self.at += N;
    }

    /// Writes a number and a space.
    #[inline(always)]
    pub(super) fn put_number(&mut self, number: u32) {
        if number >= EIGHT_DIGITS {
            return self.put_long_number(number);
        }
        let digits = eight_digits(number);
        // The first digit is the lowest byte: leading zeros are low zero bytes.
        let skip = (digits.trailing_zeros() / 8).min(7);
        self.put_word((digits | ZEROS) >> (8 * skip), 8 - skip as usize);
        self.put_all(b" ");
    }

    /// Writes a number of nine or ten digits and a space.
    #[cold]
    fn put_long_number(&mut self, number: u32) {
        self.put_number(number / EIGHT_DIGITS);
        self.at -= 1;
        self.put_word(eight_digits(number % EIGHT_DIGITS) | ZEROS, 8);
        self.put_all(b" ");
    }

    #[inline]
    fn put_word(&mut self, word: u64, length: usize) {
        self.bytes[self.at..self.at + 8].copy_from_slice(&word.to_le_bytes());
        self.at += length;
    }
}

/// The first number with more than eight digits.
const EIGHT_DIGITS: u32 = 100_000_000;

/// The digit `0` in each byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The eight decimal digits of a number below 10^8, the first in the lowest byte: halves of
/// four digits, then pairs, then digits, each step dividing all lanes of a word at once
/// (a multiplication and a shift stand for the division; exact for lanes this small).
#[inline]
fn eight_digits(number: u32) -> u64 {
    let halves = u64::from(number / 10_000) | (u64::from(number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((halves - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - tens * 10) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_display_does() {
        let powers = (0..10).map(|power| 10u32.pow(power));
        let near = powers.flat_map(|power| [power - 1, power, power + 1, power / 7 * 3]);
        for number in near.chain(0..=70_000).chain([4_294_967_295, 99_999_999, 1_000_000_099]) {
            let mut bytes = [0; 32];
            let mut page = Page { bytes: &mut bytes, at: 0 };
            page.put_number(number);
            let at = page.at;
            assert_eq!(std::str::from_utf8(&bytes[..at]), Ok(&*format!("{number} ")));
        }
    }
}
