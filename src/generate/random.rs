//! Random numbers from integers alone, the same on every machine.

/// The generator xoshiro256++ 1.0 (Blackman and Vigna, public domain), its state filled by
/// SplitMix64 so that neighbouring seeds give unrelated sequences.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        let mut at = seed;
        let state = std::array::from_fn(|_| {
            at = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix64(at)
        });
        Random { state }
    }

    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let (third, fourth) = (c ^ a, d ^ b);
        self.state = [a ^ fourth, b ^ third, third ^ (b << 17), fourth.rotate_left(45)];
        a.wrapping_add(d).rotate_left(23).wrapping_add(a)
    }

    /// A number in `0..bound`, from one draw.
    #[inline]
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        scale(self.next() as u32, bound)
    }
}

/// Maps 32 random bits onto `0..bound` by multiplication (the bias is below `bound / 2^32`).
#[inline]
pub(super) fn scale(bits: u32, bound: u32) -> u32 {
    ((u64::from(bits) * u64::from(bound)) >> 32) as u32
}

/// The finishing step of SplitMix64: a bijection of the 64-bit numbers.
pub(super) fn mix64(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The finishing step of MurmurHash3: a bijection of the 32-bit numbers.
pub(super) fn mix32(value: u32) -> u32 {
    let value = (value ^ (value >> 16)).wrapping_mul(0x85eb_ca6b);
    let value = (value ^ (value >> 13)).wrapping_mul(0xc2b2_ae35);
    value ^ (value >> 16)
}

/// Ranks below this have a cell of their own; further out, one cell is a band of ranks an
/// eighth as wide as its first rank, over which Zipf's law is all but flat.
const SINGLE_RANKS: u32 = 256;

/// One cell of an alias table: `below` of 2^32 draws stay in the band, the others go to `other`.
#[derive(Debug, Clone, Copy)]
struct Cell {
    below: u32,
    other: u32,
    first: u32,
    width: u32,
}

/// Draws ranks `0..count` by Zipf's law with exponent 1, `1 / (rank + 1)`, a part of the draws
/// being uniform instead: an alias table (Walker, Vose) over at most a few hundred bands.
#[derive(Debug, Clone)]
pub(super) struct Ranks {
    cells: Vec<Cell>,
}

impl Ranks {
    /// `uniform` of 256 draws are uniform over all ranks; `count` is at least 1.
    pub(super) fn new(count: u32, uniform: u64) -> Ranks {
        let mut bands = Vec::new();
        let mut first = 0;
        while first < count {
            let width = (if first < SINGLE_RANKS { 1 } else { first / 8 }).min(count - first);
            bands.push((first, width));
            first += width;
        }
        let zipf: Vec<u64> = bands.iter().map(|&(first, width)| zipf(first, width)).collect();
        let total: u64 = zipf.iter().sum();
        // The share of one rank when `total` weighs (256 - uniform) of 256.
        let flat = total * uniform / (256 - uniform) / u64::from(count);
        let weights: Vec<u64> =
            bands.iter().zip(zipf).map(|(band, zipf)| zipf + flat * u64::from(band.1)).collect();
        Ranks { cells: alias(&bands, &weights) }
    }

    #[inline]
    pub(super) fn draw(&self, random: &mut Random) -> u32 {
        let dice = random.next();
        let own = scale(dice as u32, self.cells.len() as u32);
        let Cell { below, other, .. } = self.cells[own as usize];
        let drawn = if ((dice >> 32) as u32) < below { own } else { other };
        let Cell { first, width, .. } = self.cells[drawn as usize];
        first + random.below(width)
    }
}

/// The weight of a band: its width over its middle rank, in units of 2^-32.
fn zipf(first: u32, width: u32) -> u64 {
    let middle = u64::from(first) + u64::from(width - 1) / 2 + 1;
    (u64::from(width) << 32) / middle
}

/// Vose's construction in integers: every cell keeps a part of its own weight and gets the rest
/// of an average cell from one other.
fn alias(bands: &[(u32, u32)], weights: &[u64]) -> Vec<Cell> {
    let count = weights.len() as u128;
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let mut rest: Vec<u128> = weights.iter().map(|&weight| u128::from(weight) * count).collect();
    let mut cells: Vec<Cell> = bands
        .iter()
        .zip(0..)
        .map(|(&(first, width), own)| Cell { below: u32::MAX, other: own, first, width })
        .collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..cells.len()).partition(|&cell| rest[cell] < total);
    while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
        cells[poor].below = ((rest[poor] << 32) / total) as u32;
        cells[poor].other = rich as u32;
        rest[rich] -= total - rest[poor];
        if rest[rich] < total {
            large.pop();
            small.push(rich);
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = Random { state: [1, 2, 3, 4] };
        let first: [u64; 4] = std::array::from_fn(|_| random.next());
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }

    #[test]
    fn ranks_are_all_reached_and_follow_zipf() {
        for count in [1, 2, 3, 255, 257, 1000] {
            let ranks = Ranks::new(count, 16);
            let mut random = Random::new(9);
            let mut seen = vec![0u32; count as usize];
            for _ in 0..count * 400 {
                seen[ranks.draw(&mut random) as usize] += 1;
            }
            assert!(seen.iter().all(|&draws| draws > 0), "{count}");
            assert!(count < 3 || seen[0] > seen[1] && seen[1] > seen[2], "{count}");
        }
        let ranks = Ranks::new(1000, 0);
        let mut random = Random::new(1);
        let firsts = (0..100_000).filter(|_| ranks.draw(&mut random) == 0).count();
        // One over the 1000th harmonic number, 7.485.
        assert!((13_000..13_750).contains(&firsts), "{firsts}");
    }
}
