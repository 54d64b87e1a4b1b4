//! Rows that a container gives as values: what is a number there need not become text first.

/// The first rows of a block. Their lines hold the texts that are asked for, and nothing where a
/// column's values are here; they are regular rows (see [`batch`](crate::batch)), which is checked.
#[derive(Debug, Default)]
pub struct Decoded {
    /// How many they are.
    pub rows: usize,
    /// The values of each address column of the layout, in its order.
    pub addresses: Vec<Vec<u32>>,
    /// The columns of numbers, and their values.
    pub numbers: Vec<(usize, Vec<u64>)>,
    /// Of each line after theirs, which row of the block it is, from 0.
    pub others: Vec<u32>,
}
