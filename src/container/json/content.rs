//! What the data in an envelope stands for: base64 of text, which may be compressed.

use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, ErrorKind};
use crate::source::{GZIP_MAGIC, gzip_reader};

/// What all the data in one value may unpack to. A value that is no page has 4 MiB, so 3 MiB of
/// data, and flow logs shrink to a tenth or so.
pub const CONTENT_BYTES_MAX: u64 = 64 << 20;

/// What a string of base64 stands for, up to so many bytes, and why that is not all of it; none if
/// it is no such string.
pub fn unpacked(spelled: &str, bytes_max: u64) -> Option<(Vec<u8>, Option<io::Error>)> {
    let data: String = serde_json::from_str(spelled).ok()?;
    let data = STANDARD.decode(data.trim()).ok()?;
    let mut text = Vec::new();
    let mut reader: Box<dyn Read> = match data.starts_with(&GZIP_MAGIC) {
        true => Box::new(gzip_reader(data.as_slice())),
        false => Box::new(data.as_slice()),
    };
    let read = (&mut reader).take(bytes_max).read_to_end(&mut text);
    let fault = match read.and_then(|_| reader.read(&mut [0])) {
        Err(fault) => Some(fault),
        Ok(0) => None,
        Ok(_) => {
            let text = format!("more than {} MiB in one value", CONTENT_BYTES_MAX >> 20);
            Some(io::Error::other(Error::new(ErrorKind::Container, text)))
        }
    };
    Some((text, fault))
}
