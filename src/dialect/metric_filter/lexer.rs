//! The tokens of JSON and space-delimited patterns, and the quoted texts and expressions that all
//! patterns have.
//!
//! A pattern is cut into tokens as a whole before it is read, as CloudWatch does: of several
//! mistakes a character that belongs nowhere is named first.

use super::fault::Fault;
use crate::pattern::Step;

/// What a wrong character in a pattern of either language gets as advice.
const QUOTE: &str = "expected a name, an operator or a value; quote a value with other characters";

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Token<'a> {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is.
    pub kind: Kind<'a>,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind<'a> {
    /// An operator, parenthesis, brace, bracket or comma.
    Symbol(&'a str),
    /// A text without quotes: a name, number, value or keyword.
    Word(&'a str),
    /// What a text in quotes means.
    Quoted(String),
    /// An expression between its percent signs.
    Regex(&'a str),
    /// The `$` of a selector, with its first step.
    First(Step),
    /// A later step of a selector.
    Later(Step),
}

/// Which patterns are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `[...]`
    Fields,
    /// `{...}`
    Json,
}

impl Language {
    /// Whether a word may have this in it.
    fn has_in_word(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
            || b".*-_+".contains(&byte)
            || self == Self::Fields && b"/:".contains(&byte)
    }

    fn symbols(self) -> &'static str {
        match self {
            Self::Fields => "[](),=<>",
            Self::Json => "{}()=<>",
        }
    }
}

/// Cuts a pattern into tokens.
pub fn tokens(text: &str, language: Language) -> Result<Vec<Token<'_>>, Fault> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens: Vec<Token> = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let Some(first) = lexer.peek() else { return Ok(tokens) };
        let is_step_next = tokens.last().is_some_and(|last| {
            last.end == start && matches!(last.kind, Kind::First(_) | Kind::Later(_))
        });
        let kind = match first {
            b'"' => Kind::Quoted(lexer.quoted()?),
            b'%' => Kind::Regex(lexer.regex()?),
            b'$' if language == Language::Json => {
                lexer.at += 1;
                Kind::First(lexer.step(start)?)
            }
            b'.' if is_step_next => Kind::Later(lexer.step(start)?),
            b'[' if language == Language::Json => Kind::Later(lexer.step(start)?),
            b'&' | b'|' => Kind::Symbol(lexer.pair(first)?),
            b'!' => Kind::Symbol(lexer.pair(b'=')?),
            _ if language.has_in_word(first) => Kind::Word(lexer.word(language)),
            _ if language.symbols().as_bytes().contains(&first) => {
                lexer.at += 1;
                if matches!(first, b'<' | b'>') && lexer.peek() == Some(b'=') {
                    lexer.at += 1;
                }
                Kind::Symbol(&text[start..lexer.at])
            }
            _ => return Err(lexer.bad_character(start, QUOTE)),
        };
        tokens.push(Token { start, end: lexer.at, kind });
    }
}

/// A place in a pattern.
#[derive(Debug)]
pub struct Lexer<'a> {
    /// The whole pattern.
    pub text: &'a str,
    /// How much of it is read.
    pub at: usize,
}

impl<'a> Lexer<'a> {
    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes on to what is no blank; whether there was one.
    pub fn skip_blanks(&mut self) -> bool {
        let start = self.at;
        self.skip(|byte| byte.is_ascii_whitespace());
        self.at > start
    }

