//! How far a run is.

use std::sync::atomic::{AtomicU64, Ordering};

/// How far a run is; shared between the engine and whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) bytes: AtomicU64,
    pub(super) bytes_total: AtomicU64,
}

impl Progress {
    /// Bytes read so far, before decompression.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes of all inputs whose size is known; 0 until they were found.
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total.load(Ordering::Relaxed)
    }

    /// Takes back bytes that will not be read.
    pub(super) fn leave_out(&self, bytes: u64) {
        let less = |total: u64| Some(total.saturating_sub(bytes));
        let _ = self.bytes_total.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}
