//! The tokens of a message, with where they begin in it.
//!
//! They are those of [`clf_tokens`](crate::record::clf_tokens), which reads lines and does not
//! say where its tokens begin. A message may have several lines.

use crate::record::is_blank;

/// A token of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// Where it begins, its opening quote or bracket included.
    pub start: usize,
    /// Its text, without quotes or brackets around it.
    pub text: &'a [u8],
}

/// The tokens of a message.
///
/// One that begins with `"` or `[` runs to the next `"` or `]`, and what is glued to that is the
/// next token; without such an end it is a token like any other.
pub fn spans(message: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let mut at = 0;
    // Where no partner follows once, none will: a message of quotes alone is searched only once.
    let mut is_open = [true; 2];
    std::iter::from_fn(move || {
        let start = at + message[at..].iter().position(|byte| !is_blank(byte))?;
        let rest = &message[start..];
        let partner = match rest[0] {
            b'"' => Some((b'"', 0)),
            b'[' => Some((b']', 1)),
            _ => None,
        };
        if let Some((partner, kind)) = partner.filter(|(_, kind)| is_open[*kind]) {
            if let Some(length) = memchr::memchr(partner, &rest[1..]) {
                at = start + length + 2;
                return Some(Token { start, text: &rest[1..=length] });
            }
            is_open[kind] = false;
        }
        let length = rest.iter().position(is_blank).unwrap_or(rest.len());
        at = start + length;
        Some(Token { start, text: &rest[..length] })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::clf_tokens;

    #[test]
    fn tokens_are_those_of_lines() {
        for line in [
            "",
            " \t\r",
            " a\t\tb  c\r",
            "a\x0bb\x0cc\rd\x0b",
            "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /a.gif HTTP/1.0\" 200 1534",
            "\"\" [] \" \"",
            "\"a\"b[c] [d]\"e\"",
            "a=\"b c\" x[0] ]",
            "[a [b] c]",
            "[\"a]\" b\" c",
            "ERROR \"unterminated words",
            "[a \"b c\" [d",
            "\" \" \" a",
            "\"",
        ] {
            let found: Vec<&[u8]> = spans(line.as_bytes()).map(|token| token.text).collect();
            assert_eq!(found, clf_tokens(line.as_bytes()).collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn tokens_know_where_they_begin() {
        let found: Vec<(usize, &[u8])> =
            spans(b" a\n\"b c\"d\x0c[e]").map(|token| (token.start, token.text)).collect();
        assert_eq!(found, [(1, &b"a"[..]), (3, b"b c"), (8, b"d"), (10, b"e")]);
        let message = "[ ".repeat(100_000) + "\"x y\"";
        assert_eq!(spans(message.as_bytes()).count(), 100_001);
    }
}
