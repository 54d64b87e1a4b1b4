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
    fault: Option<io::Error>,
}

impl<R: Read> Window<R> {
    /// Nothing of what a reader gives.
    pub fn new(reader: R) -> Self {
        let read_bytes = READ_BYTES.0;
        let (bytes, start, end) = (Vec::new(), 0, 0);
        Self { reader, bytes, start, end, read_bytes, has_ended: false, fault: None }
    }

    /// What is held.
    pub fn text(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Whether nothing comes after it.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether that is so because the reader failed.
    pub fn has_failed(&self) -> bool {
        self.fault.is_some()
    }

    /// Passes over so much of it, and gives that.
    pub fn pass(&mut self, length: usize) -> &[u8] {
        let start = self.start;
        self.start += length;
        &self.bytes[start..self.start]
    }

    /// What the reader said when it failed, which ended the stream.
    pub fn fault(&mut self) -> Option<io::Error> {
        self.fault.take()
    }

    /// Reads more; false at the end of the stream, and if the reader fails.
    pub fn more(&mut self) -> bool {
        if self.has_ended {
            return false;
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
        let count = loop {
            match self.reader.read(room) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.fault = Some(error);
                    break 0;
                }
            }
        };
        self.read_bytes = (2 * self.read_bytes).min(READ_BYTES.1);
        self.end += count;
        self.has_ended = count == 0;
        !self.has_ended
    }
}
