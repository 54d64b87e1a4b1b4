//! Files of values, as `in @FILE` and `find @FILE` name them: one on each line.

use crate::error::{Error, ErrorKind, utf_16};

/// The first word of each line that has one, with the line's number; comments begin with `#`, and
/// what follows the first word is one. A byte order mark is none.
///
/// # Errors
/// [`ErrorKind::Expression`] for text in UTF-16, which has no words that could be read.
///
/// # Examples
/// ```
/// let file = b"# ours\n\n10.0.0.0/8 the old net\n";
/// let words: Vec<_> = flowagg::dialect::values_in(file)?.collect();
/// assert_eq!(words, [(3, &b"10.0.0.0/8"[..])]);
/// # Ok::<(), flowagg::Error>(())
/// ```
pub fn values_in(file: &[u8]) -> Result<impl Iterator<Item = (usize, &[u8])>, Error> {
    if let Some(message) = utf_16(file) {
        return Err(Error::new(ErrorKind::Expression, message));
    }
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'#';
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', text).chain([text.len()]);
    let lines = ends.zip(1..).map(move |(end, number)| {
        let line = text[start..end].trim_ascii_start();
        start = end + 1;
        (number, &line[..line.iter().position(is_end).unwrap_or(line.len())])
    });
    Ok(lines.filter(|(_, word)| !word.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_first_in_their_lines() {
        let words = |file: &[u8]| -> Vec<(usize, String)> {
            let text = |(line, word): (usize, &[u8])| (line, String::from_utf8_lossy(word).into());
            values_in(file).unwrap().map(text).collect()
        };
        let file = b"\xef\xbb\xbf10.0.0.1\r\n# none\n\n \t22#ssh\n80 443\n\xff";
        let expected =
            [(1, "10.0.0.1"), (4, "22"), (5, "80"), (6, "\u{fffd}")].map(|(n, w)| (n, w.into()));
        assert_eq!(words(file), expected);
        assert_eq!(words(b""), []);
    }

    #[test]
    fn text_in_utf_16_is_told() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let file: Vec<u8> = "\u{feff}22\n".encode_utf16().flat_map(bytes).collect();
            let error = values_in(&file).map(|_| ()).unwrap_err();
            assert!(error.to_string().contains("convert it first: iconv -f UTF-16"), "{error}");
        }
    }
}
