//! `--where`: an expression about records, as people type it who know tcpdump and nfdump.
//!
//! ```text
//! src net 10.0.0.0/8 and dst port in [22 3389] and action reject and bytes > 1m
//! ```
//!
//! It is read in full and checked before anything runs; fields have kinds, so that a port is
//! never compared with a word that is none. What is read is a tree of tests on one field each:
//! `host` and the like are two of them. That tree compiles to the engine's, is written again in
//! one canonical form, is told in SQL, and is tried on a single record the slow way, which is the
//! definition of what it means.
//!
//! - A field that a record lacks, and `-` where there should be a number or an address, pass no
//!   test; `not` is the complement of what it stands before. `-` in a field of text is a text.
//! - Addresses are compared by value, however they are spelled. An IPv4 address that is mapped
//!   into IPv6 (`::ffff:10.0.0.1`) is one of IPv6.
//! - Without a direction, `host`, `net` and `port` mean either side; negated (`port != 22`,
//!   `host not in @file`) they mean that neither side is so.

mod compile;
mod display;
mod fault;
mod holds;
mod lexer;
mod parser;
mod sql;
#[cfg(test)]
mod tests;
mod values;
mod words;

pub(crate) use sql::v4_number;
use std::sync::Arc;

use regex::bytes::Regex;

use crate::amount::{Amount, Comparison};
use crate::error::{Error, ErrorKind};
use crate::field::Field;
use crate::filter::Tree;
use crate::prefixes::{Prefix, Prefixes};

/// The most bytes of an expression, without what its files hold.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// The most bytes of a file that an expression names: four million prefixes.
const FILE_BYTES_MAX: usize = 64 << 20;

/// How deep parentheses and `not` may nest.
const DEPTH_MAX: usize = 100;

/// The memory that a regular expression may take.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// An expression about records; see [`QueryBuilder::and_where`](crate::QueryBuilder::and_where).
///
/// ```
/// use flowagg::dialect::Expression;
/// let text = "dst port in [22 3389] and not src net 10.0.0.0/8";
/// let expression = Expression::parse(text, &mut |_| unreachable!("no file is named"))?;
/// assert_eq!(
///     expression.to_string(),
///     "dstport in [22 3389] and not srcaddr = 10.0.0.0/8"
/// );
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Expression {
    node: Node,
    /// What the node compiles to, once for all queries.
    tree: Arc<Tree>,
}

/// A part of an expression.
#[derive(Debug, Clone)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(Field, Is),
}

/// What a field's value is, or with `true` as the last one, is not while it is there.
#[derive(Debug, Clone)]
enum Is {
    Number(Comparison, Amount),
    Ranges(Arc<List<(u64, u64)>>, bool),
    Bits { bits: u8, is_all: bool },
    Lies(Arc<List<Prefix>>, Arc<Prefixes>, bool),
    Text(Arc<List<String>>, bool),
    Matches(Arc<Regex>, bool),
}

/// Values that were typed, and those of files.
#[derive(Debug, Clone)]
struct List<T> {
    typed: Vec<T>,
    filed: Vec<T>,
    files: Vec<String>,
}

impl<T> List<T> {
    fn iter(&self) -> impl Iterator<Item = &T> {
        self.typed.iter().chain(&self.filed)
    }
}

impl Expression {
    /// Reads an expression. `read` is asked for the bytes of each file that it names after `@`.
    ///
    /// # Errors
    /// [`ErrorKind::Expression`], with the place: a text that is no expression, values that do not
    /// fit their field, a file that cannot be read or holds something else; more than 64 KiB of
    /// expression or 64 MiB of file, or parentheses more than 100 deep.
    pub fn parse(
        text: &str,
        read: &mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
    ) -> Result<Self, Error> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Error::new(
                ErrorKind::Expression,
                "longer than 64 KiB; put long lists into a file, as in `src net in @FILE`",
            ));
        }
        parser::parse(text, read).map(Self::of).map_err(|fault| fault.into_error(text))
    }

    /// Whether it tests a field.
    ///
    /// ```
    /// use flowagg::Field;
    /// use flowagg::dialect::Expression;
    /// let expression = Expression::parse("not port 22", &mut |_| unreachable!("no file"))?;
    /// assert!(expression.tests(Field::DstPort) && !expression.tests(Field::LogStatus));
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn tests(&self, field: Field) -> bool {
        self.fields().contains(&field)
    }

    /// The fields that it tests, some perhaps more than once.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        self.node.visit(&mut |field| fields.push(field));
        fields
    }

    fn of(node: Node) -> Self {
        Self { tree: Arc::new(compile::tree(&node)), node }
    }

    /// This and the other one.
    ///
    /// ```
    /// use flowagg::dialect::Expression;
    /// let parse = |text| Expression::parse(text, &mut |_| unreachable!("no file is named"));
    /// let both = parse("port 22 or port 23")?.and(parse("action reject")?);
    /// assert_eq!(
    ///     both.to_string(),
    ///     "(srcport = 22 or dstport = 22 or srcport = 23 or dstport = 23) \
    ///      and action = 'REJECT'"
    /// );
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(Node::all(vec![self.node, other.node]))
    }
}

impl Node {
    /// Tells the field of each test.
    fn visit(&self, tell: &mut impl FnMut(Field)) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.visit(tell)),
            Self::Not(node) => node.visit(tell),
            Self::Test(field, _) => tell(*field),
        }
    }

    /// All of these, those that are all of some themselves taken apart.
    fn all(nodes: Vec<Node>) -> Self {
        let parts = |node: Node| match node {
            Self::All(parts) => parts,
            node => vec![node],
        };
        let mut parts: Vec<Node> = nodes.into_iter().flat_map(parts).collect();
        if parts.len() == 1 { parts.remove(0) } else { Self::All(parts) }
    }

    /// Any of these, those that are any of some themselves taken apart.
    fn any(nodes: Vec<Node>) -> Self {
        let parts = |node: Node| match node {
            Self::Any(parts) => parts,
            node => vec![node],
        };
        let mut parts: Vec<Node> = nodes.into_iter().flat_map(parts).collect();
        if parts.len() == 1 { parts.remove(0) } else { Self::Any(parts) }
    }
}
