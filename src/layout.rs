//! Which field stands in which column, and how questions name a column.
//!
//! A file's own header says so; without one it is version 2.

use crate::error::{Error, ErrorKind};
use crate::field::{Field, Kind, V2};
use crate::json::JsonPath;
use crate::record;

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
        Self::from_names(V2.iter().map(|field| field.name().to_owned()).collect())
    }

    /// A layout of columns with these names; unknown ones are opaque text.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] if there is no name.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(Error::new(ErrorKind::Query, "a layout needs at least one column"));
        }
        Ok(Self::from_names(names))
    }

    fn from_names(names: Vec<String>) -> Self {
        let fields = names.iter().map(|name| Field::parse(name)).collect();
        Self { names, fields }
    }

    /// The layout that a line states, if the line is a header: all its words look like field
    /// names (`srcaddr`, also `${srcaddr}`), and at least half of them are known ones.
    pub fn from_header(line: &[u8]) -> Option<Self> {
        let mut names = Vec::new();
        let mut known = 0;
        for token in record::tokens(line) {
            let token = token.strip_prefix(b"${").map_or(Some(token), |t| t.strip_suffix(b"}"))?;
            let first = token.first().is_some_and(u8::is_ascii_lowercase);
            let rest = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
            if !first || !token.iter().all(rest) {
                return None;
            }
            let name = str::from_utf8(token).ok()?;
            known += usize::from(Field::parse(name).is_some());
            names.push(name);
        }
        let is_header = known > 0 && known * 2 >= names.len();
        is_header.then(|| Self::from_names(names.into_iter().map(str::to_owned).collect()))
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

    /// The column that a question means, counted from 0. A position beyond the layout's columns
    /// is one all the same: a line may have more values.
    pub fn resolve(&self, column: &Column) -> Option<usize> {
        match column {
            Column::Field(field) => self.position(*field),
            Column::Name(name) => self.position_of_name(name),
            Column::Position(position) => position.checked_sub(1),
            Column::Path(_) => None,
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
    /// The value at this path of a JSON event.
    Path(JsonPath),
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
            Self::Path(path) => path.to_string(),
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
