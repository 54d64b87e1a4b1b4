//! The lines of one input, one after the other: for whoever looks at each and adds up nothing.

use std::io::Read;
use std::ops::ControlFlow;

use super::{Cut, Cutter, GZIP_MAGIC, Opened, Selection, Source, SourceKind, expand, gzip_reader};
use super::{is_zstd, zstd_reader};
use crate::error::{Error, ErrorKind};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 64 * 1024;

/// Lines of this many bytes are more than any event of CloudWatch Logs, which has 256 KiB.
const LINE_BYTES_MAX: usize = 1 << 20;

/// The byte order mark that some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Calls `visit` with every line of a source that is not empty and has less than 1 MiB, without
/// its end, until it breaks off.
///
/// ```
/// use std::ops::ControlFlow;
/// use flowagg::{Source, messages};
/// let mut lines = 0;
/// messages(&Source::path("testdata/sample.log"), |_| {
///     lines += 1;
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(lines, 1001);
/// # Ok::<(), flowagg::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Io`], [`ErrorKind::Gzip`], [`ErrorKind::Zstd`] or [`ErrorKind::Container`] if the
/// source cannot be read to its end; lines before that were visited. Also of lines that are too
/// long; all others were visited then. A folder is no source of lines.
pub fn messages(
    source: &Source,
    mut visit: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(), Error> {
    if let SourceKind::Path(path) = &source.0
        && path.is_dir()
    {
        return Err(Error::new(ErrorKind::Io, "a folder, expected a file"));
    }
    let mut expansion = expand(std::slice::from_ref(source), &Selection::new(), (None, None));
    if let Some((_, _, error)) = expansion.faults.pop() {
        return Err(error);
    }
    let [input] = expansion.inputs.as_slice() else {
        return Err(Error::new(ErrorKind::Internal, "a file is not one input"));
    };
    let opened = input.open()?;
    let reader: Box<dyn Read> = match &opened {
        Opened::Plain(file) => Box::new(file.reader()),
        Opened::Gzip(file) => gzip_reader(file.reader()),
        Opened::Zstd(file) => zstd_reader(file.reader())?,
        Opened::Parquet(_) => {
            let text = "a Parquet file, which holds columns and no events";
            return Err(Error::new(ErrorKind::Container, text));
        }
        Opened::Stream { head, rest } => {
            let reader = head.as_slice().chain(rest);
            match head.as_slice() {
                head if head.starts_with(&GZIP_MAGIC) => gzip_reader(reader),
                head if is_zstd(head) => zstd_reader(reader)?,
                _ => Box::new(reader),
            }
        }
    };
    let mut cutter = Cutter::new(reader, BLOCK_BYTES, LINE_BYTES_MAX);
    let (mut buffer, mut number, mut long) = (Vec::new(), 0u64, Long::default());
    loop {
        match cutter.next(&mut buffer) {
            Cut::Block(length) => {
                for line in buffer[..length].split_inclusive(|&byte| byte == b'\n') {
                    number += 1;
                    let line = line.strip_suffix(b"\n").unwrap_or(line);
                    if line.len() >= LINE_BYTES_MAX {
                        long.add(number);
                        continue;
                    }
                    let mark = if number == 1 { BYTE_ORDER_MARK } else { b"" };
                    let line = line.strip_prefix(mark).unwrap_or(line);
                    let line = line.strip_suffix(b"\r").unwrap_or(line);
                    if !line.is_empty() && visit(line).is_break() {
                        return Ok(());
                    }
                }
            }
            Cut::End { result, .. } => {
                return long.join(result.map_err(Error::from));
            }
        }
    }
}

/// Lines that are too long for an event.
#[derive(Default)]
struct Long {
    lines: u64,
    first: u64,
}

impl Long {
    fn add(&mut self, number: u64) {
        if self.lines == 0 {
            self.first = number;
        }
        self.lines += 1;
    }

    /// Tells of them beside what else happened.
    fn join(self, result: Result<(), Error>) -> Result<(), Error> {
        let text = match self {
            Self { lines: 0, .. } => return result,
            Self { lines: 1, first } => {
                format!("line {first} has 1 MiB or more, no event is so long; it was not tested")
            }
            Self { lines, first } => format!(
                "{lines} lines have 1 MiB or more, no event is so long; they were not tested, the \
                 first of them is line {first}"
            ),
        };
        Err(match result {
            Ok(()) => Error::new(ErrorKind::Io, text),
            Err(error) => Error::new(error.kind(), format!("{error}; {text}")),
        })
    }
}
