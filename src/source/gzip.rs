//! gzip, all members: libdeflate for files of usual size, zlib-rs for streams and large ones.
//!
//! libdeflate decodes whole buffers only, which is why it is fast and why it gets files of
//! bounded size alone. It does not say how much of its input a member took, so files of several
//! members go to zlib-rs; [`is_one_member`] tells them apart without doubt.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use memchr::memmem;

use crate::error::{Error, ErrorKind};
use crate::scan::PAD;

/// The first bytes of a gzip member (RFC 1952, section 2.3.1).
pub const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// All bytes of a member's header that are the same for each: those and the method.
const MEMBER_BEGIN: [u8; 3] = [GZIP_MAGIC[0], GZIP_MAGIC[1], 8];

/// Bytes of a stream that are read at once.
const READ_BYTES: usize = 128 * 1024;

/// Compressed files up to this size are decoded whole: with the next limit all that S3 gets from
/// flow logs, at any usual rate of compression. Whole decoding takes two fifths less time than a
/// stream, parsing included, on texts of 23 MB.
pub const WHOLE_BYTES_MAX: u64 = 16 << 20;
/// What may become of such a file: AWS ends files at 75 MB. Larger ones would take much memory on
/// every thread.
const DECODED_BYTES_MAX: usize = 80 << 20;
/// Memory for texts grows by this much at a time.
const DECODED_BYTES_STEP: usize = 1 << 20;
/// Bytes of a member after its compressed data: CRC-32 and length.
const FOOTER_BYTES: usize = 8;
/// The place of a member's flags, and the flag of a checksum of its header (section 2.3.1).
const HEADER_CHECKSUM: (usize, u8) = (3, 1 << 1);

/// Decodes gzip files of bounded size. Its memory is kept from one file to the next.
pub struct Inflater {
    decoder: libdeflater::Decompressor,
    decoded: Vec<u8>,
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater").field("decoded", &self.decoded.len()).finish()
    }
}

impl Inflater {
    /// A decoder without memory yet.
    pub fn new() -> Self {
        Self { decoder: libdeflater::Decompressor::new(), decoded: Vec::new() }
    }

    /// Decodes a file of exactly one undamaged member that is not too large; none for anything
    /// else, which is for [`reader`] to read. The text has one byte and `PAD` bytes of room
    /// after it.
    pub fn decode(&mut self, file: &[u8]) -> Option<(&mut [u8], usize)> {
        let footer = file.len().checked_sub(4).and_then(|at| file[at..].first_chunk())?;
        let stated = u32::from_le_bytes(*footer) as usize;
        // libdeflate passes over a checksum of the header, which may be wrong.
        let has_checksum = file.get(HEADER_CHECKSUM.0).is_some_and(|f| f & HEADER_CHECKSUM.1 != 0);
        if stated > DECODED_BYTES_MAX || has_checksum {
            return None;
        }
        if self.decoded.len() < room(stated) {
            self.decoded.resize(room(stated), 0);
        }
        let length = self.decoder.gzip_decompress(file, &mut self.decoded[..stated]).ok()?;
        is_one_member(file, &self.decoded[..length])
            .then_some((&mut self.decoded[..length + 1 + PAD], length))
    }
}

/// Bytes of memory that it takes to decode a file whole; none if it is too large for that.
pub fn whole_bytes(file: &[u8]) -> Option<usize> {
    let footer = file.len().checked_sub(4).and_then(|at| file[at..].first_chunk())?;
    let stated = u32::from_le_bytes(*footer) as usize;
    (stated <= DECODED_BYTES_MAX).then(|| room(stated))
}

/// Bytes of memory for a text: it grows in steps.
fn room(text: usize) -> usize {
    (text + 1 + PAD).next_multiple_of(DECODED_BYTES_STEP)
}

/// Whether the first member of `file`, which decodes to `text`, is all of it.
///
/// A member ends with the CRC and length of its text. If the first place where those eight bytes
/// stand is the end of the file, no place before it can be the member's end.
fn is_one_member(file: &[u8], text: &[u8]) -> bool {
    let mut footer = [0; FOOTER_BYTES];
    footer[..4].copy_from_slice(&libdeflater::crc32(text).to_le_bytes());
    footer[4..].copy_from_slice(&(text.len() as u32).to_le_bytes());
    memmem::find(file, &footer) == file.len().checked_sub(FOOTER_BYTES)
}

/// Decodes all members of a stream as it comes. Its errors hold an [`Error`] that says what is
/// wrong with the stream.
pub fn reader<'a>(compressed: impl Read + 'a) -> Box<dyn Read + 'a> {
    let ahead =
        Ahead { inner: Box::new(compressed), buffer: vec![0; READ_BYTES], start: 0, end: 0 };
    Box::new(Described(Members(GzDecoder::new(ahead))))
}

