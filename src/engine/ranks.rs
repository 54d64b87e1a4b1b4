//! Where listed contributors stand in their list, looked up by their keys: once for each value that
//! is told beside the first, so lists of millions are looked up often.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::amount::Amount;
use crate::key::Key;

/// Parts of the keys, as a power of two: each is filled by one thread, from a walk over all hashes.
const SHARDS_LOG2: u32 = 3;

/// The ranks of a list.
pub struct Ranks<'r> {
    listed: &'r [(Amount, Key)],
    hasher: DefaultHashBuilder,
    shards: Vec<HashTable<u32>>,
}

impl<'r> Ranks<'r> {
    /// Those of a list, which has less than 2^32 contributors: more keys fit in no memory.
    pub fn new(listed: &'r [(Amount, Key)]) -> Self {
        let hasher = DefaultHashBuilder::default();
        let hashes: Vec<u64> = listed.par_iter().map(|(_, key)| hasher.hash_one(key)).collect();
        let shard = |shard: u64| {
            let own = || hashes.iter().zip(0u32..).filter(move |(hash, _)| at(**hash) == shard);
            let mut table = HashTable::with_capacity(listed.len() >> SHARDS_LOG2);
            for (&hash, rank) in own() {
                table.insert_unique(hash, rank, |&rank| hashes[rank as usize]);
            }
            table
        };
        let shards = (0..1u64 << SHARDS_LOG2).into_par_iter().map(shard).collect();
        Self { listed, hasher, shards }
    }

    /// How many are listed.
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// The rank of a contributor, from 0, if it is listed.
    pub fn get(&self, key: &Key) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        let is_it = |&rank: &u32| self.listed[rank as usize].1 == *key;
        let rank = self.shards[at(hash) as usize].find(hash, is_it)?;
        Some(*rank as usize)
    }
}

/// The shard of a hash: by bits that its table does not use.
fn at(hash: u64) -> u64 {
    hash >> 32 & ((1 << SHARDS_LOG2) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_rank_and_no_other() {
        for count in [0, 1, 2, 9, 5000] {
            let key = |rank: u64| match rank % 3 {
                0 => Key::Narrow(rank),
                1 => Key::Packed(rank.into()),
                _ => Key::Wide(rank.to_be_bytes().into()),
            };
            let listed: Vec<_> = (0..count).map(|rank| (Amount::ZERO, key(rank))).collect();
            let ranks = Ranks::new(&listed);
            assert_eq!(ranks.len() as u64, count);
            for rank in 0..count {
                assert_eq!(ranks.get(&key(rank)), Some(rank as usize));
            }
            assert_eq!(ranks.get(&key(count)), None);
        }
    }
}