    /// Goes on to a byte that is not so; all before it are ASCII.
    pub fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.at += 1;
        }
    }

    /// The fault that the next character is, in a term from `start` on.
    pub fn bad_character(&self, start: usize, advice: impl Into<String>) -> Fault {
        let rest = self.text[self.at..].trim_ascii_end();
        match rest.chars().next() {
            Some(bad) => Fault::characters(self.text, start..self.at + bad.len_utf8(), advice),
            None => Fault::unclosed(self.text, start, advice),
        }
    }

    /// Reads `&&`, `||` or `!=`.
    fn pair(&mut self, second: u8) -> Result<&'a str, Fault> {
        let start = self.at;
        self.at += 1;
        if self.peek() != Some(second) {
            let advice = match second {
                b'=' => "expected != between what is tested and a value; there is no other !",
                b'&' => "expected &&",
                _ => "expected ||",
            };
            return Err(self.bad_character(start, advice));
        }
        self.at += 1;
        Ok(&self.text[start..self.at])
    }

    fn word(&mut self, language: Language) -> &'a str {
        let start = self.at;
        self.skip(|byte| language.has_in_word(byte));
        &self.text[start..self.at]
    }

    /// Reads a text in quotes.
    pub fn quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut meant = String::new();
        let mut rest = self.text[start + 1..].char_indices();
        while let Some((_, character)) = rest.next() {
            match character {
                '"' => {
                    self.at = self.text.len() - rest.as_str().len();
                    return Ok(meant);
                }
                '\\' if rest.as_str().starts_with(['"', '\\']) => {
                    meant.extend(rest.next().map(|(_, escaped)| escaped));
                }
                _ => meant.push(character),
            }
        }
        let advice = "expected a second \"; inside quotes write \\\" for a quote";
        Err(Fault::unclosed(self.text, start, advice))
    }

    /// Reads an expression up to its second percent sign. What it says is not looked at.
    pub fn regex(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        self.at += 1;
        self.skip(|byte| {
            byte.is_ascii_alphanumeric() || b" :_#=@/;,-^$?[]{}|\\*+.".contains(&byte)
        });
        match self.peek() {
            Some(b'%') => {
                self.at += 1;
                Ok(&self.text[start + 1..self.at - 1])
            }
            None => {
                let advice = "expected a second %, as in %ERROR%";
                Err(Fault::unclosed(self.text, start, advice))
            }
            Some(byte) => {
                let advice = match byte {
                    b'(' | b')' => format!(
                        "expected no groups; write \\x{byte:02x} for the character {}",
                        char::from(byte)
                    ),
                    b'!'..=b'~' => format!(
                        "not allowed in an expression; write \\x{byte:02x} for {}",
                        char::from(byte)
                    ),
                    _ => "expected letters and digits of ASCII, blanks, :_#=@/;,- or one of the \
                          operators ^$?[]{}|\\*+."
                        .to_owned(),
                };
                Err(self.bad_character(start, advice))
            }
        }
    }

    /// Reads a step of a selector: `.key`, `.*`, `[0]`, `[*]`, `['key']` or `.['key']`.
    fn step(&mut self, start: usize) -> Result<Step, Fault> {
        let expected = "expected a step such as .name, .*, [0], [*] or .['a name']";
        let has_dot = self.peek() == Some(b'.');
        if has_dot {
            self.at += 1;
        }
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let from = self.at;
        match self.peek() {
            Some(b'[') => self.bracketed(start, has_dot),
            Some(b'*') if has_dot => {
                self.at += 1;
                Ok(Step::Members)
            }
            Some(first) if has_dot && is_key(first) => {
                self.skip(is_key);
                Ok(Step::Name(self.text[from..self.at].to_owned()))
            }
            _ => Err(self.bad_character(start, expected)),
        }
    }

    /// Reads the rest of a step from its bracket on.
    fn bracketed(&mut self, start: usize, has_dot: bool) -> Result<Step, Fault> {
        self.at += 1;
        let from = self.at;
        let step = match self.peek() {
            Some(b'\'') => {
                let Some(length) = self.text[from + 1..].find('\'') else {
                    return Err(Fault::unclosed(self.text, start, "expected a second '"));
                };
                self.at = from + 1 + length + 1;
                Step::Name(self.text[from + 1..from + 1 + length].to_owned())
            }
            Some(b'*') if !has_dot => {
                self.at += 1;
                Step::Values
            }
            Some(b'0'..=b'9') if !has_dot => {
                self.skip(|byte| byte.is_ascii_digit());
                // A place beyond all numbers is beyond all arrays.
                Step::Place(self.text[from..self.at].parse().unwrap_or(usize::MAX))
            }
            _ if has_dot => {
                return Err(self.bad_character(start, "expected a name in ', as in .['a name']"));
            }
            _ => {
                let advice = "expected a place counted from 0, * or a name in ', as in [0]";
                return Err(self.bad_character(start, advice));
            }
        };
        if self.peek() != Some(b']') {
            return Err(self.bad_character(start, "expected ]"));
        }
        self.at += 1;
        Ok(step)
    }
}
