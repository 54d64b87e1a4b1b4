//! Tables agree with maps, whatever their growth, merging and parts.

use super::*;
use std::collections::BTreeMap;

fn contents<K: Word + Ord + std::fmt::Debug>(
    table: &Table<K>,
    parts_log2: u32,
) -> BTreeMap<K, u128> {
    let mut found = BTreeMap::new();
    for part in 0..1 << parts_log2 {
        table.visit_part(part, parts_log2, |key, value, overflows| {
            let value = u128::from(value) + (u128::from(overflows) << 64);
            assert_eq!(found.insert(key, value), None, "a key is in two parts");
        });
    }
    found
}

fn check<K: Word + Ord + std::fmt::Debug>(keys: impl Iterator<Item = K>) {
    let keys: Vec<K> = keys.collect();
    let values: Vec<u64> = (0..keys.len() as u64).map(|i| i * 7).collect();
    let mut expected = BTreeMap::new();
    for (key, value) in keys.iter().zip(&values) {
        *expected.entry(*key).or_insert(0u128) += u128::from(*value);
    }
    let mut table = Table::of_all(Seeds([1, 2]));
    table.fold_all(Fold::Sum, &keys, Some(&values));
    assert_eq!(table.len(), expected.len());
    for parts_log2 in [0, 1, 3, 6, 9] {
        assert_eq!(contents(&table, parts_log2), expected);
    }
}

#[test]
fn sums_agree_with_a_tree() {
    check((0..3000u64).map(|i| i * i % 911));
    check((0..3000u128).map(|i| (i * i % 911) << 60));
    check(std::iter::empty::<u64>());
    check([0u64, 0, 0].into_iter());
}

#[test]
fn sums_beyond_64_bits_are_exact() {
    let mut table = Table::<u64>::of_all(Seeds([3, 4]));
    for key in [0, 5] {
        table.fold_all(Fold::Sum, &[key; 5], Some(&[u64::MAX; 5]));
    }
    table.merge_one(Fold::Sum, 5, 1, 2);
    let found = contents(&table, 0);
    assert_eq!(found[&0], u128::from(u64::MAX) * 5);
    assert_eq!(found[&5], u128::from(u64::MAX) * 5 + 1 + (2 << 64));
}

#[test]
fn smallest_and_largest() {
    for (fold, expected) in [(Fold::Min, 2), (Fold::Max, 9)] {
        let mut table = Table::<u64>::of_all(Seeds([5, 6]));
        table.fold_all(fold, &[1, 1, 1], Some(&[4, 2, 9]));
        assert_eq!(contents(&table, 0)[&1], expected);
    }
    let mut counts = Table::<u64>::of_all(Seeds([5, 6]));
    counts.fold_all(Fold::Sum, &[1, 2, 1], None);
    assert_eq!(contents(&counts, 0)[&1], 2);
}

#[test]
fn drained_tables_are_in_order_and_empty() {
    let seeds = Seeds([7, 8]);
    let mut table = Table::<u64>::of_all(seeds);
    assert!(table.is_full(1));
    for round in 0..3 {
        let keys: Vec<u64> = (0..500).map(|key| key * 31).collect();
        table.fold_all(Fold::Sum, &keys, Some(&[u64::MAX; 500]));
        table.fold_all(Fold::Sum, &keys[..9], Some(&[round; 9]));
        assert!(table.has_overflows() == (round > 0) && table.bytes() > 500 * 16);
        let mut found = Vec::new();
        table.drain_sorted(|key, value, overflows| found.push((key, value, overflows)));
        assert!(found.is_sorted_by_key(|(key, ..)| (key.hash(seeds), *key)));
        found.sort_unstable();
        let sum =
            |key: u64| u128::from(u64::MAX) + u128::from(if key < 9 * 31 { round } else { 0 });
        let expected = keys.iter().map(|&key| (key, sum(key) as u64, (sum(key) >> 64) as u64));
        assert!(found.into_iter().eq(expected));
        assert_eq!((table.len(), contents(&table, 3).len()), (0, 0));
    }
}

/// Keys of one part share the top of their hashes; they must not crowd a table of their own.
#[test]
fn tables_of_a_part_stay_small() {
    let seeds = Seeds([0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3211]);
    let keys: Vec<u64> = (1..300_000).filter(|key: &u64| key.hash(seeds) >> 57 == 77).collect();
    let mut table = Table::of_part(seeds, Share::new(77, 7));
    for &key in &keys {
        table.merge_one(Fold::Sum, key, 1, 0);
    }
    assert_eq!(table.len(), keys.len());
    assert!(table.slots.len() < keys.len() * 4, "{} slots", table.slots.len());
}

/// Keys that all want the last slot: probing has to run over the tail and grow.
#[test]
fn crowds_at_the_end_make_it_grow() {
    let seeds = Seeds([0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3211]);
    let last = |key: &u64| key.hash(seeds) >> 54 == (1 << 10) - 1;
    let keys: Vec<u64> = (1..200_000).filter(last).collect();
    assert!(keys.len() > 100);
    let mut table = Table::of_all(seeds);
    table.fold_all(Fold::Sum, &keys, None);
    assert_eq!(contents(&table, 2).len(), keys.len());
}

#[test]
fn hashes_of_bytes_differ() {
    let seeds = Seeds([9, 10]);
    let mut hashes: Vec<u64> =
        (0..1000u32).map(|i| seeds.bytes(i.to_string().as_bytes())).collect();
    hashes.push(seeds.bytes(b""));
    hashes.push(seeds.bytes(b"\0"));
    hashes.push(seeds.bytes(b"\0\0"));
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 1003);
}
