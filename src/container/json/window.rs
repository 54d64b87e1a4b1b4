//! The part of a stream that is held.

use std::io::{self, Read};

/// Bytes that are read at once, first and later: the content of an envelope is often short.
const READ_BYTES: (usize, usize) = (8 << 10, 256 << 10);

/// What is held of a stream: it grows at its end, and is passed from its front.
pub struct Window<R> {
    reader: R,
    /// The text is a part of it; what is behind was read into before.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    read_bytes: usize,
    has_ended: bool,
}

impl<R: Read> Window<R> {
    /// Nothing of what a reader gives.
    pub fn new(reader: R) -> Self {
        let read_bytes = READ_BYTES.0;
        Self { reader, bytes: Vec::new(), start: 0, end: 0, read_bytes, has_ended: false }
    }

    /// What is held.
    pub fn text(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Whether nothing comes after it.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Passes over so much of it, and gives that.
    pub fn pass(&mut self, length: usize) -> &[u8] {
        let start = self.start;
        self.start += length;
        &self.bytes[start..self.start]
    }

    /// Reads more; false at the end of the stream.
    ///
    /// # Errors
    /// What the reader says, after which nothing comes.
    pub fn more(&mut self) -> io::Result<bool> {
        if self.has_ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let room = self.end..self.end + self.read_bytes;
        if self.bytes.len() < room.end {
            self.bytes.resize(room.end, 0);
        }
        let room = &mut self.bytes[room];
        let read = loop {
            match self.reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.read_bytes = (2 * self.read_bytes).min(READ_BYTES.1);
        self.end += read.as_ref().copied().unwrap_or(0);
        self.has_ended = !matches!(read, Ok(1..));
        read.map(|count| count > 0)
    }
}
