//! The grammar of expressions: tests joined by `and`, `or`, `not` and parentheses.

use std::sync::Arc;

use super::fault::Fault;
use super::lexer::{Kind, Token, tokens};
use super::values::{Item, Values};
use super::words::{flag, protocol, protocols};
use super::{DEPTH_MAX, Is, List, Node};
use crate::amount::Comparison;
use crate::dialect::keys::{field_of, short_words};
use crate::error::Error;
use crate::error::shown;
use crate::field::{Field, Kind as FieldKind};
use crate::nearest::nearest;
use crate::prefixes::{Prefix, Prefixes};

/// Words that begin a test and are no fields.
const WORDS: [&str; 9] =
    ["either", "host", "net", "ip", "address", "port", "inbound", "outbound", "not"];

const ADDRESSES: Subject = Subject::Either(Field::SrcAddr, Field::DstAddr);
const PORTS: Subject = Subject::Either(Field::SrcPort, Field::DstPort);

/// Reads an expression as a whole.
pub fn parse(
    text: &str,
    read: &mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
) -> Result<Node, Fault> {
    let tokens = tokens(text)?;
    let mut parser =
        Parser { tokens, at: 0, depth: 0, end: text.trim_end().len(), values: Values::new(read) };
    let node = parser.alternatives()?;
    match parser.peek() {
        None => Ok(node),
        Some(Kind::Symbol(")")) => {
            Err(parser.fault("a ) too many", "expected what opens it before it"))
        }
        Some(_) => Err(parser.trailing("expected `and`, `or` or the end")),
    }
}

/// What is tested.
#[derive(Debug, Clone, Copy)]
enum Subject {
    One(Field),
    /// Both sides, which have values of one kind.
    Either(Field, Field),
}

/// How it is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    /// One of these, or with `true` none of them.
    In(bool),
    /// Compared in order.
    Order(Comparison),
    /// A regular expression, or with `true` none that matches.
    Matches(bool),
    Has,
}

