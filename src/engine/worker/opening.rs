//! From an input to its blocks: what it is wrapped in decides who reads it, and how.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memchr;

use super::super::order::{Before, Order};
use super::super::schedule::{Parcel, Preface, SharedTable};
use super::Worker;
use crate::container::{self, Contents, HEAD_BYTES, Piece, Rows, Stated, Table};
use crate::error::{Error, ErrorKind};
use crate::layout::{Layout, Opening};
use crate::record::Reason;
use crate::scan::{PAD, Padded};
use crate::source::{
    GZIP_MAGIC, Inflater, Opened, RangedFile, WHOLE_BYTES_MAX, is_zstd, refuse_foreign, whole_bytes,
};

/// Bytes of files that are decoded whole, and of their texts, that need not be taken of the run's
/// memory: each thread has so much anyway. Most files of flow logs do with it.
const WHOLE_BYTES_FREE: usize = if cfg!(debug_assertions) { 0 } else { 2 << 20 };

impl Worker<'_, '_> {
    /// Opens an input; whether all that is in it is for everybody, and none of it is read yet.
    pub(super) fn open(&mut self, input: usize) -> Result<bool, Error> {
        let opened = self.run.inputs[input].open()?;
        if let Some(file) = opened.file() {
            self.note_bytes(input, file.bytes(), Some(file.stamp()));
        }
        let count = Cell::new(0);
        match opened {
            Opened::Plain(file) => {
                let mut head = vec![0; HEAD_BYTES.min(file.bytes() as usize)];
                let filled = file.read_at(&mut head, 0)?;
                if container::is_plain(&head[..filled], self.run.wanted) {
                    let layout = self.opening(input, &head[..filled]);
                    self.note_containers(input, &[container::TEXT]);
                    let blocks = file.bytes().div_ceil(self.run.block_bytes as u64);
                    self.put(|output| output.end_part(input, 0, blocks));
                    self.put(|output| output.end_input(input, 1));
                    self.schedule.share(input, file, layout);
                    return Ok(true);
                }
                self.stream(input, self.counted(file.reader(), &count))?;
            }
            Opened::Gzip(file) => self.gzip_file(input, &file)?,
            Opened::Zstd(file) => self.stream(input, self.counted(file.reader(), &count))?,
            Opened::Parquet(file) => return self.table(input, file).map(|()| true),
            Opened::Stream { head, rest } => {
                let stream = std::io::Read::chain(head.as_slice(), rest);
                let result = self.stream(input, self.counted(stream, &count));
                self.note_bytes(input, count.get(), None);
                result?;
            }
        }
        Ok(false)
    }

