//! zstd, all frames, as a stream. Skippable frames, which some writers put in, hold no text.

use std::io::{self, BufReader, Read};

use zstd::stream::read::Decoder;

use crate::error::{Error, ErrorKind};

/// The first bytes of a frame (RFC 8878, section 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The last three bytes of a skippable frame's magic; the first is 0x50 to 0x5f (section 3.1.2).
const SKIPPABLE_MAGIC: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Whether a stream that begins like this is compressed with zstd.
pub fn is_zstd(head: &[u8]) -> bool {
    let is_skippable = |head: &[u8]| {
        head.len() > 3 && head[0] & 0xf0 == 0x50 && head[1..].starts_with(&SKIPPABLE_MAGIC)
    };
    head.starts_with(&ZSTD_MAGIC) || is_skippable(head)
}

/// Decodes all frames of a stream as it comes. Its errors hold an [`Error`] that says what is
/// wrong with the stream.
///
/// # Errors
/// If there is no memory for a decoder.
pub fn reader<'a>(compressed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let compressed = BufReader::with_capacity(128 * 1024, compressed);
    Ok(Box::new(Described(Decoder::with_buffer(compressed)?)))
}

struct Described<R>(R);

impl<R: Read> Read for Described<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            // The decoder passes on what its own source says, in our own words or the system's.
            let is_told = error.get_ref().is_some_and(|inner| inner.is::<Error>());
            match is_told || error.raw_os_error().is_some() {
                true => error,
                false => io::Error::other(Error::new(ErrorKind::Zstd, describe(&error))),
            }
        })
    }
}

/// What an error of the decoder says to people.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the zstd stream is cut short".to_owned(),
        _ if text.contains("frame descriptor") => {
            "something that is no zstd frame follows the last one".to_owned()
        }
        _ if text.contains("too much memory") => {
            "the zstd stream needs a window of more than 128 MiB; decompress it first: \
             zstd -dc --long=31 FILE | flowagg"
                .to_owned()
        }
        _ => format!("the zstd stream is damaged ({})", text.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 3).unwrap()
    }

    fn streamed(file: &[u8]) -> Result<Vec<u8>, String> {
        let mut text = Vec::new();
        let mut reader = reader(file).unwrap();
        reader.read_to_end(&mut text).map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn all_frames_are_decoded() {
        let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0], &b"abc"[..]].concat();
        let (one, two) = (frame(b"abc\n"), frame(&b"2 123 eni-1\n".repeat(50_000)));
        let file = [&skippable[..], &one, &two, &skippable, &one].concat();
        let text = [&b"abc\n"[..], &b"2 123 eni-1\n".repeat(50_000), b"abc\n"].concat();
        assert!(is_zstd(&file) && is_zstd(&one) && !is_zstd(b"P*M") && !is_zstd(b"2 123"));
        assert_eq!(streamed(&file).unwrap(), text);
        assert_eq!(streamed(&frame(b"")).unwrap(), b"");
    }

    #[test]
    fn damage_is_found_and_named() {
        let file = frame(&b"2 123 eni-1 10.0.0.1\n".repeat(100));
        for cut in [5, file.len() / 2, file.len() - 1] {
            let error = streamed(&file[..cut]).unwrap_err();
            assert_eq!(error, "the zstd stream is cut short", "{cut}");
        }
        let garbage = [&file[..], b"garbage, long enough for a header"].concat();
        assert!(streamed(&garbage).unwrap_err().contains("no zstd frame"));
        let mut flipped = frame(&(0..=255).collect::<Vec<u8>>().repeat(9));
        flipped[6] ^= 0xff;
        assert!(streamed(&flipped).is_err());
    }
}
