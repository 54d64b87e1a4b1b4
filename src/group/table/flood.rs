//! Addresses that a stranger chose so that they crowd the table: under seeds that he does not know
//! they are like any others.

use std::collections::BTreeMap;

use super::*;
use crate::measure::Measure;
use crate::query::Query;
use crate::{Engine, Field, Source};

/// Enough to see them crowd.
const KEYS: usize = 2_000;

/// How far above their homes all keys lie, which is how often slots were probed in vain.
fn displacement<K: Word>(table: &Table<K>) -> usize {
    let slots = table.slots.iter().enumerate();
    let used = slots.filter(|(_, slot)| slot.key != K::default());
    used.map(|(at, slot)| at - table.home(slot.key)).sum()
}

/// A table of these keys.
fn filled<K: Word>(seeds: Seeds, keys: &[K]) -> Table<K> {
    let mut table = Table::of_all(seeds);
    table.fold_all(Fold::Sum, keys, None);
    table
}

/// Keys whose homes are next to each other under these seeds, found by trying.
fn crowd<K: Word>(seeds: Seeds, key: impl Fn(u64) -> K) -> Vec<K> {
    let keys = (1..).map(key).filter(|&key| Word::hash(key, seeds) >> 57 == 1);
    keys.take(KEYS).collect()
}

fn check<K: Word>(key: impl Fn(u64) -> K) {
    let known = Seeds([0x0123_4567_89ab_cdef, 0xfeed_f00d_dead_beef]);
    let keys = crowd(known, key);
    let crowded = displacement(&filled(known, &keys));
    // Half of all others stand in the way of each.
    assert!(crowded > KEYS * KEYS / 4, "{crowded}");
    let is_unlucky = |_: &usize| {
        let table = filled(Seeds::random(), &keys);
        let spread = displacement(&table);
        assert_eq!(table.len(), KEYS);
        assert!(spread < crowded / 10, "{spread} with {:?}", table.seeds());
        spread > 4 * KEYS
    };
    // Of many thousand seeds some are worse than others, by a little.
    let unlucky = (0..20).filter(is_unlucky).count();
    assert!(unlucky <= 1, "{unlucky}");
}

#[test]
fn seeds_that_are_not_known_spread_what_crowds_others() {
    // IPv4 addresses, and pairs of them; halves of IPv6 addresses of one network.
    check(|nth| nth & 0xffff_ffff);
    check(|nth| nth << 32 | 0x0a00_0001);
    check(|nth| 0x2001_0db8_0000_0000_0000_0000_0000_0000 | u128::from(nth));
    check(|nth| u128::from(nth) << 64 | 1);
}

#[test]
fn each_run_has_seeds_of_its_own() {
    let drawn: Vec<[u64; 2]> = (0..100).map(|_| Seeds::random().0).collect();
    let mut distinct = drawn.concat();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 200);
}

#[test]
fn answers_do_not_hang_on_seeds() {
    let known = Seeds([1, 2]);
    let addresses = crowd(known, |nth| 0x0a00_0000 | nth & 0x00ff_ffff);
    let mut text = String::from("srcaddr bytes\n");
    let mut sums = BTreeMap::new();
    for (nth, &address) in addresses.iter().chain(&addresses).enumerate() {
        let address = std::net::Ipv4Addr::from(address as u32).to_string();
        text += &format!("{address} {nth}\n");
        *sums.entry(address).or_insert(0) += nth as u64;
    }
    let path = std::env::temp_dir().join(format!("flowagg-flood-{}.log", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let query = Query::builder().group_by([Field::SrcAddr]).top(0);
    let query = query.measure(Measure::Sum(Field::Bytes.into())).build().unwrap();
    for threads in [1, 3] {
        let engine = Engine::new().threads(threads).block_bytes(5_000);
        let report = engine.run(&query, &[Source::path(&path)]).unwrap();
        let found = report.answers[0].contributors().map(|contributor| {
            let value = contributor.value.whole().unwrap() as u64;
            (contributor.key_texts().next().unwrap(), value)
        });
        assert_eq!(found.collect::<BTreeMap<_, _>>(), sums);
    }
    std::fs::remove_file(path).unwrap();
}
