//! Events as JSON: where a value stands, and the values of an event, read without building it.
//!
//! What is not asked for is checked and skipped; an event of any size and depth costs one scan,
//! and one more of each object or array on the way to a value. Numbers keep their spelling, which
//! a tree of values would lose: Contributor Insights compares them as text.

mod envelope;
mod path;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

pub use envelope::{begins_list, events};
pub use path::{JsonPath, Step};

/// Why a text is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JsonFault {
    /// JSON, or the beginning of it, but no object.
    NotAnObject,
    /// Not JSON.
    NotJson,
    /// JSON that ends too early.
    Cut,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnObject => "no JSON object",
            Self::NotJson => "not JSON",
            Self::Cut => "the JSON ends in the middle",
        })
    }
}

impl From<serde_json::Error> for JsonFault {
    fn from(error: serde_json::Error) -> Self {
        match error.classify() {
            Category::Eof => Self::Cut,
            _ => Self::NotJson,
        }
    }
}

/// Any number of paths, to be read from an event in one go.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The paths as a tree; the first node is the event itself.
    nodes: Vec<Node>,
}

/// A place that paths lead to or through.
#[derive(Debug, Clone, Default)]
struct Node {
    /// Which of the paths end here.
    asked: Vec<usize>,
    /// The members that paths go on to, sorted by name, with their nodes.
    names: Vec<(Box<str>, usize)>,
    /// The elements that paths go on to, sorted, with their nodes.
    places: Vec<(usize, usize)>,
}

impl Paths {
    /// These paths.
    pub fn new(paths: &[JsonPath]) -> Self {
        let mut nodes = vec![Node::default()];
        for (index, path) in paths.iter().enumerate() {
            let mut at = 0;
            for step in path.steps() {
                let next = nodes.len();
                at = nodes[at].child_or(step, next);
                if at == next {
                    nodes.push(Node::default());
                }
            }
            nodes[at].asked.push(index);
        }
        Self { nodes }
    }

    /// Calls `found` with the index and the text of each path that leads to a leaf of the event.
    ///
    /// The text of a string is what it means, that of a number or truth value its own spelling.
    /// Objects, arrays and null are no leaves. In a string U+FFFD stands for a lone surrogate.
    /// Of members with one name the last counts. The order of the calls is not defined.
    ///
    /// # Errors
    /// If the event is no JSON object; then nothing was found. What is asked does not matter:
    /// the whole event is checked first.
    pub fn read(&self, event: &str, found: &mut impl FnMut(usize, &str)) -> Result<(), JsonFault> {
        let event = trimmed(event);
        if !event.starts_with('{') {
            return Err(if event.is_empty() { JsonFault::Cut } else { JsonFault::NotAnObject });
        }
        // Values still to be looked into: a list and no recursion, so that no path is too deep.
        let mut waiting = Vec::new();
        self.open(0, event, &mut waiting)?;
        while let Some((at, text)) = waiting.pop() {
            let node = &self.nodes[at];
            match text.as_bytes()[0] {
                b'{' | b'[' => self.open(at, text, &mut waiting)?,
                b'n' => {}
                _ if node.asked.is_empty() => {}
                b'"' => {
                    let text = decoded(text);
                    node.asked.iter().for_each(|&index| found(index, &text));
                }
                _ => node.asked.iter().for_each(|&index| found(index, text)),
            }
        }
        Ok(())
    }

