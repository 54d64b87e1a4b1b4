//! The test of a JSON event.
//!
//! All selectors of a pattern are one tree, which is walked once per event with a list and no
//! recursion: an event of any depth is one scan, and one more of each object or array on the way
//! to what is selected. What nothing selects is checked and skipped. Numbers keep their spelling:
//! CloudWatch tells `1.0` from `1` where the pattern has a text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::text::{TextTest, compares, number};
use crate::amount::Comparison;
use crate::json::decoded_bytes;

/// Tests of selected nodes, joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// The test with this index holds.
    Leaf(usize),
    /// All of these hold.
    All(Vec<Tree>),
    /// One of these holds.
    Any(Vec<Tree>),
}

/// What a selected node has to be.
#[derive(Debug, Clone)]
pub enum NodeTest {
    /// A string, or the spelling of a number, of which this holds.
    Text(TextTest),
    /// A number of this value, or a string that is this text.
    Equal {
        /// The number as it is written.
        text: Box<[u8]>,
        /// Its value.
        value: f64,
    },
    /// A number or a string, but not as for `Equal`.
    NotEqual {
        /// The number as it is written.
        text: Box<[u8]>,
        /// Its value.
        value: f64,
    },
    /// A number that compares so with this one.
    Compare(Comparison, f64),
    /// That truth value.
    Is(bool),
    /// Null, or an array with a null in it.
    IsNull,
    /// No node is selected.
    NotExists,
}

/// A step from a value to values inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the member of this name.
    Name(String),
    /// To the element at this place, counted from 0.
    Place(usize),
    /// To every member of an object: `.*`.
    Members,
    /// To every element of an array, and every member of an object: `[*]`.
    Values,
}

/// The test of a JSON event.
#[derive(Debug, Clone)]
pub struct JsonTest {
    tree: Tree,
    tests: Vec<NodeTest>,
    /// The selectors as a tree; the first node is the event itself.
    nodes: Vec<Node>,
}

/// A place that selectors lead to or through.
#[derive(Debug, Clone, Default)]
struct Node {
    /// The tests of what is selected here.
    tests: Vec<usize>,
    /// The members that selectors go on to, sorted by name, with their nodes.
    names: Vec<(Box<[u8]>, usize)>,
    /// The elements that selectors go on to, sorted, with their nodes.
    places: Vec<(usize, usize)>,
    /// Where `.*` leads.
    members: Option<usize>,
    /// Where `[*]` leads.
    values: Option<usize>,
}

impl JsonTest {
    /// These tests of what selectors select, joined by a tree of their indices.
    pub fn new(tests: Vec<(Vec<Step>, NodeTest)>, tree: Tree) -> Self {
        let mut nodes = vec![Node::default()];
        for (index, (steps, _)) in tests.iter().enumerate() {
            let mut at = 0;
            for step in steps {
                let next = nodes.len();
                at = nodes[at].child_or(step, next);
                if at == next {
                    nodes.push(Node::default());
                }
            }
            nodes[at].tests.push(index);
        }
        Self { tree, tests: tests.into_iter().map(|(_, test)| test).collect(), nodes }
    }

    /// Whether an event is a JSON object and all of this holds for it.
    pub fn holds(&self, event: &str) -> bool {
        let event = event.trim_matches([' ', '\t', '\n', '\r']);
        if !event.starts_with('{') {
            return false;
        }
        let is_absence = |test: &NodeTest| matches!(test, NodeTest::NotExists);
        let mut outcomes: Vec<bool> = self.tests.iter().map(is_absence).collect();
        let mut waiting = Vec::new();
        // The event itself is always read: this is what checks it.
        if self.open(0, event, &mut waiting).is_err() {
            return false;
        }
        while let Some((at, text)) = waiting.pop() {
            self.test(at, text, &mut outcomes);
            let is_inner = match text.as_bytes()[0] {
                b'{' => self.nodes[at].has_members(),
                b'[' => self.nodes[at].has_elements(),
                _ => false,
            };
            if is_inner && self.open(at, text, &mut waiting).is_err() {
                return false;
            }
        }
        self.tree.holds(&outcomes)
    }

    /// Applies the tests of a place to a node that was selected.
    fn test(&self, at: usize, text: &str, outcomes: &mut [bool]) {
        let tests = &self.nodes[at].tests;
        if tests.is_empty() {
            return;
        }
        let value = Value::new(text);
        let mut is_null = None;
        for &index in tests {
            outcomes[index] = match &self.tests[index] {
                NodeTest::NotExists => false,
                _ if outcomes[index] => true,
                NodeTest::IsNull => *is_null.get_or_insert_with(|| value.is_null()),
                test => test.holds(&value),
            };
        }
    }

    /// Puts the values in an object or array that are selected into `waiting`.
    fn open<'a>(
        &self,
        at: usize,
        text: &'a str,
        waiting: &mut Vec<(usize, &'a str)>,
    ) -> Result<(), serde_json::Error> {
        let node = &self.nodes[at];
        let mut deserializer = serde_json::Deserializer::from_str(text);
        if text.starts_with('{') {
            deserializer.deserialize_map(Members { node, waiting })?;
        } else {
            deserializer.deserialize_seq(Elements { node, waiting })?;
        }
        deserializer.end()
    }
}

