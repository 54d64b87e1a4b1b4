//! Which field stands in which column, and how questions name a column.
//!
//! A file's own header says so; without one its first record does, if it is one of the known.

mod format;
mod opening;

use crate::error::{Error, ErrorKind};
use crate::field::{Field, Kind, V2};
use crate::json::JsonPath;
use crate::record;
pub use opening::Opening;

/// The most columns that a layout has. Flow logs have some fifty fields, and a line of 1 MiB may
/// state a hundred thousand, each of which costs something for every block.
pub const COLUMNS_MAX: usize = 1024;

/// The most bytes of a column's name that a text states: each layout keeps its names.
pub const NAME_BYTES_MAX: usize = 256;

/// The columns of a file, in order.
///
/// ```
/// use flowagg::{Field, Layout};
/// let layout = Layout::from_header(b"version srcaddr a-new-field bytes").unwrap();
/// assert_eq!(layout.position(Field::Bytes), Some(3));
/// assert_eq!(layout.field(2), None);
/// assert_eq!(layout.name(2), Some("a-new-field"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    names: Vec<String>,
    fields: Vec<Option<Field>>,
}

impl Layout {
    /// The default format, the 14 fields of version 2.
    pub fn v2() -> Self {
        Self::of(&V2)
    }

    /// A layout of columns with these names; unknown ones are opaque text.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] if there is no name, or more than 1,024.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(Error::new(ErrorKind::Query, "a layout needs at least one column"));
        }
        if names.len() > COLUMNS_MAX {
            let message = format!("{} columns, expected {COLUMNS_MAX} at most", names.len());
            return Err(Error::new(ErrorKind::Query, message));
        }
        Ok(Self::from_names(names))
    }

    fn from_names(names: Vec<String>) -> Self {
        let fields = names.iter().map(|name| Field::parse(name)).collect();
        Self { names, fields }
    }

    /// The layout that a line states, if the line is a header: all its words look like field
    /// names (`srcaddr`, also `${srcaddr}`), at least half of them are known ones, and there are
    /// no more than 1,024.
    ///
    /// Where every word is in `${...}`, any name may stand in there, and one that is known is
    /// enough: no record and no message is such a line. A line of other words is not taken for a
    /// header for some field names among them, as a message may hold `start` and `end` too.
    pub fn from_header(line: &[u8]) -> Option<Self> {
        let mut names = Vec::new();
        let (mut known, mut is_plain, mut is_braced) = (0, true, true);
        for token in record::tokens(line) {
            let braced = token.strip_prefix(b"${").and_then(|token| token.strip_suffix(b"}"));
            let name = braced.unwrap_or(token);
            is_plain &= is_plain_name(name);
            is_braced &= braced.is_some();
            if !(is_plain || is_braced) || name.len() > NAME_BYTES_MAX {
                return None;
            }
            let name = str::from_utf8(name).ok()?;
            known += usize::from(Field::parse(name).is_some());
            names.push(name);
            if names.len() > COLUMNS_MAX {
                return None;
            }
        }
        let is_header = known > 0 && (is_braced || known * 2 >= names.len());
        is_header.then(|| Self::from_names(names.into_iter().map(str::to_owned).collect()))
    }

    /// The header that states columns of these names: the names alone if that is read as one,
    /// else each in `${...}`. Without a name that is known there is no such line, and the names
    /// are what there is to say.
    pub(crate) fn header<S: AsRef<str>>(names: &[S]) -> String {
        let names = || names.iter().map(AsRef::as_ref);
        let alone = names().collect::<Vec<_>>().join(" ");
        let is_read = |layout: Self| layout.names.iter().map(String::as_str).eq(names());
        if Self::from_header(alone.as_bytes()).is_some_and(is_read) {
            return alone;
        }
        let braced = names().map(|name| format!("${{{}}}", record::unbroken(name)));
        let braced = braced.collect::<Vec<_>>().join(" ");
        if Self::from_header(braced.as_bytes()).is_some() { braced } else { alone }
    }

    /// Whether records of another layout are read as if they had this one: what the columns of
    /// known fields are called changes nothing.
    pub(crate) fn is_read_as(&self, other: &Self) -> bool {
        let is_same = |at: usize| self.fields[at].is_some() || self.names[at] == other.names[at];
        self.fields == other.fields && (0..self.columns()).all(is_same)
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.names.len()
    }

    /// The known field in a column, counted from 0.
    pub fn field(&self, column: usize) -> Option<Field> {
        self.fields.get(column).copied().flatten()
    }

    /// The name of a column, counted from 0, as the header spells it.
    pub fn name(&self, column: usize) -> Option<&str> {
        self.names.get(column).map(String::as_str)
    }

    /// How the values in a column are spelled; unknown columns are text.
    pub fn kind(&self, column: usize) -> Kind {
        self.field(column).map_or(Kind::Text, Field::kind)
    }

    /// The first column that holds `field`.
    pub fn position(&self, field: Field) -> Option<usize> {
        self.fields.iter().position(|&other| other == Some(field))
    }

    /// Where the values of a column stand. A position beyond the layout's columns is one all the
    /// same: a line may have more values.
    pub fn resolve(&self, column: &Column) -> Option<Place> {
        match column {
            Column::Field(field) => self.position(*field).map(Place::At),
            Column::Name(name) => self.position_of_name(name).map(Place::At),
            other => other.place(),
        }
    }

    /// The first column of that name, in any spelling of a known field.
    pub fn position_of_name(&self, name: &str) -> Option<usize> {
        match Field::parse(name) {
            Some(field) => self.position(field),
            None => self.names.iter().position(|other| other == name),
        }
    }
}

