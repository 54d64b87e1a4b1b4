//! The sweep as every level without AVX-512 does it: what 64 bytes are becomes three words of
//! bits, a bit for each byte, and from there on nothing depends on what instructions there are.

use super::{Found, PLACE, Padded};

/// What the bytes of one 64-byte word are, a bit for each.
pub struct Classes {
    /// Blanks and newlines.
    pub separators: u64,
    /// Newlines.
    pub newlines: u64,
    /// Neither digits nor separators.
    pub others: u64,
}

impl Classes {
    /// Without the bytes from `length` on.
    #[inline(always)]
    pub fn first(self, length: usize) -> Self {
        let keep = if length < 64 { (1 << length) - 1 } else { u64::MAX };
        Self {
            separators: self.separators & keep,
            newlines: self.newlines & keep,
            others: self.others & keep,
        }
    }

    /// Of 64 bytes, eight at a time, each in a byte of a word.
    #[inline(always)]
    pub fn of(bytes: &[u8; 64]) -> Self {
        // Bit `i` of byte `j` is for byte `j` of the `i`th eight.
        let (mut separators, mut newlines, mut digits) = (0, 0, 0);
        for (nth, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let word = u64::from_le_bytes(*eight);
            let newline = equal(word, b'\n');
            let separator = equal(word, b' ') | within(word, b'\t', b'\r');
            separators |= separator >> (7 - nth);
            newlines |= newline >> (7 - nth);
            digits |= within(word, b'0', b'9') >> (7 - nth);
        }
        let separators = transposed(separators);
        let others = !(separators | transposed(digits));
        Self { separators, newlines: transposed(newlines), others }
    }
}

/// Bit `j` of byte `i` where bit `i` of byte `j` was: squares of one, two and four change places
/// (H. S. Warren, "Hacker's Delight", section 7-3).
#[inline(always)]
fn transposed(bits: u64) -> u64 {
    let swap = |bits: u64, distance: u32, squares: u64| {
        let off = (bits ^ bits >> distance) & squares;
        bits ^ off ^ off << distance
    };
    let bits = swap(bits, 7, 0x00aa_00aa_00aa_00aa);
    let bits = swap(bits, 14, 0x0000_cccc_0000_cccc);
    swap(bits, 28, 0x0000_0000_f0f0_f0f0)
}

/// The highest bit of each byte.
pub const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

/// A byte in each byte of a word.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte that is `wanted`; the others are 0.
#[inline(always)]
pub fn equal(word: u64, wanted: u8) -> u64 {
    let off = word ^ each(wanted);
    // No carry leaves a byte: seven bits and 127 are 254 at most.
    !(((off & !HIGHS) + !HIGHS) | off) & HIGHS
}

/// The highest bit of each byte from `first` to `last`, both below 128; the others are 0.
#[inline(always)]
pub fn within(word: u64, first: u8, last: u8) -> u64 {
    let low = word & !HIGHS;
    let from = low + each(0x80 - first);
    let beyond = low + each(0x80 - last - 1);
    from & !beyond & !word & HIGHS
}

/// The highest bits of the bytes, next to each other: what others call a movemask.
#[inline(always)]
pub fn bits(highs: u64) -> u64 {
    // Byte `i`'s bit goes to 56 + i; no two of all the products meet.
    (highs >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// What is carried from one word to the next.
pub struct Carry {
    /// 1 if the field that reaches into the next word holds a byte that is no digit.
    wide: u64,
    /// 1 if the next word begins a line.
    line_start: u64,
}

impl Carry {
    /// Before the first word.
    pub fn new() -> Self {
        Self { wide: 0, line_start: 1 }
    }

    /// The separators whose field holds a byte that is no digit.
    ///
    /// Fields are runs of ones. Adding a one inside a run makes a carry that ripples to the bit
    /// after the run, which is its separator; more ones in the same run change nothing there.
    #[inline(always)]
    pub fn wide_separators(&mut self, classes: &Classes, fields: u64) -> u64 {
        let (sum, over) = fields.overflowing_add(classes.others);
        let (sum, over_again) = sum.overflowing_add(self.wide);
        self.wide = u64::from(over | over_again);
        sum & classes.separators
    }

    /// Pushes where lines begin with a byte that is neither a digit nor a newline.
    #[inline(always)]
    pub fn push_openings(&mut self, classes: &Classes, at: usize, openings: &mut Vec<u32>) {
        let openers = classes.others | (classes.separators ^ classes.newlines);
        let mut found = (classes.newlines << 1 | self.line_start) & openers;
        self.line_start = classes.newlines >> 63;
        while found != 0 {
            openings.push(at as u32 + found.trailing_zeros());
            found &= found - 1;
        }
    }
}

/// The sweep, with `classes` to say what the 64 bytes from a place of the text on are.
#[inline(always)]
pub fn sweep(
    text: Padded<'_>,
    start: usize,
    marks: &mut [u32],
    openings: &mut Vec<u32>,
    classes: impl Fn(&[u8; 64]) -> Classes,
) -> Found {
    let end = text.length;
    let (mut last, mut lines) = (0, 0);
    let mut carry = Carry::new();
    let mut at = start;
    while at < end {
        // `Padded` has 64 bytes after the text.
        let bytes = text.bytes[at..].first_chunk().expect("a text has its padding");
        let classes = classes(bytes);
        let mut fields = !classes.separators;
        let classes = if end - at < 64 {
            fields &= (1 << (end - at)) - 1;
            classes.first(end - at)
        } else {
            classes
        };
        let wide = carry.wide_separators(&classes, fields);
        carry.push_openings(&classes, at, openings);
        let found = classes.separators.count_ones() as usize;
        lines += classes.newlines.count_ones() as usize;
        let target = &mut marks[last + 1..][..64];
        let mut rest = classes.separators;
        let mut written = 0;
        // Eight at a time: how many there are is not predictable, that there are few is.
        while written < found {
            for slot in &mut target[written..written + 8] {
                // Beyond the last one, whatever is written is written again later.
                let bit = (rest | 1 << 63).trailing_zeros();
                let wide = (wide >> bit) as u32 & 1;
                let newline = (classes.newlines >> bit) as u32 & 1;
                *slot = (at as u32 + bit + 1) & PLACE | newline << 30 | wide << 31;
                rest &= rest.wrapping_sub(1);
            }
            written += 8;
        }
        last += found;
        at += 64;
    }
    // Vectors of the crate's own find it in far less time than words would here.
    let has_hash = memchr::memchr(b'#', &text.text()[start..]).is_some();
    Found { marks: last, lines, has_hash }
}
