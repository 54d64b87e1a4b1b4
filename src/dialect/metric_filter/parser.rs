//! What JSON and space-delimited patterns share: tests joined by `&&`, `||` and parentheses, and
//! the values that are compared with.
//!
//! Parentheses are a list and no recursion: a thousand of them need no stack.

use std::mem::take;

use super::expression::{self, UNCOMPILED};
use super::fault::{Fault, invalid_characters};
use super::lexer::{Kind, Language, Token, tokens};
use crate::amount::Comparison;
use crate::pattern::{Condition, Wildcard, number};

/// The most expressions in a pattern.
const EXPRESSIONS_MAX: usize = 2;

/// The tokens of a pattern, and how many are read.
#[derive(Debug)]
pub struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
}

/// How a node or token is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`, `<=`, `>` or `>=`
    Order(Comparison),
}

/// What is compared with, and how.
#[derive(Debug, Clone)]
pub struct Comparand {
    /// The condition on a text.
    pub condition: Condition,
    /// Whether the condition must not hold.
    pub is_negated: bool,
}

impl<'a> Parser<'a> {
    /// Cuts a pattern into tokens.
    pub fn new(text: &'a str, language: Language) -> Result<Self, Fault> {
        let tokens = tokens(text, language)?;
        let is_regex = |token: &&Token| matches!(token.kind, Kind::Regex(_));
        if let Some(third) = tokens.iter().filter(is_regex).nth(EXPRESSIONS_MAX) {
            let says = "Your input has exceeded the maximum of 2 regular expressions per filter \
                        pattern.";
            return Err(Fault::new(says, third.start, "expected a text or no test here"));
        }
        Ok(Self { text, tokens, at: 0 })
    }

    /// The next token.
    pub fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    /// Takes the next token.
    pub fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek().cloned()?;
        self.at += 1;
        Some(token)
    }

    /// Whether the next token is this symbol; takes it then.
    pub fn takes(&mut self, symbol: &str) -> bool {
        let is_next = self.is_next(symbol);
        self.at += usize::from(is_next);
        is_next
    }

    /// Whether the next token is this symbol.
    pub fn is_next(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Symbol(next), .. }) if *next == symbol)
    }

    /// The next word, which is not taken.
    pub fn word(&self) -> Option<&'a str> {
        match self.peek() {
            Some(Token { kind: Kind::Word(word), .. }) => Some(word),
            _ => None,
        }
    }

    /// Where the next token begins.
    pub fn place(&self) -> usize {
        self.peek().map_or(self.text.trim_ascii_end().len(), |token| token.start)
    }

    /// The fault that the next token is, or that there is none.
    pub fn misplaced(&self, advice: impl Into<String>) -> Fault {
        Fault::misplaced(self.place(), advice)
    }

    /// The fault that the next token is a term that does not belong here.
    pub fn bad_term(&self, advice: impl Into<String>) -> Fault {
        let term = self.peek().map_or("", |token| &self.text[token.start..token.end]);
        Fault::new(invalid_characters(term), self.place(), advice)
    }

    /// The end of the pattern.
    pub fn end(&self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.misplaced("expected nothing after the end of the pattern")),
        }
    }

    /// Reads tests joined by `&&`, `||` and parentheses.
    pub fn joined<T>(
        &mut self,
        mut test: impl FnMut(&mut Self) -> Result<T, Fault>,
        all: impl Fn(Vec<T>) -> T,
        any: impl Fn(Vec<T>) -> T,
    ) -> Result<T, Fault> {
        // A level is what was read since its parenthesis: alternatives, and parts of the last.
        let mut levels: Vec<(Vec<T>, Vec<T>)> = vec![(Vec::new(), Vec::new())];
        let join = |mut parts: Vec<T>, join: &dyn Fn(Vec<T>) -> T| match parts.len() {
            1 => parts.pop(),
            _ => Some(join(parts)),
        };
        loop {
            if self.takes("(") {
                levels.push((Vec::new(), Vec::new()));
                continue;
            }
            let mut part = test(self)?;
            loop {
                let is_inner = levels.len() > 1;
                let Some((alternatives, parts)) = levels.last_mut() else { return Ok(part) };
                parts.push(part);
                if self.takes("&&") {
                    break;
                }
                alternatives.extend(join(take(parts), &all));
                if self.takes("||") {
                    break;
                }
                let Some(whole) = join(take(alternatives), &any) else {
                    return Err(self.misplaced("expected a test"));
                };
                levels.pop();
                if !is_inner {
                    return Ok(whole);
                }
                if !self.takes(")") {
                    return Err(self.misplaced("expected &&, || or )"));
                }
                part = whole;
            }
        }
    }

    /// Reads an operator.
    pub fn operator(&mut self, advice: &str) -> Result<Operator, Fault> {
        let operator = match self.peek() {
            Some(Token { kind: Kind::Symbol(symbol), .. }) => match *symbol {
                "=" => Some(Operator::Equal),
                "!=" => Some(Operator::NotEqual),
                "<" => Some(Operator::Order(Comparison::Less)),
                "<=" => Some(Operator::Order(Comparison::LessOrEqual)),
                ">" => Some(Operator::Order(Comparison::Greater)),
                ">=" => Some(Operator::Order(Comparison::GreaterOrEqual)),
                _ => None,
            },
            _ => None,
        };
        let operator = operator.ok_or_else(|| self.misplaced(advice))?;
        self.at += 1;
        Ok(operator)
    }

    /// Reads the value after an operator.
    pub fn comparand(&mut self, operator: Operator) -> Result<Comparand, Fault> {
        if let Operator::Order(comparison) = operator {
            let expected = "expected a number without quotes, such as 1000";
            return match self.peek().map(|token| &token.kind) {
                Some(Kind::Quoted(_)) => Err(self.bad_term(expected)),
                Some(Kind::Word(word)) if number(word.as_bytes()).is_some() => {
                    let right = number(word.as_bytes()).unwrap_or_default();
                    self.at += 1;
                    let condition = Condition::Compare(comparison, right);
                    Ok(Comparand { condition, is_negated: false })
                }
                _ => Err(self.misplaced(expected)),
            };
        }
        let condition = match self.peek().map(|token| &token.kind) {
            Some(Kind::Quoted(text)) => Condition::Text(Wildcard::new(text)),
            Some(Kind::Word(word)) => match number(word.as_bytes()) {
                Some(value) => Condition::Number { text: word.as_bytes().into(), value },
                None => Condition::Text(Wildcard::new(word)),
            },
            Some(Kind::Regex(text)) => {
                let start = self.place() + 1;
                let wrong = |(at, advice)| Fault::new(UNCOMPILED, start + at, advice);
                Condition::Matches(expression::compile(text).map_err(wrong)?)
            }
            Some(Kind::Symbol("=")) => {
                return Err(self.misplaced("expected a value; equality is written with one ="));
            }
            _ => return Err(self.misplaced("expected a value such as 200, \"a text\" or 4*")),
        };
        self.at += 1;
        Ok(Comparand { condition, is_negated: operator == Operator::NotEqual })
    }
}
