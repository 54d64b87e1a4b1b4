//! Space-delimited patterns: what the tokens of a message are called and what they have to be.

use std::cell::Cell;

use super::Extracted;
use super::fault::Fault;
use super::lexer::{Kind, Language, Token};
use super::parser::Parser;
use crate::pattern::{self, TextTest, spans};
use crate::record::is_blank;

/// The fields of a space-delimited pattern.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// Those before the ellipsis, or all.
    pub(crate) before: Vec<FieldTest>,
    /// Those after the ellipsis, if there is one.
    pub(crate) after: Option<Vec<FieldTest>>,
}

/// A field of a space-delimited pattern.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldTest {
    /// Its name, if it has one.
    pub(crate) name: Option<String>,
    /// What its token has to be, if that matters.
    pub(crate) test: Option<TextTest>,
}

impl Fields {
    /// All fields, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &FieldTest> {
        self.before.iter().chain(self.after.iter().flatten())
    }

    /// The values of a message, if it is so.
    pub(crate) fn test(&self, message: &[u8]) -> Option<Vec<Extracted>> {
        let mut tokens: Vec<pattern::Token> = spans(message).collect();
        let last = self.before.len();
        let after = self.after.as_deref().unwrap_or_default();
        if tokens.len() < last + after.len() {
            return None;
        }
        if self.after.is_none() && tokens.len() > last {
            // The last field takes what is left, as it is written.
            tokens.truncate(last);
            if let Some(token) = tokens.last_mut() {
                let end = message.iter().rposition(|byte| !is_blank(byte)).map_or(0, |at| at + 1);
                token.text = &message[token.start..end];
            }
        }
        let unnamed = FieldTest::default();
        let ellipsis = tokens.len() - last - after.len();
        let ellipsis = std::iter::repeat_n(&unnamed, ellipsis);
        let fields = self.before.iter().chain(ellipsis).chain(after);
        let mut extracted = Vec::with_capacity(tokens.len());
        for (at, (token, field)) in tokens.iter().zip(fields).enumerate() {
            if field.test.as_ref().is_some_and(|test| !test.holds(token.text)) {
                return None;
            }
            let name = match &field.name {
                Some(name) => format!("${name}"),
                None => format!("${}", at + 1),
            };
            extracted.push(Extracted { name, value: token.text.to_vec() });
        }
        Some(extracted)
    }
}

/// Reads a pattern that begins with a bracket.
pub fn parse(text: &str) -> Result<Fields, Fault> {
    let mut parser = Parser::new(text, Language::Fields)?;
    parser.takes("[");
    let mut fields = Fields { before: Vec::new(), after: None };
    if parser.takes("]") {
        parser.end()?;
        return Ok(Fields { after: Some(Vec::new()), ..fields });
    }
    loop {
        let start = parser.place();
        if parser.word() == Some("...") {
            if fields.after.is_some() {
                let advice = "expected at most one ellipsis";
                return Err(Fault::new("Duplicate field '...'", start, advice));
            }
            parser.next();
            fields.after = Some(Vec::new());
        } else {
            let field = field(&mut parser)?;
            let is_known = field.name.is_some() && fields.iter().any(|f| f.name == field.name);
            if let Some(name) = field.name.as_ref().filter(|_| is_known) {
                let says = format!("Duplicate field '{name}'");
                let advice = "expected another name; join the tests of one field with && or ||";
                return Err(Fault::new(says, start, advice));
            }
            fields.after.as_mut().unwrap_or(&mut fields.before).push(field);
        }
        if parser.takes("]") {
            parser.end()?;
            return Ok(fields);
        }
        if !parser.takes(",") {
            return Err(parser.misplaced("expected , or ]"));
        }
    }
}

/// Reads a field, which may be empty.
fn field(parser: &mut Parser) -> Result<FieldTest, Fault> {
    if parser.is_next(",") || parser.is_next("]") {
        return Ok(FieldTest::default());
    }
    if parser.word().is_some() {
        let ahead = name(parser)?;
        if parser.is_next(",") || parser.is_next("]") {
            return Ok(FieldTest { name: Some(ahead.to_owned()), test: None });
        }
        // The first test of a field has its name already.
        return tests(parser, Some(ahead));
    }
    tests(parser, None)
}

/// Reads the tests of a field, of which the first name may be read.
fn tests(parser: &mut Parser, ahead: Option<&str>) -> Result<FieldTest, Fault> {
    let ahead = Cell::new(ahead.map(str::to_owned));
    let mut known = None;
    let test = |parser: &mut Parser| {
        let start = parser.place();
        let own = match ahead.take() {
            Some(name) => name,
            None => name(parser)?.to_owned(),
        };
        let known = known.get_or_insert_with(|| own.clone());
        if own != *known {
            let advice = format!("expected {known} again; a comma begins another field");
            return Err(Fault::misplaced(start, advice));
        }
        test(parser)
    };
    let test = parser.joined(test, TextTest::All, TextTest::Any)?;
    Ok(FieldTest { name: known, test: Some(test) })
}

/// Reads a name.
fn name<'a>(parser: &mut Parser<'a>) -> Result<&'a str, Fault> {
    let expected = "expected a name of letters, digits, - and _ such as status, not beginning with \
                    a digit";
    let is_name = |word: &&str| {
        !word.starts_with(|first: char| first != '_' && !first.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let name = parser.word().filter(is_name).ok_or_else(|| parser.misplaced(expected))?;
    parser.next();
    Ok(name)
}

/// Reads a test without its name.
fn test(parser: &mut Parser) -> Result<TextTest, Fault> {
    let operator = parser.operator("expected , ] or a test such as = ACCEPT or > 1000")?;
    if let Some(Token { kind: Kind::Word("SPACE"), .. }) = parser.peek() {
        return Err(parser.misplaced("reserved, expected it in quotes: \"SPACE\""));
    }
    let comparand = parser.comparand(operator)?;
    let test = if comparand.is_negated { TextTest::IsNot } else { TextTest::Is };
    Ok(test(comparand.condition))
}
