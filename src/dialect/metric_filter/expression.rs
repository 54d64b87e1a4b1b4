//! Regular expressions as metric filters have them, put into the words of the `regex` crate.
//!
//! The small language is read in full and written anew: what the crate has beyond it (lazy
//! quantifiers, set operators, names of classes) cannot come in by accident. Characters are
//! compared and not bytes, though the classes that have a name are of ASCII.

use regex::bytes::{Regex, RegexBuilder};

/// What CloudWatch says of an expression that makes no sense.
pub const UNCOMPILED: &str = "Failed to compile regular expression.";

/// The memory that an expression may take: enough for `.{0,5000}`, and not for all that 1,024
/// characters can ask for.
const BYTES_MAX: usize = 16 << 20;

/// What is wrong with an expression: where, and what was expected.
type Wrong = (usize, &'static str);

/// Compiles what stands between the percent signs.
pub fn compile(text: &str) -> Result<Regex, Wrong> {
    let too_large = |_| (0, "too large, expected fewer or smaller repetitions");
    let mut builder = RegexBuilder::new(&translated(text)?);
    builder.size_limit(BYTES_MAX).dfa_size_limit(BYTES_MAX / 8);
    builder.build().map_err(too_large)
}

/// The expression in the syntax of the crate.
pub fn translated(text: &str) -> Result<String, Wrong> {
    if text.is_empty() {
        return Err((0, "expected an expression between the percent signs, as in %ERROR%"));
    }
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    let mut written = String::new();
    let mut is_repeatable = false;
    while let Some(byte) = reader.next() {
        let at = reader.at - 1;
        let mut is_atom = true;
        match byte {
            b'^' | b'$' | b'|' => {
                written.push_str(match byte {
                    b'^' => "\\A",
                    b'$' => "\\z",
                    _ => "|",
                });
                is_atom = false;
            }
            b'.' => written.push_str("[^\\n]"),
            b'*' | b'+' | b'?' | b'{' => {
                if !is_repeatable {
                    return Err((
                        at,
                        "expected something to repeat before this; write \\ first \
                                     for the character",
                    ));
                }
                match byte {
                    b'{' => written.push_str(&reader.bounds(at)?),
                    _ => written.push(char::from(byte)),
                }
                is_atom = false;
            }
            b'[' => write_class(&reader.class(at)?, &mut written),
            b']' | b'}' => {
                return Err((
                    at,
                    "expected what opens this before it; write \\ first for the \
                                 character",
                ));
            }
            b'\\' => match reader.escape(at)? {
                Atom::Byte(byte) => write_byte(byte, &mut written),
                Atom::Class(class) => write_class(&class, &mut written),
            },
            _ => write_byte(byte, &mut written),
        }
        is_repeatable = is_atom;
    }
    Ok(written)
}

/// The characters below U+0100 that a class has, and whether it has all others.
type Class = [bool; 257];

/// What an escape means.
enum Atom {
    Byte(u8),
    Class(Box<Class>),
}

/// A place in an expression.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Reads what follows a backslash, which is at `at`.
    fn escape(&mut self, at: usize) -> Result<Atom, Wrong> {
        let class = |is_in: fn(u8) -> bool, is_negated: bool| {
            let byte = |place: usize| u8::try_from(place).is_ok_and(is_in) != is_negated;
            Ok(Atom::Class(Box::new(std::array::from_fn(byte))))
        };
        let digit: fn(u8) -> bool = |byte| byte.is_ascii_digit();
        let blank: fn(u8) -> bool = |byte| matches!(byte, b' ' | b'\t' | b'\n');
        let word: fn(u8) -> bool = |byte| byte.is_ascii_alphanumeric() || byte == b'_';
        match self.next() {
            Some(b'd') => class(digit, false),
            Some(b'D') => class(digit, true),
            Some(b's') => class(blank, false),
            Some(b'S') => class(blank, true),
            Some(b'w') => class(word, false),
            Some(b'W') => class(word, true),
            Some(b'x') => {
                let digits = self.text.get(self.at..self.at + 2);
                let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
                let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
                match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(byte) => {
                        self.at += 2;
                        Ok(Atom::Byte(byte))
                    }
                    None => Err((at, "expected two hexadecimal digits, as in \\x28")),
                }
            }
            Some(byte) if byte.is_ascii_punctuation() || byte == b' ' => Ok(Atom::Byte(byte)),
            Some(_) => Err((at, "expected \\d, \\D, \\s, \\S, \\w, \\W, \\x28 or an operator")),
            None => Err((at, "expected a character after this")),
        }
    }

    /// Reads the bounds of a repetition, whose brace is at `at`.
    fn bounds(&mut self, at: usize) -> Result<String, Wrong> {
        let wrong = Err((at, "expected bounds such as {3}, {3,}, {,5} or {3,5}"));
        let first = self.digits();
        let comma = self.peek() == Some(b',');
        if comma {
            self.at += 1;
        }
        let last = if comma { self.digits() } else { first };
        if self.next() != Some(b'}') {
            return wrong;
        }
        match (first, last) {
            (Some(Err(())), _) | (_, Some(Err(()))) => {
                Err((at, "too large, expected fewer repetitions"))
            }
            (Some(Ok(first)), Some(Ok(last))) if first <= last => Ok(format!("{{{first},{last}}}")),
            (Some(Ok(first)), None) => Ok(format!("{{{first},}}")),
            (None, Some(Ok(last))) => Ok(format!("{{0,{last}}}")),
            _ => wrong,
        }
    }

    /// Reads a number, if there is one.
    fn digits(&mut self) -> Option<Result<u32, ()>> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = &self.text[start..self.at];
        let number = || str::from_utf8(digits).ok()?.parse().ok();
        (!digits.is_empty()).then(|| number().ok_or(()))
    }

    /// Reads a class, whose bracket is at `at`.
    fn class(&mut self, at: usize) -> Result<Class, Wrong> {
        let mut class = [false; 257];
        let is_negated = self.peek() == Some(b'^');
        if is_negated {
            self.at += 1;
        }
        let start = self.at;
        loop {
            let first = match self.next() {
                None => return Err((at, "expected a ] after this")),
                Some(b']') if self.at - 1 == start => {
                    return Err((at, "expected characters between the brackets"));
                }
                Some(b']') => break,
                Some(byte) => self.member(byte)?,
            };
            let Atom::Byte(first) = first else {
                if let Atom::Class(other) = first {
                    class.iter_mut().zip(*other).for_each(|(is_in, other)| *is_in |= other);
                }
                continue;
            };
            let is_range = self.peek() == Some(b'-')
                && self.text.get(self.at + 1).is_some_and(|byte| *byte != b']');
            let mut last = first;
            if is_range {
                let dash = self.at;
                self.at += 2;
                let Ok(Atom::Byte(end)) = self.member(self.text[self.at - 1]) else {
                    return Err((dash, "expected a character at each end of a range"));
                };
                last = end;
                if last < first {
                    return Err((dash, "expected a range that goes up, as in a-z"));
                }
            }
            class[usize::from(first)..=usize::from(last)].fill(true);
        }
        Ok(class.map(|is_in| is_in != is_negated))
    }

    /// A member of a class, of which the first byte is read.
    fn member(&mut self, byte: u8) -> Result<Atom, Wrong> {
        if byte == b'\\' { self.escape(self.at - 1) } else { Ok(Atom::Byte(byte)) }
    }
}