/// Whether a name is spelled as those of fields are.
fn is_plain_name(name: &[u8]) -> bool {
    let is_of_name = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    name.first().is_some_and(u8::is_ascii_lowercase) && name.iter().all(is_of_name)
}

impl Default for Layout {
    fn default() -> Self {
        Self::v2()
    }
}

/// A value of an event: by field, by the name in a header, or by position; in a JSON event by path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Column {
    /// The column of a known field, wherever the layout has it.
    Field(Field),
    /// The column of that name in the header.
    Name(String),
    /// The value at this position, counted from 1 as CloudWatch does, whatever it is.
    Position(usize),
    /// The value at this position counted from the end: 1 is the last one of a line.
    Last(usize),
    /// All from the value at this position, counted from 1, to the end of the line: as it is
    /// written if there are several, else as [`Position`](Self::Position) has it.
    Rest(usize),
    /// The whole event, as it is written.
    Line,
    /// The value at this path of a JSON event.
    Path(JsonPath),
}

/// Where values of a column stand in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At this place, counted from 0.
    At(usize),
    /// At this place, counted from the end, 1 is the last.
    Last(usize),
    /// From this place on, counted from 0.
    Rest(usize),
    /// Everywhere.
    Line,
}

/// Neighbouring fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first one, counted from 0.
    pub first: usize,
    /// How many, at least one.
    pub fields: usize,
}

impl Place {
    /// The fields that stand there in a line of `columns` fields, if there are any.
    pub fn stretch(self, columns: usize) -> Option<Stretch> {
        let (first, end) = match self {
            Self::At(column) => (column, column + 1),
            Self::Last(count) => (columns.checked_sub(count)?, (columns + 1).checked_sub(count)?),
            Self::Rest(column) => (column, columns),
            Self::Line => (0, columns),
        };
        let fields = end.checked_sub(first).filter(|&fields| fields > 0 && end <= columns)?;
        Some(Stretch { first, fields })
    }
}

impl Stretch {
    /// The field, if it is one.
    pub fn one(self) -> Option<usize> {
        (self.fields == 1).then_some(self.first)
    }
}

impl From<Field> for Column {
    fn from(field: Field) -> Self {
        Self::Field(field)
    }
}

impl Column {
    /// What the column is called in answers.
    pub fn label(&self) -> String {
        match self {
            Self::Field(field) => field.name().to_owned(),
            Self::Name(name) => name.clone(),
            Self::Position(position) => position.to_string(),
            Self::Last(position) => format!("{position} from the end"),
            Self::Rest(position) => format!("{position} to the end"),
            Self::Line => "the whole line".to_owned(),
            Self::Path(path) => path.to_string(),
        }
    }