impl Tree {
    fn holds(&self, outcomes: &[bool]) -> bool {
        match self {
            Self::Leaf(index) => outcomes[*index],
            Self::All(trees) => trees.iter().all(|tree| tree.holds(outcomes)),
            Self::Any(trees) => trees.iter().any(|tree| tree.holds(outcomes)),
        }
    }
}

impl NodeTest {
    /// Whether a node is so; `IsNull` and `NotExists` are asked elsewhere.
    fn holds(&self, value: &Value) -> bool {
        let is_equal = |written: &[u8], right: f64| match value {
            Value::Number(text) => Some(number(text.as_bytes()) == Some(right)),
            Value::Text(text) => Some(**text == *written),
            _ => None,
        };
        match self {
            Self::Text(test) => match value {
                Value::Number(text) => test.holds(text.as_bytes()),
                Value::Text(text) => test.holds(text),
                _ => false,
            },
            Self::Equal { text, value } => is_equal(text, *value) == Some(true),
            Self::NotEqual { text, value } => is_equal(text, *value) == Some(false),
            Self::Compare(comparison, right) => match value {
                Value::Number(text) => {
                    number(text.as_bytes()).is_some_and(|left| compares(left, *comparison, *right))
                }
                _ => false,
            },
            Self::Is(right) => matches!(value, Value::Truth(left) if left == right),
            Self::IsNull | Self::NotExists => false,
        }
    }
}

impl Node {
    /// The node that a step leads to, which is `next` if there is none yet.
    fn child_or(&mut self, step: &Step, next: usize) -> usize {
        match step {
            Step::Name(name) => {
                let name = name.as_bytes();
                let place = self.names.binary_search_by(|(other, _)| (**other).cmp(name));
                let place = place.unwrap_or_else(|place| {
                    self.names.insert(place, (name.into(), next));
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
            Step::Members => *self.members.get_or_insert(next),
            Step::Values => *self.values.get_or_insert(next),
        }
    }

    /// Whether selectors go on into an object.
    fn has_members(&self) -> bool {
        !self.names.is_empty() || self.takes_all_members()
    }

    fn takes_all_members(&self) -> bool {
        self.members.is_some() || self.values.is_some()
    }

    /// Whether selectors go on into an array.
    fn has_elements(&self) -> bool {
        !self.places.is_empty() || self.values.is_some()
    }
}

/// A node, as tests see it.
#[derive(Debug)]
enum Value<'a> {
    /// A number as it is spelled.
    Number(&'a str),
    /// What a string means.
    Text(Cow<'a, [u8]>),
    Truth(bool),
    Null,
    /// The text of an array.
    Array(&'a str),
    Object,
}

impl<'a> Value<'a> {
    /// Looks at a JSON text without blanks around it.
    fn new(text: &'a str) -> Self {
        match text.as_bytes()[0] {
            b'"' => Self::Text(decoded_bytes(text)),
            b't' => Self::Truth(true),
            b'f' => Self::Truth(false),
            b'n' => Self::Null,
            b'[' => Self::Array(text),
            b'{' => Self::Object,
            _ => Self::Number(text),
        }
    }

    /// Whether this is null, or an array with a null in it.
    fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Array(text) => {
                serde_json::Deserializer::from_str(text).deserialize_seq(HasNull).unwrap_or(false)
            }
            _ => false,
        }
    }
}

/// Reads an object. Of members with one name the last counts.
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
        let Self { node, waiting } = self;
        let mut named: Vec<Option<&str>> = vec![None; node.names.len()];
        let mut all: HashMap<Cow<[u8]>, &str> = HashMap::new();
        let takes_all = node.takes_all_members();
        while let Some(name) = access.next_key::<&RawValue>()? {
            let name = decoded_bytes(name.get());
            let place = node.names.binary_search_by(|(other, _)| (**other).cmp(&name)).ok();
            if place.is_none() && !takes_all {
                access.next_value::<IgnoredAny>()?;
                continue;
            }
            let text = access.next_value::<&RawValue>()?.get();
            if let Some(place) = place {
                named[place] = Some(text);
            }
            if takes_all {
                all.insert(name, text);
            }
        }
        for ((_, child), text) in node.names.iter().zip(named) {
            waiting.extend(text.map(|text| (*child, text)));
        }
        for child in [node.members, node.values].into_iter().flatten() {
            waiting.extend(all.values().map(|&text| (child, text)));
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
        let Self { node, waiting } = self;
        let mut places = node.places.iter().peekable();
        for index in 0.. {
            let place = places.next_if(|(place, _)| *place == index);
            if place.is_none() && node.values.is_none() {
                if access.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
                continue;
            }
            let Some(text) = access.next_element::<&RawValue>()? else { break };
            waiting.extend(place.map(|&(_, child)| (child, text.get())));
            waiting.extend(node.values.map(|child| (child, text.get())));
        }
        Ok(())
    }
}

/// Reads an array for a null in it.
struct HasNull;

impl<'a> Visitor<'a> for HasNull {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut access: A) -> Result<bool, A::Error> {
        let mut has_null = false;
        while let Some(text) = access.next_element::<&RawValue>()? {
            has_null |= text.get() == "null";
        }
        Ok(has_null)
    }
}
