//! The tokens of an expression.

use super::fault::Fault;

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
    /// A parenthesis, bracket, comma or operator; `&&`, `||` and `==` are one each.
    Symbol(&'a str),
    /// A text without quotes: a name, a value or a keyword.
    Word(&'a str),
    /// What a text in quotes means.
    Quoted(String),
    /// The name of a file after `@`.
    File(String),
}

/// The symbols, longer ones before those that they begin with.
const SYMBOLS: [&str; 18] = [
    "&&", "||", "!=", "!~", "==", "<=", ">=", "<", ">", "=", "~", "!", "(", ")", "[", "]", ",", "|",
];

/// Cuts an expression into tokens.
pub fn tokens(text: &str) -> Result<Vec<Token<'_>>, Fault> {
    // Messages and plans show expressions, and terminals would obey these.
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if let Some(place) = text.find(is_control) {
        let advice = "expected characters that can be seen; in a regular expression write \\x1b";
        return Err(Fault::new("a control character", place, advice));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (length, kind) = match first {
            '\'' | '"' => {
                let (length, meant) = quoted(rest).ok_or_else(|| unclosed(at, first))?;
                (length, Kind::Quoted(meant))
            }
            '@' => match rest[1..].chars().next() {
                Some(quote @ ('\'' | '"')) => {
                    let (length, meant) =
                        quoted(&rest[1..]).ok_or_else(|| unclosed(at + 1, quote))?;
                    (1 + length, Kind::File(meant))
                }
                _ => {
                    let length = 1 + word(&rest[1..]);
                    if length == 1 {
                        let advice = "expected the name of a file, as in @addresses.txt";
                        return Err(Fault::new("no file after @", at, advice));
                    }
                    (length, Kind::File(rest[1..length].to_owned()))
                }
            },
            _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                Some(symbol) => (symbol.len(), Kind::Symbol(&rest[..symbol.len()])),
                None if first == '&' => {
                    return Err(Fault::new("a single &", at, "expected `and`, or &&"));
                }
                None => {
                    let length = word(rest);
                    (length, Kind::Word(&rest[..length]))
                }
            },
        };
        if let Kind::Quoted(meant) | Kind::File(meant) = &kind
            && meant.contains(char::is_control)
        {
            let advice = "expected a text on one line, without tabs";
            return Err(Fault::new("a control character in a text", at, advice));
        }
        tokens.push(Token { start: at, end: at + length, kind });
        at += length;
    }
}

/// How long the word is that a text begins with.
fn word(text: &str) -> usize {
    let is_end = |c: char| c.is_whitespace() || "()[],=!<>~&|'\"".contains(c);
    text.find(is_end).unwrap_or(text.len())
}

/// How long the text in quotes is that this begins with, and what it means: a quote is written
/// twice, and nothing else is special, so that regular expressions stay as they are.
fn quoted(text: &str) -> Option<(usize, String)> {
    let quote = text.chars().next()?;
    let mut meant = String::new();
    let mut characters = text[1..].char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character != quote {
            meant.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            meant.push(quote);
        } else {
            return Some((1 + at + 1, meant));
        }
    }
    None
}

fn unclosed(at: usize, quote: char) -> Fault {
    let advice = format!("expected a second {quote}; inside quotes write {quote}{quote} for one");
    Fault::new("a text without an end", at, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn words_symbols_texts_and_files() {
        use Kind::{File, Quoted, Symbol, Word};
        assert_eq!(
            kinds("srcaddr!=10.0.0.0/8&&(bytes>=1m||!port 1-5)"),
            [
                Word("srcaddr"),
                Symbol("!="),
                Word("10.0.0.0/8"),
                Symbol("&&"),
                Symbol("("),
                Word("bytes"),
                Symbol(">="),
                Word("1m"),
                Symbol("||"),
                Symbol("!"),
                Word("port"),
                Word("1-5"),
                Symbol(")"),
            ]
        );
        assert_eq!(
            kinds("[a,b]~'it''s \\d \"' @x.txt @'a b'"),
            [
                Symbol("["),
                Word("a"),
                Symbol(","),
                Word("b"),
                Symbol("]"),
                Symbol("~"),
                Quoted("it's \\d \"".to_owned()),
                File("x.txt".to_owned()),
                File("a b".to_owned()),
            ]
        );
        assert_eq!(kinds(" \u{a0}\u{e9} \n"), [Word("\u{e9}")]);
        for wrong in ["'", "\"a'", "'a''", "@", "@ x", "@'x", "a & b", "\u{1b}", "'\t'"] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }
}
