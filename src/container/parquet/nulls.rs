//! How many values are not there in a page and in a row group, held against what the page's header
//! and the footer say: damage of levels takes values away, or makes some.

use parquet::file::metadata::ColumnChunkMetaData;

/// Counts values that are not there, of one column in one row group.
#[derive(Debug)]
pub struct Nulls {
    /// In the page so far, and what its header says.
    page: u64,
    page_stated: Option<u64>,
    /// In the row group so far, and what the footer says.
    group: u64,
    group_stated: Option<u64>,
    /// Whether there are statistics of the column.
    has_statistics: bool,
    /// Rows that are still to come.
    rows: usize,
}

impl Nulls {
    /// None yet, of so many rows.
    pub fn new(meta: &ColumnChunkMetaData, rows: usize) -> Self {
        let statistics = meta.statistics();
        Self {
            page: 0,
            page_stated: None,
            group: 0,
            group_stated: statistics.and_then(|statistics| statistics.null_count_opt()),
            has_statistics: statistics.is_some(),
            rows,
        }
    }

    /// Begins a page; those of version 2 say how many there are.
    pub fn begin(&mut self, stated: Option<u32>) {
        (self.page, self.page_stated) = (0, stated.map(u64::from));
    }

    /// Counts those of some rows.
    pub fn add(&mut self, rows: usize, nulls: usize) {
        self.rows = self.rows.saturating_sub(rows);
        self.page += nulls as u64;
        self.group += nulls as u64;
    }

    /// Whether the page that ends here has as many as it says. Writers that keep no statistics may
    /// say that there are none.
    pub fn are_as_stated(&self) -> bool {
        let is_known = |stated: &u64| *stated > 0 || self.has_statistics;
        self.page_stated.filter(is_known).is_none_or(|stated| stated == self.page)
            && self.is_group_sound()
    }

    /// Whether the row group has as many as the footer says, if it ends here. That there are none
    /// some may say who do not count them; what can be damaged then other counts tell.
    fn is_group_sound(&self) -> bool {
        let stated = self.group_stated.filter(|&stated| stated > 0 && self.rows == 0);
        stated.is_none_or(|stated| stated == self.group)
    }
}
