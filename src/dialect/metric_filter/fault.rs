//! What is wrong with a pattern: first what CloudWatch says, then the place, then what to write.

use std::ops::Range;

use crate::error::{Error, ErrorKind};

/// What CloudWatch says of good tokens in a wrong order.
const INVALID: &str = "Invalid metric filter pattern";

/// The most columns that a message shows of a pattern.
const SHOWN_MAX: usize = 80;

/// How many of these stand before the caret, if the pattern is longer.
const BEFORE_MAX: usize = 50;

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In CloudWatch's words.
    says: String,
    /// Where the caret stands: a byte of the pattern.
    at: usize,
    /// What was expected.
    advice: String,
}

impl Fault {
    /// A fault for which CloudWatch has words of its own.
    pub fn new(says: impl Into<String>, at: usize, advice: impl Into<String>) -> Self {
        Self { says: says.into(), at, advice: advice.into() }
    }

    /// A good token that does not belong here.
    pub fn misplaced(at: usize, advice: impl Into<String>) -> Self {
        Self::new(INVALID, at, advice)
    }

    /// A term that is read up to a character that cannot be in it; the caret stands there.
    pub fn characters(text: &str, term: Range<usize>, advice: impl Into<String>) -> Self {
        let last = text[term.clone()].chars().next_back().map_or(0, char::len_utf8);
        let at = term.end - last;
        Self::new(invalid_characters(&text[term]), at, advice)
    }

    /// A term whose end is missing; the caret stands where it begins.
    pub fn unclosed(text: &str, at: usize, advice: impl Into<String>) -> Self {
        Self::new(invalid_characters(text[at..].trim_ascii_end()), at, advice)
    }

    /// The error that shows all of this.
    pub fn into_error(self, pattern: &str) -> Error {
        let (window, column) = window(pattern.trim_ascii_end(), self.at);
        let blanks = " ".repeat(column);
        let message = format!("{}\n  {window}\n  {blanks}^ {}", self.says, self.advice);
        Error::new(ErrorKind::Pattern, message)
    }
}

/// What CloudWatch says of a term.
pub fn invalid_characters(term: &str) -> String {
    let mut shown = String::new();
    let mut columns = 0;
    for cell in term.chars().map(self::shown) {
        columns += cell.chars().count();
        if columns > SHOWN_MAX {
            shown.push_str("...");
            break;
        }
        shown.push_str(&cell);
    }
    format!("Invalid character(s) in term '{shown}'")
}

/// A character as a terminal may see it: on one line, and nothing that moves the others.
pub fn shown(character: char) -> String {
    match character {
        '\t' | '\n' | '\r' => " ".to_owned(),
        ' '..='~' => character.to_string(),
        _ => character.escape_debug().to_string(),
    }
}

/// The part of a pattern around a place, on one line, and the column of the place in it.
pub fn window(pattern: &str, at: usize) -> (String, usize) {
    let cells: Vec<String> = pattern.chars().map(shown).collect();
    let widths: Vec<usize> = cells.iter().map(|cell| cell.chars().count()).collect();
    let place = pattern.char_indices().take_while(|(start, _)| *start < at).count();
    let width = |from: usize, to: usize| widths[from..to].iter().sum::<usize>();
    if width(0, cells.len()) <= SHOWN_MAX {
        return (cells.concat(), width(0, place));
    }
    let dots = "...";
    let mut from = place;
    while from > 0 && width(from - 1, place) <= BEFORE_MAX {
        from -= 1;
    }
    let mut to = place;
    while to < cells.len() && width(from, to + 1) <= SHOWN_MAX - 2 * dots.len() {
        to += 1;
    }
    let before = if from > 0 { dots } else { "" };
    let after = if to < cells.len() { dots } else { "" };
    let column = before.len() + width(from, place);
    (format!("{before}{}{after}", cells[from..to].concat()), column)
}