/// Members one after the other. What follows the last one is looked at before it is taken for a
/// header: a few bytes of anything else are no member that is cut.
struct Members<'a>(GzDecoder<Ahead<'a>>);

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.0.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let head = self.0.get_mut().peek(MEMBER_BEGIN.len())?;
            if head.is_empty() {
                return Ok(0);
            }
            if !MEMBER_BEGIN.starts_with(&head[..head.len().min(MEMBER_BEGIN.len())]) {
                let what = "something that is no gzip member follows the last one";
                return Err(io::Error::other(Error::new(ErrorKind::Gzip, what)));
            }
            let ahead = std::mem::take(self.0.get_mut());
            self.0.reset(ahead);
        }
    }
}

/// A reader with a buffer in which a few bytes can be looked at.
struct Ahead<'a> {
    inner: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    /// What is read and not yet taken.
    start: usize,
    end: usize,
}

impl Default for Ahead<'_> {
    fn default() -> Self {
        Self { inner: Box::new(io::empty()), buffer: Vec::new(), start: 0, end: 0 }
    }
}

impl Ahead<'_> {
    /// At least the next `count` bytes, unless there are no more.
    fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.end - self.start < count {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }
}

impl Read for Ahead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Ahead<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}

struct Described<R>(R);

impl<R: Read> Read for Described<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            // The decoder passes on what its own source says, which may be a stream of gzip too.
            match error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
                true => error,
                false => io::Error::other(Error::new(ErrorKind::Gzip, describe(&error))),
            }
        })
    }
}

/// What an error of the decoder says to people.
fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the gzip stream is cut short".to_owned(),
        _ => format!("the gzip stream is damaged ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn whole(file: &[u8]) -> Option<Vec<u8>> {
        let mut inflater = Inflater::new();
        inflater.decode(file).map(|(text, length)| text[..length].to_vec())
    }

    fn streamed(file: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        reader(file).read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn one_member_is_decoded_whole() {
        for text in [&b"a"[..], &b"2 123 eni-1\n".repeat(10_000)] {
            assert_eq!(whole(&member(text)).as_deref(), Some(text));
            assert_eq!(streamed(&member(text)).unwrap(), text);
        }
        // The footer of an empty text is all zeros, which stand earlier too: left to the stream.
        assert_eq!(whole(&member(b"")), None);
        assert_eq!(streamed(&member(b"")).unwrap(), b"");
    }

    #[test]
    fn several_members_are_never_cut_to_the_first() {
        let (one, two) = (member(b"abc\n"), member(b"defghi\n"));
        for (files, text) in [
            (vec![&one, &two], "abc\ndefghi\n"),
            (vec![&two, &one], "defghi\nabc\n"),
            (vec![&one, &one], "abc\nabc\n"),
            (vec![&one, &one, &one], "abc\nabc\nabc\n"),
        ] {
            let file = files.into_iter().flatten().copied().collect::<Vec<u8>>();
            assert_eq!(whole(&file), None);
            assert_eq!(streamed(&file).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn checksums_of_headers_are_checked() {
        let plain = member(b"2 123 eni-1\n");
        let mut header = [0x1f, 0x8b, 8, HEADER_CHECKSUM.1, 0, 0, 0, 0, 0, 255].to_vec();
        let checksum = libdeflater::crc32(&header) as u16;
        header.extend_from_slice(&checksum.to_le_bytes());
        let file = [&header, &plain[10..]].concat();
        assert_eq!((whole(&file), &*streamed(&file).unwrap()), (None, &b"2 123 eni-1\n"[..]));
        header[10] ^= 1;
        let file = [&header, &plain[10..]].concat();
        assert_eq!(whole(&file), None);
        assert!(streamed(&file).unwrap_err().to_string().contains("damaged"));
    }

    #[test]
    fn damage_is_found_and_named() {
        let file = member(&b"2 123 eni-1 10.0.0.1\n".repeat(100));
        let cut = &file[..file.len() - 9];
        assert_eq!(whole(cut), None);
        assert_eq!(streamed(cut).unwrap_err().to_string(), "the gzip stream is cut short");
        let mut flipped = file.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 1;
        assert_eq!(whole(&flipped), None);
        assert!(streamed(&flipped).unwrap_err().to_string().contains("damaged"));
    }

    #[test]
    fn what_follows_the_last_member_is_a_cut_one_or_none() {
        let text = b"2 123 eni-1 10.0.0.1\n".repeat(100);
        let file = member(&text);
        let said = |rest: &[u8]| {
            let all = [&file[..], rest].concat();
            assert_eq!(whole(&all), None);
            // Whatever pieces the bytes come in.
            let mut read = Vec::new();
            let pieces = all[..file.len()].chain(&all[file.len()..]);
            let error = reader(pieces).read_to_end(&mut read).unwrap_err().to_string();
            assert!(read.starts_with(&text));
            assert_eq!(streamed(&all).unwrap_err().to_string(), error);
            error
        };
        for length in 1..file.len() {
            assert_eq!(said(&file[..length]), "the gzip stream is cut short", "{length}");
        }
        let other = "something that is no gzip member follows the last one";
        let long = b"garbage, long enough for a header";
        for length in 1..long.len() {
            assert_eq!(said(&long[..length]), other, "{length}");
            assert_eq!(said(&vec![0; length]), other, "{length}");
        }
        for rest in [&[0x1f, 0][..], &[0x1f, 0x8b, 0], &[0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(said(rest), other, "{rest:?}");
        }
    }
}
