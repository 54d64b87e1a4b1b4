//! Where the octets of an IPv4 address lie, looked up by its dots: for those who can move the
//! bytes of a vector to any place.

/// What to do with an IPv4 address whose octets have certain lengths.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Octets {
    /// Moves digits to the hundreds, tens and ones of four 32-bit lanes.
    pub moves: [u8; 16],
    /// The least value that each octet may have without a leading zero.
    pub least: [u8; 16],
    /// The ends of the four octets, as bits; 0 where no address has them.
    pub ends: u32,
}

/// Spreads the ends of the octets of all 81 kinds of addresses over as many entries of
/// [`OCTETS`]; found by trying odd numbers.
const ENDS_FACTOR: u32 = 0x372d_a969;

/// By the ends of the octets, times [`ENDS_FACTOR`], the top 8 bits of that.
pub static OCTETS: [Octets; 256] = {
    let mut table = [Octets { moves: [0x80; 16], least: [0; 16], ends: 0 }; 256];
    let mut i = 0;
    while i < 81 {
        let lengths = [i / 27 + 1, i / 9 % 3 + 1, i / 3 % 3 + 1, i % 3 + 1];
        let mut entry = table[0];
        (entry.moves, entry.least, entry.ends) = ([0x80; 16], [0; 16], 0);
        let (mut octet, mut from) = (0, 0);
        while octet < 4 {
            let mut digit = 0;
            while digit < lengths[octet] {
                entry.moves[4 * octet + 3 - lengths[octet] + digit] = (from + digit) as u8;
                digit += 1;
            }
            entry.least[4 * octet] = [0, 0, 10, 100][lengths[octet]];
            from += lengths[octet] + 1;
            entry.ends |= 1 << (from - 1);
            octet += 1;
        }
        let at = octets_at(entry.ends);
        assert!(table[at].ends == 0, "two kinds of addresses have one entry");
        table[at] = entry;
        i += 1;
    }
    table
};

pub const fn octets_at(ends: u32) -> usize {
    (ends.wrapping_mul(ENDS_FACTOR) >> 24) as usize
}