    /// Where its values stand, if that needs no layout.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Position(position) => position.checked_sub(1).map(Place::At),
            Self::Last(position) => Some(Place::Last(*position)).filter(|_| *position > 0),
            Self::Rest(position) => position.checked_sub(1).map(Place::Rest),
            Self::Line => Some(Place::Line),
            Self::Field(_) | Self::Name(_) | Self::Path(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_what_only_looks_like_one() {
        let header = |line: &str| Layout::from_header(line.as_bytes());
        let v2 = "version account-id interface-id srcaddr dstaddr srcport dstport protocol \
                  packets bytes start end action log-status";
        assert_eq!(header(v2), Some(Layout::v2()));
        assert_eq!(header(&format!("  {}\r", v2.replace(' ', "  "))), Some(Layout::v2()));
        assert_eq!(header("${srcaddr} ${bytes}").unwrap().position(Field::Bytes), Some(1));
        assert_eq!(header("log_status x1").unwrap().position(Field::LogStatus), Some(0));
        assert_eq!(header("bytes").unwrap().columns(), 1);
        for line in ["", "  ", "x y", "srcaddr x y", "Bytes", "bytes 10", "${bytes", "2 - -"] {
            assert_eq!(header(line), None, "{line}");
        }
        assert_eq!(header("eni-1 i-2 vpc-3"), None);
    }

    #[test]
    fn headers_have_any_names_in_braces() {
        for names in [
            &["srcaddr", "x1"][..],
            &["bytes", "podName"],
            &["PodName", "bytes", "@timestamp", "kubernetes.pod", "x:y", "#h", "\u{dc}n", "2x"],
            &["${bytes}", "bytes"],
            &["a,b\"c", "", "}", "bytes"],
            &["bytes", "a", "b"],
        ] {
            let line = Layout::header(names);
            let read = Layout::from_header(line.as_bytes()).unwrap();
            assert_eq!(read, Layout::new(names.iter().copied()).unwrap(), "{line}");
            assert_eq!(line.starts_with("${"), names != ["srcaddr", "x1"], "{line}");
        }
        assert_eq!(Layout::header(&["a b\u{b}c", "bytes"]), "${a%20b%0Bc} ${bytes}");
        // Nothing would say that it is a header.
        assert_eq!(Layout::header(&["Pod", "x"]), "Pod x");
        let header = |line: &str| Layout::from_header(line.as_bytes());
        for line in ["podName srcaddr dstaddr bytes", "${Pod} bytes", "${bytes} Pod", "${x} ${y}"] {
            assert_eq!(header(line), None, "{line}");
        }
        let long = |length: usize| header(&format!("${{bytes}} ${{{}}}", "X".repeat(length)));
        assert!(long(NAME_BYTES_MAX).is_some() && long(NAME_BYTES_MAX + 1).is_none());
    }

    #[test]
    fn layouts_are_read_as_others() {
        let layout = |names: &[&str]| Layout::new(names.iter().copied()).unwrap();
        let own = layout(&["bytes", "x", "src-addr"]);
        assert!(own.is_read_as(&own) && Layout::v2().is_read_as(&Layout::v2()));
        assert!(layout(&["pkt_srcaddr", "x"]).is_read_as(&layout(&["pkt-srcaddr", "x"])));
        for other in [&["bytes", "x"][..], &["bytes", "y", "src-addr"], &["x", "bytes", "x"]] {
            assert!(!own.is_read_as(&layout(other)) && !layout(other).is_read_as(&own));
        }
    }

    #[test]
    fn places_are_fields_of_a_line() {
        let stretch = |column: Column, columns| {
            column.place()?.stretch(columns).map(|stretch| (stretch.first, stretch.fields))
        };
        assert_eq!(stretch(Column::Position(14), 14), Some((13, 1)));
        assert_eq!(stretch(Column::Position(15), 14), None);
        assert_eq!(stretch(Column::Position(0), 14), None);
        assert_eq!(stretch(Column::Last(1), 14), Some((13, 1)));
        assert_eq!(stretch(Column::Last(14), 14), Some((0, 1)));
        assert_eq!(stretch(Column::Last(15), 14), None);
        assert_eq!(stretch(Column::Last(0), 14), None);
        assert_eq!(stretch(Column::Rest(12), 14), Some((11, 3)));
        assert_eq!(stretch(Column::Rest(14), 14), Some((13, 1)));
        assert_eq!(stretch(Column::Rest(15), 14), None);
        assert_eq!(stretch(Column::Line, 14), Some((0, 14)));
        assert_eq!(stretch(Column::Line, 0), None);
    }

    #[test]
    fn names_find_columns() {
        let layout = Layout::new(["bytes", "thing", "bytes", "pkt_srcaddr"]).unwrap();
        assert_eq!(layout.position_of_name("bytes"), Some(0));
        assert_eq!(layout.position_of_name("thing"), Some(1));
        assert_eq!(layout.position_of_name("pkt-srcaddr"), Some(3));
        assert_eq!(layout.position_of_name("nothing"), None);
        assert_eq!(layout.kind(1), Kind::Text);
        assert!(Layout::new(Vec::<String>::new()).is_err());
    }
}