/// Writes a byte so that it means itself.
fn write_byte(byte: u8, written: &mut String) {
    if byte.is_ascii_alphanumeric() {
        written.push(char::from(byte));
    } else {
        written.push_str(&format!("\\x{byte:02X}"));
    }
}

/// Writes a class as ranges of characters.
fn write_class(class: &Class, written: &mut String) {
    written.push('[');
    let mut rest = (0..=u8::MAX).peekable();
    while let Some(first) = rest.next() {
        if !class[usize::from(first)] {
            continue;
        }
        let mut last = first;
        while let Some(next) = rest.next_if(|&next| class[usize::from(next)]) {
            last = next;
        }
        write_byte(first, written);
        if last > first {
            written.push('-');
            write_byte(last, written);
        }
    }
    if class[256] {
        written.push_str("\\x{100}-\\x{10FFFF}");
    }
    if written.ends_with('[') {
        // Everything is excluded: `[^\d\D]` matches nothing.
        written.push_str("^\\x00-\\x{10FFFF}");
    }
    written.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_written_anew() {
        for (text, expected) in [
            ("abc", "abc"),
            ("^a$", "\\Aa\\z"),
            ("gra|ey", "gra|ey"),
            ("a.b", "a[^\\n]b"),
            ("a{,5}b{2}c{2,}d{2,3}", "a{0,5}b{2,2}c{2,}d{2,3}"),
            ("\\s", "[\\x09-\\x0A\\x20]"),
            ("\\d\\w", "[0-9][0-9A-Z\\x5Fa-z]"),
            ("[[&&a]", "[\\x26\\x5Ba]"),
            ("[--a~~]", "[\\x2D-a\\x7E]"),
            ("[a-c-e-]", "[\\x2Da-ce]"),
            ("[\\w-.]", "[\\x2D-\\x2E0-9A-Z\\x5Fa-z]"),
            ("[^\\x01-\\xff]", "[\\x00\\x{100}-\\x{10FFFF}]"),
            ("[^\\d\\D]", "[^\\x00-\\x{10FFFF}]"),
            ("\\x28\\.\\-\\/ ", "\\x28\\x2E\\x2D\\x2F\\x20"),
            ("[.*+?|$^{}]", "[\\x24\\x2A-\\x2B\\x2E\\x3F\\x5E\\x7B-\\x7D]"),
        ] {
            assert_eq!(translated(text).as_deref(), Ok(expected), "{text}");
            assert!(compile(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn expressions_that_make_no_sense() {
        for text in [
            "",
            "*a",
            "a**",
            "a+?",
            "a??",
            "a{2}{3}",
            "|*",
            "^*",
            "$+",
            "a|+",
            "{3}",
            "a{",
            "a{3,",
            "a{}",
            "a{,}",
            "a{3,2}",
            "a{x}",
            "a{-1}",
            "a{99999999999}",
            "a}",
            "a]",
            "[abc",
            "[",
            "[]",
            "[^]",
            "[]a]",
            "[z-a]",
            "[a-\\d]",
            "\\",
            "[\\",
            "[a-\\",
            "\\b",
            "\\n",
            "\\1",
            "\\x",
            "\\x2",
            "\\xg0",
            "\\pL",
            "a{1000000}",
            ".{1000}.{1000}.{1000000}",
        ] {
            assert!(compile(text).is_err(), "{text}");
        }
        // The largest that fit into a pattern are refused at once too.
        assert!(compile(&".{999}".repeat(170)).is_err());
    }

    #[test]
    fn expressions_search_bytes() {
        for (text, yes, no) in [
            (
                "^ERROR\\s[0-9]{3}$",
                &["ERROR 500", "ERROR\n500", "ERROR\t500"][..],
                &["ERROR 5000", "ERROR 500\n", "ERROR\r500", "x\nERROR 500"][..],
            ),
            ("10\\.10", &["010.101"], &["10010"]),
            ("^gra|ey", &["grab", "they"], &["a gray"]),
            ("^a.b$", &["a b"], &["a\nb", "ab"]),
            ("^[^a]$", &["\n", "b"], &["a", ""]),
            ("Trail", &["UpdateTrail"], &["trail"]),
            ("^a{,2}$", &["", "a", "aa"], &["aaa"]),
            ("^\\w$", &["a", "_"], &["\u{e9}", "-"]),
        ] {
            let regex = compile(text).unwrap();
            yes.iter()
                .for_each(|found| assert!(regex.is_match(found.as_bytes()), "{text} {found}"));
            no.iter()
                .for_each(|found| assert!(!regex.is_match(found.as_bytes()), "{text} {found}"));
        }
    }
}
