//! Records out again: those that pass a question's filter, as they stand or as columns.
//!
//! Groups are what a question adds records up to; a cut is the other thing that can be made of
//! the records that pass: they leave as bytes, in the order in which they were read. Each worker
//! writes the rows of its block (`row`), `output` puts the blocks in order, and only `sink` knows
//! what was written before.

mod output;
mod pen;
mod row;
mod sink;

use crate::batch::Form;
use crate::error::{Error, ErrorKind};
use crate::layout::{Column, Layout, Place};
use crate::query::Query;

pub use output::{Output, Spot, Written};
pub use row::{Chunk, Writing, is_formula};

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CutStyle {
    /// As a flow log: whole lines as they stand, or columns between blanks. A header says what
    /// the columns are, again where that changes.
    #[default]
    Text,
    /// Columns between commas, with a header.
    Csv,
    /// Columns between tabs, with a header.
    Tsv,
    /// A JSON object on each line.
    Ndjson,
    /// An array of JSON objects.
    Json,
}

/// Where a header says what the columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    /// Before the first record, and where the columns change.
    Always,
    /// Of whole lines where a reader would take them for others without.
    Needed,
    /// Nowhere.
    Never,
}

/// Which columns of a record are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The whole line, as text; else as `All`.
    Whole,
    /// All that the layout has.
    All,
    /// These.
    Some(Vec<Column>),
}

/// Which records are to be written, and how.
///
/// ```
/// use flowagg::{Cut, CutStyle, Engine, Field, Filter, Query, Source};
/// let rejected = Filter::new().and_in(Field::Action, ["REJECT"]);
/// let query = Query::builder().filter(rejected).build()?;
/// let cut = Cut::new(query)?.columns([Field::SrcAddr, Field::DstPort]).style(CutStyle::Csv);
/// let mut text = Vec::new();
/// let sources = [Source::path("testdata/sample.log")];
/// let found = Engine::new().cut(&cut.limit(3), &[], &sources, &mut text)?;
/// assert_eq!(found.records, 3);
/// assert!(text.starts_with(b"srcaddr,dstport\n"));
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    pub(crate) query: Query,
    pub(crate) wish: Wish,
    pub(crate) style: CutStyle,
    pub(crate) header: Header,
    pub(crate) is_csv_safe: bool,
    pub(crate) limit: Option<u64>,
}

impl Cut {
    /// Writes the records that this query counts, whole. Its keys and its measure change nothing
    /// in that; its answer is the first of the report.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] for a query of JSON events, which are no records.
    pub fn new(query: Query) -> Result<Self, Error> {
        if query.form() != Form::Records {
            let text = "JSON events are no records with columns, expected a query of records";
            return Err(Error::new(ErrorKind::Query, text));
        }
        let (wish, style) = (Wish::Whole, CutStyle::Text);
        let header = Header::Always;
        Ok(Self { query, wish, style, header, is_csv_safe: false, limit: None })
    }

    /// The same, of the records that this query counts.
    #[must_use]
    pub fn of(self, query: Query) -> Self {
        Self { query, ..self }
    }

    /// Writes these columns only, in this order, each once.
    #[must_use]
    pub fn columns<C: Into<Column>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        let mut distinct: Vec<Column> = Vec::new();
        for column in columns.into_iter().map(Into::into) {
            if !distinct.contains(&column) {
                distinct.push(column);
            }
        }
        self.wish = Wish::Some(distinct);
        self
    }

    /// Writes all columns, each for itself, also as text.
    #[must_use]
    pub fn all_columns(mut self) -> Self {
        self.wish = Wish::All;
        self
    }

    /// Writes them so.
    #[must_use]
    pub fn style(mut self, style: CutStyle) -> Self {
        self.style = style;
        self
    }

    /// Whether a header says what the columns are; JSON has none.
    #[must_use]
    pub fn header(mut self, has_header: bool) -> Self {
        self.header = if has_header { Header::Always } else { Header::Never };
        self
    }

    /// Writes a header before whole lines only where they would be taken for others without: none
    /// above records of a layout that is known by its values, such as version 2, as long as no
    /// others come.
    ///
    /// ```
    /// use flowagg::{Cut, Engine, Query, Source};
    /// let cut = Cut::new(Query::builder().build()?)?.header_where_needed().limit(1);
    /// let mut text = Vec::new();
    /// Engine::new().cut(&cut, &[], &[Source::path("testdata/sample.log")], &mut text)?;
    /// assert!(text.starts_with(b"2 "));
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    #[must_use]
    pub fn header_where_needed(mut self) -> Self {
        self.header = Header::Needed;
        self
    }

    /// Whether an apostrophe comes before a text of CSV or TSV, a name or a value, that a
    /// spreadsheet takes for a formula.
    #[must_use]
    pub fn csv_safe(mut self, is_csv_safe: bool) -> Self {
        self.is_csv_safe = is_csv_safe;
        self
    }

    /// Writes so many records at most, the first ones, and then reads no more.
    #[must_use]
    pub fn limit(mut self, records: u64) -> Self {
        self.limit = Some(records);
        self
    }

    /// Whether lines leave as they stand.
    fn is_whole(&self) -> bool {
        self.wish == Wish::Whole && self.style == CutStyle::Text
    }

    /// The columns that are asked for, if not all are.
    pub(crate) fn asked(&self) -> Option<&[Column]> {
        match &self.wish {
            Wish::Some(columns) => Some(columns),
            Wish::Whole | Wish::All => None,
        }
    }
}

/// Where in a layout a column is.
fn position(layout: &Layout, column: &Column) -> Option<usize> {
    match layout.resolve(column)? {
        Place::At(at) => Some(at).filter(|at| *at < layout.columns()),
        _ => None,
    }
}

/// What the columns of a layout are called: each once, as AWS spells them.
fn names(layout: &Layout) -> Vec<(usize, String)> {
    let mut names: Vec<(usize, String)> = Vec::with_capacity(layout.columns());
    for column in 0..layout.columns() {
        let name = match layout.field(column) {
            Some(field) => field.name(),
            None => layout.name(column).unwrap_or_default(),
        };
        if !names.iter().any(|(_, other)| other == name) {
            names.push((column, name.to_owned()));
        }
    }
    names
}