    /// Puts the values in an object or array that are on a path into `waiting`.
    fn open<'a>(
        &self,
        at: usize,
        text: &'a str,
        waiting: &mut Vec<(usize, &'a str)>,
    ) -> Result<(), JsonFault> {
        let node = &self.nodes[at];
        let is_object = text.starts_with('{');
        // The event itself is always read: this is what checks it.
        if at > 0 && if is_object { node.names.is_empty() } else { node.places.is_empty() } {
            return Ok(());
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        if is_object {
            deserializer.deserialize_map(Members { node, waiting })?;
        } else {
            deserializer.deserialize_seq(Elements { node, waiting })?;
        }
        Ok(deserializer.end()?)
    }
}

impl Node {
    /// The child that a step leads to, which is `next` if there is none yet.
    fn child_or(&mut self, step: &Step, next: usize) -> usize {
        match step {
            Step::Name(name) => {
                let place = self.names.binary_search_by(|(other, _)| (**other).cmp(name));
                let place = place.unwrap_or_else(|place| {
                    self.names.insert(place, (name.as_str().into(), next));
                    place
                });
                self.names[place].1
            }
            Step::Place(index) => {
                let place = self.places.binary_search_by_key(index, |(other, _)| *other);
                let place = place.unwrap_or_else(|place| {
                    self.places.insert(place, (*index, next));
                    place
                });
                self.places[place].1
            }
        }
    }

    fn named(&self, name: &str) -> Option<usize> {
        let place = self.names.binary_search_by(|(other, _)| (**other).cmp(name)).ok()?;
        Some(self.names[place].1)
    }
}

/// Reads an object.
struct Members<'n, 'w, 'a> {
    node: &'n Node,
    waiting: &'w mut Vec<(usize, &'a str)>,
}

impl<'a> Visitor<'a> for Members<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<(), A::Error> {
        let from = self.waiting.len();
        while let Some(name) = access.next_key::<&RawValue>()? {
            let Some(child) = self.node.named(&decoded(name.get())) else {
                access.next_value::<IgnoredAny>()?;
                continue;
            };
            let text = access.next_value::<&RawValue>()?.get();
            match self.waiting[from..].iter_mut().find(|(other, _)| *other == child) {
                Some(earlier) => earlier.1 = text,
                None => self.waiting.push((child, text)),
            }
        }
        Ok(())
    }
}

/// Reads an array.
struct Elements<'n, 'w, 'a> {
    node: &'n Node,
    waiting: &'w mut Vec<(usize, &'a str)>,
}

impl<'a> Visitor<'a> for Elements<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut access: A) -> Result<(), A::Error> {
        let mut places = self.node.places.iter().peekable();
        for index in 0.. {
            match places.next_if(|(place, _)| *place == index) {
                Some(&(_, child)) => {
                    let Some(text) = access.next_element::<&RawValue>()? else { break };
                    self.waiting.push((child, text.get()));
                }
                None if access.next_element::<IgnoredAny>()?.is_none() => break,
                None => {}
            }
        }
        Ok(())
    }
}

/// A text without the blanks of JSON around it.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// What a string, in its quotes, means. For a lone surrogate, which is no text, stands U+FFFD:
/// programs leave one where they cut a text in the middle of a character.
#[inline]
pub fn decoded(text: &str) -> Cow<'_, str> {
    let inner = &text[1..text.len() - 1];
    match memchr::memchr(b'\\', inner.as_bytes()) {
        None => Cow::Borrowed(inner),
        Some(_) => Cow::Owned(serde_json::from_str(text).unwrap_or_else(|_| lossy(text))),
    }
}

/// What a string means that has a lone surrogate.
#[cold]
fn lossy(text: &str) -> String {
    String::from_utf8(decoded_bytes(text).into_owned()).unwrap_or_else(|error| {
        let mut decoded = String::new();
        for chunk in error.as_bytes().utf8_chunks() {
            decoded.push_str(chunk.valid());
            // A surrogate has three bytes, each a chunk of its own.
            if chunk.invalid().first() == Some(&SURROGATE) {
                decoded.push(char::REPLACEMENT_CHARACTER);
            }
        }
        decoded
    })
}

/// The first byte of a surrogate.
const SURROGATE: u8 = 0xed;

/// The same as bytes: a lone surrogate is three, which are no text and so are equal to none.
pub fn decoded_bytes(text: &str) -> Cow<'_, [u8]> {
    let inner = &text.as_bytes()[1..text.len() - 1];
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let bytes = serde_json::Deserializer::from_str(text).deserialize_bytes(Bytes);
    Cow::Owned(bytes.unwrap_or_else(|_| inner.to_vec()))
}

/// Takes a string as bytes: a lone surrogate is not refused then.
struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}
