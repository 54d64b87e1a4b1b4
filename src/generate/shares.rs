//! The shares asked for, kept by counting what is due.

use super::random::Random;

/// Shares and debts count in 2^-32 of a record.
const ONE: i64 = 1 << 32;

/// Records without data that may be due before interfaces with traffic fall silent too.
const NO_DATA_PATIENCE: i64 = 8 * ONE;

/// Rejected records that may be due before hosts behind no public address are scanned too.
const REJECT_PATIENCE: i64 = 64 * ONE;

/// `SKIPDATA` records: 0.02 % ("far below 0.1 %"), in 2^-32.
const SKIP_SHARE: i64 = 858_993;

/// More `SKIPDATA` records than this are never due at once.
const SKIP_BOUND: i64 = 8 * ONE;

/// The shares asked for, and how many records of each kind are due.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    /// IPv6 records, of 2^32.
    pub(super) six: u64,
    no_data: i64,
    no_data_due: i64,
    skip_due: i64,
    reject: i64,
    reject_due: i64,
}

impl Shares {
    /// What is due starts at nothing, save for a share of 1, which leaves no room for other
    /// records from the first line on.
    pub(super) fn new(six: u64, no_data: u64, reject: u64) -> Shares {
        let (no_data, reject) = (no_data as i64, reject as i64);
        Shares {
            six,
            no_data,
            no_data_due: if no_data == ONE { NO_DATA_PATIENCE } else { 0 },
            skip_due: 0,
            reject,
            reject_due: if reject == ONE { REJECT_PATIENCE } else { 0 },
        }
    }

    /// Whether an interface is to report that there was no data.
    pub(super) fn no_data_is_due(&self, quiet: bool) -> bool {
        self.no_data_due >= if quiet { ONE } else { NO_DATA_PATIENCE }
    }

    /// Whether a record without data is to be `SKIPDATA`; if so it is counted.
    pub(super) fn skip_is_due(&mut self) -> bool {
        let due = self.skip_due >= ONE;
        if due {
            self.skip_due -= ONE;
        }
        due
    }

    /// Scans come in crowds: where they are due, hosts with public addresses take three of four
    /// events.
    #[inline]
    pub(super) fn reject_is_due(&self, public: bool, random: &mut Random) -> bool {
        self.reject_due >= REJECT_PATIENCE
            || (public && self.reject_due > 0 && random.next() >> 62 != 0)
    }

    /// Counts one record without data.
    pub(super) fn count_no_data(&mut self) {
        self.no_data_due += self.no_data - ONE;
        self.skip_due += SKIP_SHARE;
    }

    /// Counts records with data.
    #[inline]
    pub(super) fn count(&mut self, written: u64, rejected: bool) {
        let written = written as i64;
        self.no_data_due += self.no_data * written;
        // Bounded, for a log without such records.
        self.skip_due = (self.skip_due + SKIP_SHARE * written).min(SKIP_BOUND);
        self.reject_due += (self.reject - if rejected { ONE } else { 0 }) * written;
    }
}

/// A share as a number of 2^32, the same everywhere: multiplying by a power of two is exact.
pub(super) fn share(name: &str, share: f64) -> Result<u64, String> {
    if (0.0..=1.0).contains(&share) {
        Ok((share * 4_294_967_296.0) as u64)
    } else if share.is_nan() {
        Err(format!("{name} nan is not within 0..=1"))
    } else {
        Err(format!("{name} {share} is not within 0..=1"))
    }
}
