//! Where bytes come from: files, folders and standard input, plain or compressed with gzip or
//! zstd, found by content.

mod expansion;
mod gzip;
mod messages;
mod object;
mod selection;
mod stamp;
mod stream;
mod zstd;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::error::{Error, ErrorKind, utf_16};

pub use expansion::{Expansion, LeftOut, expand};
pub use gzip::{GZIP_MAGIC, Inflater, WHOLE_BYTES_MAX, reader as gzip_reader, whole_bytes};
pub use messages::messages;
pub use object::Span;
pub use selection::Selection;
pub use stamp::Stamp;
pub use stream::{Cut, Cutter, make_room};
pub use zstd::{is_zstd, reader as zstd_reader};

/// Something to read: a file, a folder with everything in it, or standard input.
///
/// ```
/// use flowagg::Source;
/// let sources = [Source::path("logs"), Source::stdin()];
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(SourceKind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum SourceKind {
    Path(PathBuf),
    Stdin,
}

impl Source {
    /// A file, or a folder: its files in the order of their names, folders within it too, but
    /// nothing whose name begins with a dot, and no file that by its name holds no flow logs.
    /// A [`Selection`] narrows a folder down.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(SourceKind::Path(path.into()))
    }

    /// Standard input. A file that is redirected there is read like a file.
    pub fn stdin() -> Self {
        Self(SourceKind::Stdin)
    }
}

/// One file or stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file by its path.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// What to call it in messages.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
        }
    }

    /// Where it lies, if it is a file.
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdin => None,
        }
    }

    /// Opens it and looks at its first bytes.
    ///
    /// # Errors
    /// What the system says; [`ErrorKind::Container`] for kinds of files that hold no text.
    pub fn open(&self) -> Result<Opened, Error> {
        match self {
            Self::File(path) => Opened::new(File::open(path)?, false),
            // A second handle of the same open file: reading by position leaves no trace in it.
            Self::Stdin => Opened::new(io::stdin().as_fd().try_clone_to_owned()?.into(), true),
        }
    }
}

/// An open input.
#[derive(Debug)]
pub enum Opened {
    /// A plain file, readable at any place.
    Plain(RangedFile),
    /// A gzip file.
    Gzip(RangedFile),
    /// A zstd file.
    Zstd(RangedFile),
    /// A Parquet file.
    Parquet(RangedFile),
    /// Anything that can only be read from front to back; what has been read of it stands first.
    Stream {
        /// The first bytes, at least two unless there are no more.
        head: Vec<u8>,
        /// The rest.
        rest: File,
    },
}

/// A file that is read by position.
#[derive(Debug)]
pub struct RangedFile {
    file: File,
    /// Where reading begins: not 0 if some of standard input was consumed before.
    base: u64,
    bytes: u64,
    stamp: Stamp,
}

/// The first bytes of a Parquet file, and its last.
const PARQUET_MAGIC: [u8; 4] = *b"PAR1";

/// Signatures of files that hold no flow-log text, and what to do about it.
const FOREIGN: [(&[u8], &str); 5] = [
    (&PARQUET_MAGIC, "a Parquet file can't be read from a pipe or unpacked; give its path"),
    (b"PK\x03\x04", "a zip archive; unpack it first: unzip -p FILE | flowagg"),
    (b"BZh", "bzip2-compressed; decompress it first: bzcat FILE | flowagg"),
    (b"\xfd7zXZ\0", "xz-compressed; decompress it first: xzcat FILE | flowagg"),
    (b"Obj\x01", "an Avro file, which this version does not read"),
];

/// Where a tar archive has a signature: in the header of its first file.
const TAR_AT: usize = 257;
const TAR_MAGIC: &[u8] = b"ustar";
const TAR: &str = "a tar archive; unpack it first: tar -xOf FILE | flowagg";

/// Bytes that are looked at for what a file is.
const SIGNATURE_BYTES: usize = TAR_AT + TAR_MAGIC.len();

/// Says so if these first bytes are of a kind of file that holds no text.
///
/// # Errors
/// [`ErrorKind::Container`].
pub fn refuse_foreign(head: &[u8]) -> Result<(), Error> {
    let found = FOREIGN.iter().find(|(signature, _)| head.starts_with(signature));
    // No text has zeros, which fill what a header's fields leave.
    let is_tar = || {
        let parts = head.split_at_checked(TAR_AT);
        parts.is_some_and(|(head, rest)| head.contains(&0) && rest.starts_with(TAR_MAGIC))
    };
    let hint = found.map(|&(_, hint)| hint).or_else(|| is_tar().then_some(TAR)).map(str::to_owned);
    match hint.or_else(|| utf_16(head).map(|hint| format!("{hint} FILE | flowagg"))) {
        Some(hint) => Err(Error::new(ErrorKind::Container, hint)),
        None => Ok(()),
    }
}

impl Opened {
    fn new(mut file: File, may_have_moved: bool) -> Result<Self, Error> {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(Error::new(ErrorKind::Io, "a folder, expected a file"));
        }
        if !metadata.is_file() {
            let mut head = vec![0; 64 * 1024];
            let mut filled = 0;
            while filled < 2 {
                match file.read(&mut head[filled..]) {
                    Ok(0) => break,
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
            head.truncate(filled);
            refuse_foreign(&head)?;
            return Ok(Self::Stream { head, rest: file });
        }
        let base = if may_have_moved { file.stream_position()? } else { 0 };
        let bytes = metadata.len().saturating_sub(base);
        let ranged = RangedFile { file, base, bytes, stamp: Stamp::of(&metadata) };
        let mut head = [0; SIGNATURE_BYTES];
        let filled = ranged.read_at(&mut head, 0)?;
        let head = &head[..filled];
        if head.starts_with(&PARQUET_MAGIC) {
            return Ok(Self::Parquet(ranged));
        }
        refuse_foreign(head)?;
        Ok(match head {
            _ if head.starts_with(&GZIP_MAGIC) => Self::Gzip(ranged),
            _ if is_zstd(head) => Self::Zstd(ranged),
            _ => Self::Plain(ranged),
        })
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&RangedFile> {
        match self {
            Self::Plain(file) | Self::Gzip(file) | Self::Zstd(file) | Self::Parquet(file) => {
                Some(file)
            }
            Self::Stream { .. } => None,
        }
    }
}

impl RangedFile {
    /// Its size when it was opened.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Which file it was when it was opened.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Fills `buffer` with the bytes at `place`; fewer only at the end of the file.
    ///
    /// # Errors
    /// What the system says.
    pub fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let place = self.base + place + filled as u64;
            match self.file.read_at(&mut buffer[filled..], place) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// A reader from the front.
    pub fn reader(&self) -> impl Read {
        RangedReader { file: self, place: 0 }
    }
}

struct RangedReader<'a> {
    file: &'a RangedFile,
    place: u64,
}

impl Read for RangedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.file.read_at(buffer, self.file.base + self.place)?;
        self.place += count as u64;
        Ok(count)
    }
}