    fn counted<'a, R>(&self, stream: R, count: &'a Cell<u64>) -> Counted<'a, R>
    where
        Self: 'a,
    {
        Counted { stream, count, progress: &self.run.progress.bytes }
    }

    /// A gzip file: decoded whole if it is small and of one member and there is memory for it,
    /// else as a stream.
    fn gzip_file(&mut self, input: usize, file: &RangedFile) -> Result<(), Error> {
        if file.bytes() <= WHOLE_BYTES_MAX && self.has_room(file.bytes() as usize, 0) {
            let mut compressed = std::mem::take(&mut self.compressed);
            compressed.resize(file.bytes() as usize, 0);
            let count = file.read_at(&mut compressed, 0)?;
            let mut inflater = self.inflater.take().unwrap_or_else(Inflater::new);
            let bytes = whole_bytes(&compressed[..count]);
            let is_room = bytes.is_some_and(|bytes| self.has_room(count, bytes));
            let decoded = if is_room { inflater.decode(&compressed[..count]) } else { None };
            let is_decoded = match decoded {
                Some((text, length)) if self.is_plain(&text[..length]) => {
                    self.count_bytes(count);
                    self.whole_text(input, text, length);
                    true
                }
                _ => false,
            };
            self.inflater = Some(inflater);
            self.compressed = compressed;
            if is_decoded {
                return Ok(());
            }
        }
        self.stream(input, self.counted(file.reader(), &Cell::new(0)))
    }

    /// Whether there is memory for a compressed file of so many bytes, and for its text: what is
    /// there from other files, or what is taken of the run's.
    fn has_room(&mut self, compressed: usize, text: usize) -> bool {
        let [old_compressed, old_text] = self.whole_bytes;
        let new = [old_compressed.max(compressed), old_text.max(text)];
        let cost = |bytes: [usize; 2]| (bytes[0] + bytes[1]).saturating_sub(WHOLE_BYTES_FREE);
        let is_room = self.run.spill.budget().try_take(cost(new) - cost(self.whole_bytes));
        if is_room {
            self.whole_bytes = new;
        }
        is_room
    }

    /// Gives that memory back, when nothing more is read.
    pub(super) fn give_room_back(&mut self) {
        let [compressed, text] = std::mem::take(&mut self.whole_bytes);
        let bytes = (compressed + text).saturating_sub(WHOLE_BYTES_FREE);
        self.run.spill.budget().give(bytes);
        (self.compressed, self.inflater) = (Vec::new(), None);
    }

    /// The layout of the first lines of an input: as many as are looked at, or all.
    fn opening(&mut self, input: usize, head: &[u8]) -> Arc<Layout> {
        if let Some(layout) = &self.run.layout {
            return Arc::clone(layout);
        }
        if self.headers.begin(head) {
            return Arc::clone(&self.run.version_2);
        }
        match Layout::opening(head, head.len() < HEAD_BYTES) {
            Opening::Known(layout) if layout != *self.run.version_2 => Arc::new(layout),
            Opening::Unknown { columns, line } if self.run.has_headers() => {
                let line = String::from_utf8_lossy(&line).escape_debug().to_string();
                let values = if columns == 1 { "value" } else { "values" };
                let fault = format!(
                    "no header, and a first line of {columns} {values}, whose columns are not \
                     known; type --format with the fields of the log: {line}"
                );
                self.fault_once(input, Error::new(ErrorKind::Layout, fault));
                Arc::new(Layout::unknown())
            }
            Opening::Stated | Opening::Known(_) | Opening::Unknown { .. } => {
                Arc::clone(&self.run.version_2)
            }
        }
    }

    fn is_plain(&self, text: &[u8]) -> bool {
        let is_compressed = text.starts_with(&GZIP_MAGIC) || is_zstd(text);
        !is_compressed && container::is_plain(&text[..text.len().min(HEAD_BYTES)], self.run.wanted)
    }

    /// A text that was decoded whole, cut into blocks where it lies.
    fn whole_text(&mut self, input: usize, text: &mut [u8], mut length: usize) {
        if length > 0 && text[length - 1] != b'\n' {
            self.check_last_event(input, &text[..length]);
            text[length] = b'\n';
            length += 1;
        }
        if let Err(error) = refuse_foreign(&text[..length]) {
            self.faults.push((input, error));
            return;
        }
        self.note_containers(input, &[container::GZIP, container::TEXT]);
        let layout = self.opening(input, &text[..length.min(HEAD_BYTES)]);
        let order = Order::new(layout);
        let mut start = 0;
        while start < length && !self.run.is_stopped() {
            let number = self.blocks;
            self.blocks += 1;
            let middle = (start + self.run.block_bytes).min(length) - 1;
            let end = memchr(b'\n', &text[middle..length]).map_or(length, |at| middle + at + 1);
            let block = Padded::new(&text[start..end + PAD], end - start);
            self.block(input, block, order.turn(number), Preface::of_text(number));
            start = end;
        }
    }

    /// Says so if a text whose last line has no newline ends in the middle of a JSON event, where
    /// these are asked for.
    pub(super) fn check_last_event(&mut self, input: usize, text: &[u8]) {
        if self.run.wanted.json
            && let Err(error) = container::check_last_event(text)
        {
            self.fault_once(input, error);
        }
    }

    /// A stream: decoded here, worked on by whoever is idle.
    fn stream(&mut self, input: usize, stream: impl std::io::Read) -> Result<(), Error> {
        let Contents { mut pieces, head, containers } =
            container::open(stream, self.run.wanted, self.run.block_bytes)?;
        self.note_containers(input, &containers);
        let layout = head.map(|head| self.opening(input, &head));
        let mut order = layout.map(Order::new);
        let mut has_rows = false;
        loop {
            self.pause();
            let mut buffer = self.schedule.buffer();
            match pieces.next(&mut buffer) {
                Piece::Block { length, headers, stated } => {
                    if stated != Stated::Nothing {
                        has_rows = matches!(stated, Stated::Rows(_));
                    }
                    let layout = match stated {
                        Stated::Layout(layout) | Stated::Rows(layout) => Some(layout),
                        Stated::Nothing if order.is_some() => None,
                        Stated::Nothing | Stated::Text => {
                            Some(self.opening(input, &buffer[..length.min(HEAD_BYTES)]))
                        }
                    };
                    // The first block has a layout.
                    let first = || layout.as_ref().unwrap_or(&self.run.version_2);
                    let order = order.get_or_insert_with(|| Order::new(Arc::clone(first())));
                    let number = self.blocks;
                    self.blocks += 1;
                    let turn = order.turn(number);
                    let preface = Preface { headers, layout, has_rows, ..Preface::of_text(number) };
                    let parcel = Parcel { input, buffer, length, turn, preface };
                    if let Some(parcel) = self.schedule.offer(parcel) {
                        self.parcel(parcel);
                    }
                    if self.run.is_stopped() {
                        return Ok(());
                    }
                }
                Piece::End { result, partial } => {
                    self.schedule.recycle(buffer);
                    if partial {
                        let before = std::mem::take(&mut self.notes.tally);
                        self.notes.tally.lines += 1;
                        self.notes.tally.count_malformed(Reason::Cut);
                        self.close_tally(input, before);
                    }
                    return result;
                }
            }
        }
    }

    /// A Parquet file: its row groups are for whoever is idle.
    fn table(&mut self, input: usize, file: RangedFile) -> Result<(), Error> {
        if !self.run.wanted.records {
            let text = "a Parquet file, which holds records, and only JSON events are asked for";
            return Err(Error::new(ErrorKind::Container, text));
        }
        let table = Table::open(file, &self.run.columns)?;
        self.note_containers(input, &[container::PARQUET]);
        if let Some(files) = &mut self.files {
            files.entry(input).or_default().whole = Some(Arc::clone(table.whole()));
        }
        self.put(|output| output.end_input(input, table.groups()));
        let unread = table.bytes().saturating_sub(table.bytes_wanted());
        self.run.progress.leave_out(unread);
        self.schedule.share_table(input, table);
        Ok(())
    }

    /// A row group: decoded here, worked on by whoever is idle.
    pub(super) fn group(&mut self, shared: &SharedTable, number: usize) -> Result<(), Error> {
        let SharedTable { input, table } = shared;
        let mut group = table.group(number, self.run.block_bytes, self.run.level);
        loop {
            self.pause();
            let mut buffer = self.schedule.buffer();
            let Some(Rows { length, before, decoded }) = group.next(&mut buffer)? else {
                self.schedule.recycle(buffer);
                self.count_bytes(table.group_bytes(number) as usize);
                return Ok(());
            };
            let before = Before { layout: Arc::clone(table.layout()), lines: before };
            let turn = Order::after(before).turn(0);
            let place = (number, self.blocks);
            self.blocks += 1;
            let preface = Preface {
                is_table: true,
                has_rows: table.has_rows(),
                decoded,
                place,
                ..Preface::default()
            };
            let parcel = Parcel { input: *input, buffer, length, turn, preface };
            if let Some(parcel) = self.schedule.offer(parcel) {
                self.parcel(parcel);
            }
            if self.run.is_stopped() {
                return Ok(());
            }
        }
    }
}

/// A reader that counts what is read.
struct Counted<'a, R> {
    stream: R,
    /// Of this stream.
    count: &'a Cell<u64>,
    /// Of the run.
    progress: &'a AtomicU64,
}

impl<R: std::io::Read> std::io::Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.count.set(self.count.get() + count as u64);
        self.progress.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
