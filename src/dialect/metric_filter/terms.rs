//! Patterns of terms: what is found in a message or must not be, and a lone expression.

use memchr::memmem::Finder;

use super::expression::{self, UNCOMPILED};
use super::fault::Fault;
use super::lexer::Lexer;
use crate::pattern::Terms;

/// A longer term is not repeated as an example.
const EXAMPLE_BYTES_MAX: usize = 40;

/// Reads a pattern that has at least one term.
pub fn parse(text: &str) -> Result<Terms, Fault> {
    let mut lexer = Lexer { text, at: 0 };
    let (mut all, mut none, mut any) = (Vec::new(), Vec::new(), Vec::new());
    let mut expressions = Vec::new();
    lexer.skip_blanks();
    while let Some(first) = lexer.peek() {
        let start = lexer.at;
        if first == b'%' {
            expressions.push((start, lexer.regex()?));
        } else {
            if matches!(first, b'-' | b'?') {
                lexer.at += 1;
            }
            let term = term(&mut lexer, start)?;
            match first {
                b'-' => none.push(term),
                b'?' => any.push(term),
                _ => all.push(term),
            }
        }
        let at = lexer.at;
        if !lexer.skip_blanks() && lexer.peek().is_some() {
            return Err(lexer.bad_character(at, unquoted(text, at)));
        }
    }
    let terms = all.len() + none.len() + any.len();
    if let Some(&(start, expression)) = expressions.first() {
        let (place, _) = *expressions.last().unwrap_or(&(start, expression));
        if terms > 0 || expressions.len() > 1 {
            let advice = "expected an expression alone, without other terms";
            return Err(Fault::misplaced(place, advice));
        }
        let wrong = |(at, advice)| Fault::new(UNCOMPILED, start + 1 + at, advice);
        return expression::compile(expression).map(Terms::Regex).map_err(wrong);
    }
    // CloudWatch does not look at optional terms among others.
    let ignores_optional = !any.is_empty() && any.len() < terms;
    if ignores_optional {
        any.clear();
    }
    Ok(Terms::Texts {
        all: finders(&all),
        none: finders(&none),
        any: finders(&any),
        ignores_optional,
    })
}

/// Reads a term without what stands before it; with that it begins at `start`.
fn term(lexer: &mut Lexer, start: usize) -> Result<String, Fault> {
    if lexer.peek() == Some(b'"') {
        return lexer.quoted().map_err(|fault| match start < lexer.at {
            // What stands before the quote is part of the term.
            true => Fault::unclosed(lexer.text, start, "expected a second \" after this"),
            false => fault,
        });
    }
    let from = lexer.at;
    lexer.skip(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if lexer.at == from {
        return Err(lexer.bad_character(start, unquoted(lexer.text, lexer.at)));
    }
    Ok(lexer.text[from..lexer.at].to_owned())
}

fn finders(texts: &[String]) -> Vec<Finder<'static>> {
    texts.iter().map(|text| Finder::new(text).into_owned()).collect()
}

/// What to write where a term has a character that has to be quoted.
fn unquoted(text: &str, at: usize) -> String {
    let is_blank = |character: char| character.is_ascii_whitespace();
    let start = text[..at].rfind(is_blank).map_or(0, |blank| blank + 1);
    let end = text[at..].find(is_blank).map_or(text.len(), |blank| at + blank);
    let whole = &text[start..end];
    let plain = whole.trim_start_matches(['-', '?']);
    let is_shown = !plain.is_empty()
        && end - start <= EXAMPLE_BYTES_MAX
        && plain
            .chars()
            .all(|c| !matches!(c, '"' | '\\') && super::fault::shown(c) == c.to_string());
    let before = whole.get(..1).filter(|first| matches!(*first, "-" | "?")).unwrap_or_default();
    let example = if is_shown { format!("{before}\"{plain}\"") } else { "\"a-b\"".to_owned() };
    format!("expected letters, digits or _; quote anything else, such as {example}")
}
