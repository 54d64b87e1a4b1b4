//! A plain file, range by range: the lines that start in each.

use memchr::memchr;

use super::Worker;
use crate::cut::{Chunk, Spot};
use crate::engine::order::Turn;
use crate::engine::schedule::{Preface, SharedFile};
use crate::record::LINE_BYTES_MAX;
use crate::scan::Padded;
use crate::source::make_room;

/// What is read beyond a range at once, to find the end of its last line.
const LINE_BYTES_USUAL: usize = 4096;

impl Worker<'_, '_> {
    /// The lines that start in the `number`th range of a file.
    pub(super) fn range(&mut self, file: &SharedFile, number: u64, turn: Turn) {
        let mut buffer = std::mem::take(&mut self.buffer);
        match self.read_range(file, number, &mut buffer) {
            Ok((start, end)) => {
                let block = Padded::new(&buffer[start..], end - start);
                self.block(file.input, block, turn, Preface::of_text(number));
            }
            Err(error) => {
                turn.take(0, None);
                let place = Spot { input: file.input, part: 0, block: number };
                self.put(|output| output.push(place, Chunk::default()));
                self.fault_once(file.input, error.into());
            }
        }
        self.buffer = buffer;
    }

    /// Reads a range; returns where in the buffer its lines are.
    ///
    /// The byte before the range is read too: a line starts at the range's first byte if that is
    /// a newline. And so many bytes after it as its last line has there.
    fn read_range(
        &mut self,
        file: &SharedFile,
        number: u64,
        buffer: &mut Vec<u8>,
    ) -> std::io::Result<(usize, usize)> {
        let (bytes, block) = (file.file.bytes(), self.run.block_bytes as u64);
        let (from, to) = (number * block, ((number + 1) * block).min(bytes));
        let read_from = from.saturating_sub(1);
        let own = (to - read_from) as usize;
        let left = (bytes - read_from) as usize;
        let mut wanted = (own + LINE_BYTES_USUAL).min(left);
        make_room(buffer, wanted);
        let mut filled = file.file.read_at(&mut buffer[..wanted], read_from)?;
        self.count_bytes((to - from) as usize);
        let start = match number {
            0 => 0,
            _ => match memchr(b'\n', &buffer[..filled.min(own - 1)]) {
                Some(newline) => newline + 1,
                None => return self.check_length(file, filled, wanted).map(|()| (0, 0)),
            },
        };
        // The range's last line begins here, or before.
        let last = own - 1;
        let mut searched = last;
        loop {
            self.check_length(file, filled, wanted)?;
            if let Some(newline) = memchr(b'\n', &buffer[searched..filled]) {
                return Ok((start, searched + newline + 1));
            }
            if filled == left || filled - last > LINE_BYTES_MAX {
                if filled == left {
                    self.check_last_event(file.input, &buffer[start..filled]);
                }
                buffer[filled] = b'\n';
                return Ok((start, filled + 1));
            }
            searched = filled;
            wanted = (2 * filled).min(left);
            make_room(buffer, wanted);
            let place = read_from + filled as u64;
            filled += file.file.read_at(&mut buffer[filled..wanted], place)?;
        }
    }

    fn check_length(&self, file: &SharedFile, got: usize, wanted: usize) -> std::io::Result<()> {
        if got == wanted {
            return Ok(());
        }
        let bytes = file.file.bytes();
        Err(std::io::Error::other(format!("became shorter than its {bytes} bytes while read")))
    }
}