struct Parser<'a, 'r> {
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: usize,
    /// Where the expression ends.
    end: usize,
    values: Values<'r>,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Option<&Kind<'a>> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    /// Where the next token begins.
    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |token| token.start)
    }

    /// The next token as messages show it.
    fn found(&self) -> String {
        match self.peek() {
            None => "the end".to_owned(),
            Some(Kind::Symbol(text) | Kind::Word(text)) => shown(text),
            Some(Kind::Quoted(text)) => format!("the text {}", shown(text)),
            Some(Kind::File(name)) => format!("the file {}", shown(name)),
        }
    }

    /// What is wrong with the next token.
    fn fault(&self, says: impl Into<String>, advice: impl Into<String>) -> Fault {
        Fault::new(says, self.place(), advice)
    }

    /// What is wrong with a token after a whole test.
    fn trailing(&self, advice: &str) -> Fault {
        let advice = match self.peek() {
            Some(Kind::Symbol(",")) => "expected several values in brackets, as in [22 3389]",
            _ => advice,
        };
        self.fault(format!("{} after a whole test", self.found()), advice)
    }

    /// Takes the next token if it is this symbol.
    fn takes(&mut self, symbol: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Kind::Symbol(next)) if *next == symbol);
        self.at += usize::from(is_next);
        is_next
    }

    /// Whether a later token is this word, in capitals or not.
    fn is_word(&self, ahead: usize, word: &str) -> bool {
        let kind = self.tokens.get(self.at + ahead).map(|token| &token.kind);
        matches!(kind, Some(Kind::Word(next)) if next.eq_ignore_ascii_case(word))
    }

    /// Takes the next token if it is this word.
    fn takes_word(&mut self, word: &str) -> bool {
        let is_next = self.is_word(0, word);
        self.at += usize::from(is_next);
        is_next
    }

    fn alternatives(&mut self) -> Result<Node, Fault> {
        let mut nodes = vec![self.conjunction()?];
        while self.takes_word("or") || self.takes("||") {
            nodes.push(self.conjunction()?);
        }
        Ok(Node::any(nodes))
    }

    fn conjunction(&mut self) -> Result<Node, Fault> {
        let mut nodes = vec![self.negation()?];
        while self.takes_word("and") || self.takes("&&") {
            nodes.push(self.negation()?);
        }
        Ok(Node::all(nodes))
    }

    fn negation(&mut self) -> Result<Node, Fault> {
        let is_negated = self.is_word(0, "not") || matches!(self.peek(), Some(Kind::Symbol("!")));
        let is_nested = is_negated || matches!(self.peek(), Some(Kind::Symbol("(")));
        if is_nested && self.depth == DEPTH_MAX {
            let found = format!("nested more than {DEPTH_MAX} deep");
            return Err(self.fault(found, "expected fewer parentheses and `not`"));
        }
        if !is_nested {
            return self.test();
        }
        self.depth += 1;
        let start = self.place();
        self.at += 1;
        let node = match is_negated {
            true => Node::Not(Box::new(self.negation()?)),
            false => self.group(start)?,
        };
        self.depth -= 1;
        Ok(node)
    }

    /// What stands in parentheses, of which the first is at `start`.
    fn group(&mut self, start: usize) -> Result<Node, Fault> {
        let node = self.alternatives()?;
        if self.takes(")") {
            return Ok(node);
        }
        match self.peek() {
            None => Err(Fault::new("a ( without its )", start, "expected a ) after this")),
            Some(_) => Err(self.trailing("expected `and`, `or` or )")),
        }
    }

    fn test(&mut self) -> Result<Node, Fault> {
        let Some(&Kind::Word(word)) = self.peek() else {
            let advice = "expected a test such as `src net 10.0.0.0/8`, `port 443` or \
                          `bytes > 1m`";
            return Err(self.fault(format!("{}, and no test", self.found()), advice));
        };
        let place = self.place();
        let lower = word.to_ascii_lowercase();
        self.at += 1;
        let subject = match lower.as_str() {
            "src" => self.side(Some((Field::SrcAddr, Field::SrcPort))),
            "dst" => self.side(Some((Field::DstAddr, Field::DstPort))),
            "either" => self.side(None),
            "host" | "net" | "ip" | "address" => ADDRESSES,
            "port" => PORTS,
            "inbound" => return Ok(directed("ingress")),
            "outbound" => return Ok(directed("egress")),
            _ => match field_of(word) {
                Some(field) => Subject::One(field),
                None => return self.bare(word, place),
            },
        };
        self.condition(subject)
    }

    /// What a direction is about: addresses, unless ports are named.
    fn side(&mut self, fields: Option<(Field, Field)>) -> Subject {
        let has_port = self.takes_word("port");
        let is_address = ["host", "net", "ip", "address"].iter().any(|word| self.is_word(0, word));
        self.at += usize::from(is_address);
        match (fields, has_port) {
            (Some((_, port)), true) => Subject::One(port),
            (Some((address, _)), false) => Subject::One(address),
            (None, true) => PORTS,
            (None, false) => ADDRESSES,
        }
    }

    /// A word that stands for a whole test.
    fn bare(&self, word: &str, place: usize) -> Result<Node, Fault> {
        if let Some(prefix) = Prefix::parse(word) {
            let list = List { typed: vec![prefix], filed: Vec::new(), files: Vec::new() };
            return Ok(joined(ADDRESSES, false, &lies(list, false)));
        }
        if let Some(number) = protocol(word) {
            let number = u64::from(number);
            let list = List { typed: vec![(number, number)], filed: vec![], files: vec![] };
            return Ok(Node::Test(Field::Protocol, Is::Ranges(Arc::new(list), false)));
        }
        let fields = Field::ALL.iter().map(|field| field.name());
        let words = WORDS.into_iter().chain(short_words());
        let meant = nearest(word, words.chain(fields).chain(protocols()));
        let advice = match meant {
            Some(meant) => format!("did you mean {meant}?"),
            None if word.starts_with(|c: char| c.is_ascii_digit()) => {
                "expected what it is first, as in `port 443`, `host 10.0.0.1` or `bytes > 100`"
                    .to_owned()
            }
            None => "expected a field such as dstport, or src, dst, host, net or port".to_owned(),
        };
        Err(Fault::new(format!("no field is called {}", shown(word)), place, advice))
    }

    /// What follows a field: an operator and values, or only values.
    fn condition(&mut self, subject: Subject) -> Result<Node, Fault> {
        let field = match subject {
            Subject::One(field) | Subject::Either(field, _) => field,
        };
        let place = self.place();
        let operator = self.operator();
        let is_typed = self.at > 0 && self.place() != place;
        let kind = field.kind();
        let is = match operator {
            Operator::Order(comparison) => {
                if !matches!(kind, FieldKind::Number(_)) {
                    let found = format!("{field} is no number");
                    return Err(Fault::new(found, place, "expected =, !=, in, not in, ~ or !~"));
                }
                let item = self.item(field)?;
                Is::Number(comparison, self.values.amount(field, &item)?)
            }
            Operator::Matches(negate) => {
                if !matches!(kind, FieldKind::Text | FieldKind::Status) {
                    let found = format!("{field} is no text, which ~ is for");
                    let advice = match kind {
                        FieldKind::Address => "expected in and prefixes, as in [10.0.0.0/8]",
                        _ => "expected =, !=, <, <=, >, >=, in or not in",
                    };
                    return Err(Fault::new(found, place, advice));
                }
                let item = self.item(field)?;
                Is::Matches(self.values.regex(&item)?, negate)
            }
            Operator::Has => {
                if field != Field::TcpFlags {
                    let found = format!("{field} has no flags, which `has` is for");
                    return Err(Fault::new(
                        found,
                        place,
                        "expected = or in, or tcp-flags before it",
                    ));
                }
                self.flags()?
            }
            Operator::In(negate) => {
                let items = self.items(field, is_typed)?;
                match kind {
                    FieldKind::Address => lies(self.values.prefixes(field, &items)?, negate),
                    FieldKind::Number(_) => self.values.numbers(field, &items, negate)?,
                    FieldKind::Text | FieldKind::Status => {
                        Is::Text(Arc::new(self.values.texts(field, &items)?), negate)
                    }
                }
            }
        };
        let is_negated = matches!(
            operator,
            Operator::In(true) | Operator::Matches(true) | Operator::Order(Comparison::NotEqual)
        );
        Ok(joined(subject, is_negated, &is))
    }

    /// The operator that stands here; `=` if there is none.
    fn operator(&mut self) -> Operator {
        let operator = match self.peek() {
            Some(Kind::Symbol(symbol)) => match *symbol {
                "=" | "==" => Operator::In(false),
                "!=" => Operator::In(true),
                "<" => Operator::Order(Comparison::Less),
                "<=" => Operator::Order(Comparison::LessOrEqual),
                ">" => Operator::Order(Comparison::Greater),
                ">=" => Operator::Order(Comparison::GreaterOrEqual),
                "~" => Operator::Matches(false),
                "!~" => Operator::Matches(true),
                _ => return Operator::In(false),
            },
            _ if self.is_word(0, "in") => Operator::In(false),
            _ if self.is_word(0, "has") => Operator::Has,
            _ if self.is_word(0, "not") && self.is_word(1, "in") => {
                self.at += 1;
                Operator::In(true)
            }
            _ => return Operator::In(false),
        };
        self.at += 1;
        operator
    }

    /// One value.
    fn item(&mut self, field: Field) -> Result<Item<'a>, Fault> {
        let place = self.place();
        let item = match self.peek() {
            Some(Kind::Word(word)) => Item::Word(word, place),
            Some(Kind::Quoted(text)) => Item::Quoted(text.clone(), place),
            _ => {
                let found = format!("{} instead of a value of {field}", self.found());
                return Err(self.fault(found, self.values.expected(field)));
            }
        };
        self.at += 1;
        Ok(item)
    }

    /// One value or file, or several in brackets. A keyword is a value only after an operator.
    fn items(&mut self, field: Field, is_typed: bool) -> Result<Vec<Item<'a>>, Fault> {
        let opening = self.place();
        if !self.takes("[") {
            let is_keyword = ["and", "or", "not"].iter().any(|word| self.is_word(0, word));
            if is_keyword && !is_typed {
                let found = format!("{} instead of a value of {field}", self.found());
                return Err(self.fault(found, self.values.expected(field)));
            }
            return Ok(vec![self.item_or_file(field)?]);
        }
        let mut items = Vec::new();
        loop {
            if self.takes("]") {
                break;
            }
            if self.peek().is_none() {
                return Err(Fault::new("a [ without its ]", opening, "expected a ] after this"));
            }
            items.push(self.item_or_file(field)?);
            self.takes(",");
        }
        if items.is_empty() {
            let found = "an empty list";
            return Err(Fault::new(found, opening, self.values.expected(field)));
        }
        Ok(items)
    }

    fn item_or_file(&mut self, field: Field) -> Result<Item<'a>, Fault> {
        if let Some(Kind::File(name)) = self.peek() {
            let item = Item::File(name.clone(), self.place());
            self.at += 1;
            return Ok(item);
        }
        self.item(field)
    }

    /// The flags after `has`: all of them, or any if they are joined by `|`.
    fn flags(&mut self) -> Result<Is, Fault> {
        let field = Field::TcpFlags;
        let place = self.place();
        let items = match self.peek() {
            Some(Kind::Symbol("[")) => self.items(field, true)?,
            _ => vec![self.item(field)?],
        };
        let mut bits = 0;
        for item in items {
            bits |= self.values.flag(&item)?;
        }
        let is_any = matches!(self.peek(), Some(Kind::Symbol("|")));
        while self.takes(if is_any { "|" } else { "," }) {
            let item = self.item(field)?;
            bits |= self.values.flag(&item)?;
        }
        if let Some(Kind::Symbol("|" | ",")) = self.peek() {
            let advice = "expected all of them, as in syn,ack, or any, as in syn|ack";
            return Err(self.fault("`|` and `,` together", advice));
        }
        if let Some(Kind::Word(word)) = self.peek()
            && flag(word).is_some()
        {
            let advice = "expected a comma or | before it, as in `has syn,ack`";
            return Err(self.fault(format!("one more flag, {}", shown(word)), advice));
        }
        match bits {
            0 => Err(Fault::new("no flag", place, self.values.expected(field))),
            bits => Ok(Is::Bits { bits, is_all: !is_any }),
        }
    }
}

/// The test of an address.
fn lies(list: List<Prefix>, negate: bool) -> Is {
    let prefixes = Prefixes::new(list.iter().map(|prefix| (*prefix, 0)));
    Is::Lies(Arc::new(list), Arc::new(prefixes), negate)
}

/// The test of a subject: of both sides either passes, or with `is_negated` both have to.
fn joined(subject: Subject, is_negated: bool, is: &Is) -> Node {
    match subject {
        Subject::One(field) => Node::Test(field, is.clone()),
        Subject::Either(left, right) => {
            let tests = [left, right].map(|field| Node::Test(field, is.clone())).into();
            if is_negated { Node::All(tests) } else { Node::Any(tests) }
        }
    }
}

/// The test of a direction.
fn directed(direction: &str) -> Node {
    let list = List { typed: vec![direction.to_owned()], filed: vec![], files: vec![] };
    Node::Test(Field::FlowDirection, Is::Text(Arc::new(list), false))
}
