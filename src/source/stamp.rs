//! Whether a file is still the one that was read.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Which file it is, how long, and when it was changed last: of two that are equal, the content
/// is, unless somebody set the clock of the file back.
///
/// ```
/// use flowagg::Stamp;
/// let stamp = || std::fs::metadata("testdata/sample.log").map(|metadata| Stamp::of(&metadata));
/// assert_eq!(stamp()?, stamp()?);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    place: (u64, u64),
    bytes: u64,
    /// Seconds since 1970, and nanoseconds.
    changed: (i64, i64),
}

impl Stamp {
    /// The stamp of a file as the system describes it.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            place: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}
