//! Streams cut into blocks of whole lines.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

use crate::scan::PAD;

/// Cuts what a reader gives into blocks of whole lines.
pub struct Cutter<'a> {
    reader: Box<dyn Read + 'a>,
    block_bytes: usize,
    line_bytes_max: usize,
    /// The beginning of a line whose end is still to come.
    carry: Vec<u8>,
    /// Whether the rest of an overlong line is being skipped.
    is_skipping: bool,
    /// Whether the last line had no newline.
    is_open: bool,
    ended: Option<io::Result<()>>,
}

/// What a cutter gives.
#[derive(Debug)]
pub enum Cut {
    /// The buffer holds this many bytes of whole lines, and padding.
    Block(usize),
    /// There is no more. `partial` says that the last line was cut by an error and dropped.
    End {
        /// Whether the stream ended as it should.
        result: io::Result<()>,
        /// Whether there was a line without an end, which is lost.
        partial: bool,
    },
}

impl<'a> Cutter<'a> {
    /// Cuts blocks of about `block_bytes` with lines of less than `line_bytes_max`; longer lines
    /// are cut to that length.
    pub fn new(reader: Box<dyn Read + 'a>, block_bytes: usize, line_bytes_max: usize) -> Self {
        Self {
            reader,
            block_bytes,
            line_bytes_max,
            carry: Vec::new(),
            is_skipping: false,
            is_open: false,
            ended: None,
        }
    }

    /// Puts the next block into `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Cut {
        let mut filled = self.carry.len();
        make_room(buffer, self.block_bytes.max(filled));
        buffer[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        // The carry holds no newline.
        let mut searched = filled;
        loop {
            if self.ended.is_none() {
                filled = self.read(buffer, filled);
            }
            let newline = memrchr(b'\n', &buffer[searched..filled]).map(|at| searched + at + 1);
            searched = filled;
            if let Some(result) = self.ended.take() {
                return self.finish(buffer, filled, newline, result);
            }
            if let Some(end) = newline {
                self.carry.extend_from_slice(&buffer[end..filled]);
                return Cut::Block(end);
            }
            if filled >= self.line_bytes_max {
                buffer[self.line_bytes_max] = b'\n';
                self.is_skipping = true;
                return Cut::Block(self.line_bytes_max + 1);
            }
            make_room(buffer, (2 * filled).min(self.line_bytes_max));
        }
    }

    /// Whether the block was the last, and its last line had no newline.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The last block, or the end after it.
    fn finish(
        &mut self,
        buffer: &mut [u8],
        filled: usize,
        newline: Option<usize>,
        result: io::Result<()>,
    ) -> Cut {
        let end = newline.unwrap_or(0);
        if filled == 0 || (end == 0 && result.is_err()) {
            return Cut::End { result, partial: filled > 0 };
        }
        if result.is_ok() && end < filled {
            // The last line lacks its newline, which is fine.
            buffer[filled] = b'\n';
            self.is_open = true;
            self.ended = Some(result);
            return Cut::Block(filled + 1);
        }
        self.carry.extend_from_slice(&buffer[end..filled]);
        self.ended = Some(result);
        Cut::Block(end)
    }

    /// Reads until the buffer has a block's bytes or the stream ends.
    fn read(&mut self, buffer: &mut [u8], mut filled: usize) -> usize {
        let limit = buffer.len() - 1 - PAD;
        while filled < limit {
            match self.reader.read(&mut buffer[filled..limit]) {
                Ok(0) => {
                    self.ended = Some(Ok(()));
                    break;
                }
                Ok(count) if self.is_skipping => {
                    let found = memchr(b'\n', &buffer[filled..filled + count]);
                    if let Some(newline) = found {
                        buffer.copy_within(filled + newline + 1..filled + count, filled);
                        filled += count - newline - 1;
                        self.is_skipping = false;
                    }
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = Some(Err(error));
                    break;
                }
            }
        }
        filled
    }
}

/// Makes sure that `bytes`, a newline and the padding fit.
pub fn make_room(buffer: &mut Vec<u8>, bytes: usize) {
    let needed = bytes + 1 + PAD;
    if buffer.len() < needed {
        buffer.resize(needed, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives a few bytes at a time and then, perhaps, an error.
    struct Trickle<'a>(&'a [u8], usize, bool);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() && self.2 {
                return Err(io::Error::other("broken"));
            }
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn cut(text: &str, block: usize, trickle: usize, breaks: bool) -> (Vec<String>, bool, bool) {
        let reader = Box::new(Trickle(text.as_bytes(), trickle, breaks));
        let mut cutter = Cutter::new(reader, block, 10);
        let (mut blocks, mut buffer) = (Vec::new(), Vec::new());
        loop {
            match cutter.next(&mut buffer) {
                Cut::Block(length) => {
                    assert!(buffer.len() >= length + PAD);
                    blocks.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
                }
                Cut::End { result, partial } => return (blocks, result.is_ok(), partial),
            }
        }
    }

    #[test]
    fn blocks_hold_whole_lines_whatever_the_sizes() {
        let text = "a\nbc\n\ndef\nghijk\nl";
        for block in 1..20 {
            for trickle in 1..20 {
                let (blocks, ok, partial) = cut(text, block, trickle, false);
                assert_eq!(blocks.concat(), format!("{text}\n"), "{block} {trickle}");
                assert!(blocks.iter().all(|block| block.ends_with('\n')));
                assert!(ok && !partial);
                let (blocks, ok, partial) = cut(text, block, trickle, true);
                assert_eq!(blocks.concat(), "a\nbc\n\ndef\nghijk\n");
                assert!(!ok && partial);
            }
        }
        assert_eq!(cut("", 4, 1, false), (vec![], true, false));
        assert_eq!(cut("", 4, 1, true), (vec![], false, false));
        assert_eq!(cut("a\n", 4, 9, true), (vec!["a\n".to_owned()], false, false));
    }

    #[test]
    fn overlong_lines_are_cut_and_the_next_line_is_whole() {
        for block in 1..30 {
            for trickle in 1..30 {
                let text = format!("a\n{}\nb\n{}\n", "x".repeat(37), "y".repeat(9));
                let (blocks, ok, _) = cut(&text, block, trickle, false);
                let lines: Vec<String> = blocks.concat().lines().map(str::to_owned).collect();
                assert_eq!(lines.len(), 4, "{block} {trickle} {lines:?}");
                assert!(lines[1].len() >= 10 && lines[1].chars().all(|c| c == 'x'));
                assert_eq!((&*lines[0], &*lines[2], &*lines[3]), ("a", "b", "yyyyyyyyy"));
                assert!(ok);
            }
        }
    }
}
