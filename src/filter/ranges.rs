//! Sets of whole numbers, such as ports.

/// Numbers up to this one have a bit each, if there are many ranges: all ports fit into 8 KiB.
const BITS: u64 = 1 << 16;

/// Ranges that are compared one after the other.
const COMPARED_MAX: usize = 4;

/// A set of whole numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// First and last of each, in order and apart.
    spans: Vec<(u64, u64)>,
    /// A bit for each number; none if there are few ranges, or larger numbers.
    bits: Option<Box<[u64]>>,
}

impl Ranges {
    /// The numbers of these ranges: first and last of each.
    pub fn new(ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut sorted: Vec<(u64, u64)> =
            ranges.into_iter().filter(|(first, last)| first <= last).collect();
        sorted.sort_unstable();
        let mut spans: Vec<(u64, u64)> = Vec::new();
        for (first, last) in sorted {
            match spans.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => spans.push((first, last)),
            }
        }
        let has_bits = spans.len() > COMPARED_MAX && spans.iter().all(|(_, last)| *last < BITS);
        let bits = has_bits.then(|| {
            let mut bits = vec![0u64; (BITS / 64) as usize];
            for number in spans.iter().flat_map(|&(first, last)| first..=last) {
                bits[(number / 64) as usize] |= 1 << (number % 64);
            }
            bits.into_boxed_slice()
        });
        Self { spans, bits }
    }

    /// First and last of each range, in order and apart.
    pub fn spans(&self) -> &[(u64, u64)] {
        &self.spans
    }

    /// Whether a number is one of them.
    #[inline(always)]
    pub fn has(&self, number: u64) -> bool {
        match &self.bits {
            Some(bits) => {
                bits.get((number / 64) as usize).is_some_and(|word| word >> (number % 64) & 1 == 1)
            }
            None if self.spans.len() <= COMPARED_MAX => {
                // One after the other, without a branch for each.
                let is_in =
                    |&(first, last): &(u64, u64)| number.wrapping_sub(first) <= last - first;
                self.spans.iter().fold(false, |found, span| found | is_in(span))
            }
            None => {
                let before = self.spans.partition_point(|&(first, _)| first <= number);
                before > 0 && number <= self.spans[before - 1].1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_those_of_their_ranges() {
        let few: &[(u64, u64)] = &[(22, 22), (3389, 3389), (0, 5), (3, 9)];
        let many: Vec<(u64, u64)> = (0..200).map(|at| (at * 300, at * 300 + at)).collect();
        let ports: &[(u64, u64)] = &[(1, 1), (3, 3), (5, 5), (64, 127), (9, 8), (65_535, 65_535)];
        let large: Vec<(u64, u64)> = (0..20).map(|at| (at << 40, (at << 40) + 7)).collect();
        let ends = &[(u64::MAX, u64::MAX), (u64::MAX - 1, u64::MAX), (0, 0)];
        for ranges in [few, &many, ports, &large, ends, &[], &[(0, u64::MAX)]] {
            let set = Ranges::new(ranges.iter().copied());
            let edges = ranges.iter().flat_map(|&(first, last)| {
                [first, last, first.wrapping_sub(1), last.wrapping_add(1), first / 2 + last / 2]
            });
            for number in edges.chain([0, 63, 64, 65_535, 65_536, u64::MAX]) {
                let is_in = ranges.iter().any(|&(first, last)| first <= number && number <= last);
                assert_eq!(set.has(number), is_in, "{number} in {ranges:?}");
            }
        }
    }
}
