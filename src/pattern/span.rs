//! Which whole numbers compare so with a double: what a column of numbers is tested by.

use crate::amount::Comparison;

/// The whole numbers that compare so with `right` once they are doubles: first and last of them,
/// or with `true` all others. No numbers if the first is above the last.
pub fn span(comparison: Comparison, right: f64) -> (u64, u64, bool) {
    // How many numbers from 0 on are so, of those that stop being so somewhere.
    let count = |is_so: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0u128, 1u128 << 64);
        while low < high {
            let middle = (low + high) / 2;
            match is_so(middle as f64) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    };
    let (below, up_to) = (count(&|left| left < right), count(&|left| left <= right));
    let all = 1u128 << 64;
    let (first, end) = match comparison {
        Comparison::Less => (0, below),
        Comparison::LessOrEqual => (0, up_to),
        Comparison::Equal | Comparison::NotEqual => (below, up_to),
        Comparison::GreaterOrEqual => (below, all),
        Comparison::Greater => (up_to, all),
    };
    let is_negated = comparison == Comparison::NotEqual;
    match first < end {
        true => (first as u64, (end - 1) as u64, is_negated),
        false => (1, 0, is_negated),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::compares;
    use super::*;

    #[test]
    fn spans_are_what_compares_so() {
        let comparisons = [
            Comparison::Less,
            Comparison::LessOrEqual,
            Comparison::Equal,
            Comparison::NotEqual,
            Comparison::GreaterOrEqual,
            Comparison::Greater,
        ];
        let large = 9_007_199_254_740_992u64;
        let numbers = [0, 1, 2, 3, 99, 100, 101, large - 1, large, large + 1, large + 2];
        let numbers = numbers.into_iter().chain([u64::MAX - 2000, u64::MAX - 1, u64::MAX]);
        let rights = [-1.0, -0.5, 0.0, 0.5, 1.0, 2.5, 100.0, 9.007_199_254_740_992e15, 1.8e19];
        for right in rights.into_iter().chain([u64::MAX as f64, 1e300, f64::INFINITY]) {
            for comparison in comparisons {
                let (first, last, is_negated) = span(comparison, right);
                for left in numbers.clone() {
                    let is_in = (first <= left && left <= last) != is_negated;
                    let expected = compares(left as f64, comparison, right);
                    assert_eq!(is_in, expected, "{left} {comparison:?} {right}");
                }
            }
        }
    }
}
