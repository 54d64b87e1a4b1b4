//! The one error type: what was found, what was expected, what to do instead, in one line.
//!
//! Malformed records are not errors: they are counted by the [`Tally`](crate::Tally). A source
//! that cannot be read is not one either while other sources can: it becomes a
//! [`Fault`](crate::Fault) of the report. What is left are questions that make no sense and
//! rules that are not valid.

use std::fmt;

/// What went wrong, as far as a program wants to tell cases apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file, folder or stream could not be read.
    Io,
    /// A gzip stream is cut, damaged or followed by something that is no gzip member.
    Gzip,
    /// A zstd stream is cut, damaged or followed by something that is no zstd frame.
    Zstd,
    /// A file is of a kind that holds no flow-log text.
    Container,
    /// Nothing says what the columns of a file are.
    Layout,
    /// A glob is not valid, or none selects a file.
    Selection,
    /// A query asks for something that does not fit together.
    Query,
    /// A Contributor Insights rule is not valid, or asks for what this version does not do.
    Rule,
    /// A metric filter pattern is not valid.
    Pattern,
    /// An expression about records is not valid.
    Expression,
    /// A metric filter is not valid.
    Filter,
    /// A file of names, of AWS's ranges, of countries or of autonomous systems is not valid.
    Names,
    /// The processor lacks the instructions that were asked for.
    Simd,
    /// Contributors outgrew the memory that they may take, and could not be kept elsewhere.
    Memory,
    /// A worker stopped in the middle of its work; a bug of this library.
    Internal,
}

/// An error of this library: a kind and a message of one or more lower-case lines.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// Makes an error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// The most characters that a message shows of a word that was typed or read.
const SHOWN_MAX: usize = 60;

/// Whether a terminal would obey a character: controls, ends of lines, and what turns the direction
/// of a text.
pub(crate) fn is_obeyed(character: char) -> bool {
    let is_turn = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || is_turn || matches!(character, '\u{2028}' | '\u{2029}')
}

/// The beginning of a word, with nothing in it that a terminal would obey.
pub(crate) fn excerpt(word: &str) -> String {
    let shown: String = word.chars().take(SHOWN_MAX).collect();
    let dots = if shown.len() < word.len() { "..." } else { "" };
    format!("{}{dots}", shown.escape_debug())
}

/// The same in quotes.
pub(crate) fn shown(word: &str) -> String {
    format!("\"{}\"", excerpt(word))
}

/// What to say of a file that is given to this program, if it begins as UTF-16 does: with a byte
/// order mark, and one of the characters that have a zero there, as all that this program reads.
pub(crate) fn utf_16(text: &[u8]) -> Option<&'static str> {
    let is_it = |(mark, first): (&[u8; 2], &[u8; 2])| {
        matches!(mark, b"\xff\xfe" | b"\xfe\xff") && first.contains(&0)
    };
    let (mark, rest) = text.split_first_chunk()?;
    rest.first_chunk().is_some_and(|first| is_it((mark, first))).then_some(
        "UTF-16 text, as PowerShell's `>` writes it, expected UTF-8; convert it first: iconv -f \
         UTF-16 -t UTF-8",
    )
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        // A reader of ours says what is wrong in our own words.
        let error = match error.downcast::<Self>() {
            Ok(error) => return error,
            Err(error) => error,
        };
        // Rust's text ends in "(os error 2)", which tells an incident responder nothing.
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default().to_lowercase();
        Self::new(ErrorKind::Io, text)
    }
}
