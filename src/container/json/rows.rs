//! Records whose columns are members of objects.
//!
//! An object leaves out what it does not have, and so it says nothing of columns that only later
//! ones show. Rows are gathered until there are many, and all of them have the columns of the
//! last: which rows these are depends on the input alone, and so does the answer.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::field::Field;
use crate::layout::{Layout, NAME_BYTES_MAX};
use crate::record::unbroken;

/// Columns that objects may have, but that fields of flow logs always have one: each new one makes
/// a new layout. Beyond them members are left out, which is told at the end.
pub const COLUMNS_MAX: usize = 256;

/// Rows that are gathered.
pub const ROWS_MAX: usize = if cfg!(debug_assertions) { 64 } else { 1024 };

/// Bytes of rows that are gathered, beyond which they are enough.
const ROWS_BYTES: usize = 1 << 20;

/// Rows, and the columns of all that were met.
#[derive(Debug, Default)]
pub struct Rows {
    /// The columns, in the order in which they were met, and the places of each.
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// The members of the last record as they were called, and what is known of them: most records
    /// have the same in the same order.
    last: Vec<(String, Known)>,
    /// The rows as lines, and how many.
    text: Vec<u8>,
    count: usize,
    /// Where in the text rows begin that have more columns than those before, and how many.
    widths: Vec<(usize, usize)>,
    /// Whether members were left out.
    is_short: bool,
}

/// What is known of a member.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// The place of its column; none if it is left out.
    at: Option<usize>,
    /// Whether it has the column's own name.
    is_own: bool,
}

/// The value of a column in a record.
#[derive(Debug, Clone)]
enum Value<'n> {
    /// No member is of that column so far.
    Absent,
    /// That of a member with another name than the column's, unless it was null.
    Other(Cow<'n, str>),
    /// That of a member with its name, unless it is null.
    Own(Option<Cow<'n, str>>),
}

impl Rows {
    /// Adds a record: its members' names, and their values as words. A member with a column's own
    /// name comes before others of that column, and of those the first that has a value. False if
    /// it is no record: a name with different values is what damage makes of two.
    pub fn push<'n>(
        &mut self,
        members: impl Iterator<Item = (&'n str, Option<Cow<'n, str>>)>,
    ) -> bool {
        let mut values = vec![Value::Absent; self.names.len()];
        for (nth, (name, value)) in members.enumerate() {
            let known = match self.last.get(nth).filter(|(last, _)| last == name) {
                Some((_, known)) => *known,
                None => {
                    let known = self.known(name);
                    self.last.truncate(nth);
                    self.last.push((name.to_owned(), known));
                    known
                }
            };
            let Some(at) = known.at else {
                self.is_short = true;
                continue;
            };
            values.resize(self.names.len(), Value::Absent);
            match (&values[at], known.is_own) {
                (Value::Own(other), true) if *other != value => return false,
                (_, true) => values[at] = Value::Own(value),
                (Value::Absent, false) => {
                    values[at] = value.map_or(Value::Absent, Value::Other);
                }
                (_, false) => {}
            }
        }
        if self.widths.last().is_none_or(|(_, columns)| *columns < values.len()) {
            self.widths.push((self.text.len(), values.len()));
        }
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.text.push(b' ');
            }
            let word = match value {
                Value::Other(word) | Value::Own(Some(word)) => word,
                Value::Absent | Value::Own(None) => "-",
            };
            self.text.extend_from_slice(word.as_bytes());
        }
        self.text.push(b'\n');
        self.count += 1;
        true
    }

    /// What is known of a member that was not met before. Its column may be a new one, unless there
    /// are too many.
    fn known(&mut self, name: &str) -> Known {
        let field = Field::from_alias(name);
        let is_own = field.is_none_or(|field| Field::parse(name) == Some(field));
        let name = match field {
            Some(field) => field.name().to_owned(),
            None => unbroken(name).into_owned(),
        };
        let next = self.names.len();
        let at = match self.places.get(&name) {
            Some(at) => Some(*at),
            None if field.is_none() && (next >= COLUMNS_MAX || name.len() > NAME_BYTES_MAX) => None,
            None => {
                self.places.insert(name.clone(), next);
                self.names.push(name);
                Some(next)
            }
        };
        Known { at, is_own }
    }

    /// Adds lines without a value.
    pub fn push_blank(&mut self, lines: usize) {
        self.text.resize(self.text.len() + lines, b'\n');
    }

    /// Whether there are rows.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether there are enough.
    pub fn is_full(&self) -> bool {
        self.count >= ROWS_MAX || self.text.len() >= ROWS_BYTES
    }

    /// The number of their columns.
    pub fn columns(&self) -> usize {
        self.names.len()
    }

    /// Their layout; a record has some columns that are known.
    pub fn layout(&self) -> Option<Layout> {
        Layout::new(self.names.iter().map(String::as_str)).ok()
    }

    /// What is to be said of members that were left out, if some were.
    pub fn left_out(&self) -> Option<String> {
        self.is_short.then(|| {
            format!(
                "its objects have members of more than {COLUMNS_MAX} names, or names of more than \
                 {NAME_BYTES_MAX} bytes; those met last, and the long ones, are left out"
            )
        })
    }

    /// Moves the rows to the end of `text`, each with all columns.
    pub fn take(&mut self, text: &mut Vec<u8>) {
        let columns = self.names.len();
        let ends = self.widths.iter().skip(1).map(|(start, _)| *start).chain([self.text.len()]);
        // Blank lines may come before the first row.
        let mut from = 0;
        for ((_, width), end) in self.widths.iter().zip(ends) {
            let rows = &self.text[from..end];
            from = end;
            if *width == columns {
                text.extend_from_slice(rows);
                continue;
            }
            for row in rows.split_inclusive(|&byte| byte == b'\n') {
                let row = &row[..row.len() - 1];
                text.extend_from_slice(row);
                let missing = if row.is_empty() { 0 } else { columns - width };
                text.extend_from_slice(&b" -".repeat(missing));
                text.push(b'\n');
            }
        }
        self.text.clear();
        self.widths.clear();
        self.count = 0;
    }
}
