//! How the rows of a layout are read: what is checked, and what is decoded.

use super::Lines;
use crate::field::{Field, Kind, SECONDS_DIGITS};
use crate::json::{JsonPath, Paths};
use crate::layout::Layout;
use crate::scan::{ColumnShape, DIGITS_MAX, Limit, Literal, Shape};

/// Bytes that a text column of a regular row may have; longer ones are read the plain way.
const TEXT_BYTES_MAX: usize = 4096;

/// The largest number of a column of bytes: version, protocol, flags.
const BYTE_MAX: u64 = u8::MAX as u64;

/// The most digits that a number of a regular row has. Bytes of three digits are so rare that
/// reading those lines the plain way costs less than comparing all the others with 255.
fn digits_max(limit: u64) -> usize {
    match limit {
        0..=BYTE_MAX => 2,
        _ => Limit::new(limit).map_or(DIGITS_MAX, Limit::digits),
    }
}

/// How to read the rows of a layout: what to check and what to decode.
#[derive(Debug, Clone)]
pub struct Reading {
    pub(super) layout: Layout,
    pub(super) lines: Lines,
    /// What is asked of JSON events, if they are asked for.
    pub(super) paths: Option<Asked>,
    pub(super) shape: Shape,
    /// Every address column; the plan refers to them by their place in this list.
    pub(super) addresses: Vec<usize>,
    /// Number columns with a limit that has to be checked.
    pub(super) limits: Vec<(usize, Limit)>,
    /// Number columns that are not decoded and may well be `-` in a record of traffic.
    pub(super) may_be_absent: Vec<usize>,
    /// Columns of text, which may begin a comment.
    pub(super) texts: Vec<usize>,
    /// Columns of times, which may be in milliseconds.
    pub(super) times: Vec<usize>,
    pub(super) status: Option<usize>,
    /// Number columns to decode; the plan refers to them by their place in this list.
    pub(super) numbers: Vec<usize>,
    /// Number columns that are keys, where a leading zero makes another text.
    pub(super) unpadded: Vec<usize>,
    pub(super) ok: [Literal; 1],
}

/// What is asked of JSON events.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) paths: Paths,
    pub(super) count: usize,
    pub(super) keeps_events: bool,
}

impl Reading {
    /// Reads rows of `layout`, decoding the columns `numbers`, of which `unpadded` are keys.
    pub fn new(layout: &Layout, numbers: Vec<usize>, unpadded: Vec<usize>) -> Self {
        Self::of(layout, 0..layout.columns(), numbers, unpadded)
    }

    /// Reads lines as tokens, or none but JSON.
    pub fn without_records(layout: &Layout, lines: Lines) -> Self {
        Self { lines, ..Self::of(layout, 0..0, Vec::new(), Vec::new()) }
    }

    /// Reads JSON events too, of which it takes the values at `paths`.
    /// With `keeps_events`, the events themselves too.
    pub fn with_json(self, paths: &[JsonPath], keeps_events: bool) -> Self {
        let asked = Asked { paths: Paths::new(paths), count: paths.len(), keeps_events };
        Self { paths: Some(asked), ..self }
    }

    fn of(
        layout: &Layout,
        columns: std::ops::Range<usize>,
        numbers: Vec<usize>,
        unpadded: Vec<usize>,
    ) -> Self {
        let is_time = |column: usize| layout.field(column).is_some_and(Field::is_time);
        // The columns of version 2 are there wherever there was traffic; of those that came later,
        // `traffic-path` is not in half of the records.
        let may_be_absent = |&column: &usize| {
            let is_later = layout.field(column).is_some_and(|field| field.version() > 2);
            let is_number = matches!(layout.kind(column), Kind::Number(_));
            is_number && is_later && !numbers.contains(&column)
        };
        let may_be_absent: Vec<usize> = columns.clone().filter(may_be_absent).collect();
        let shape = |column| match layout.kind(column) {
            Kind::Number(limit) if may_be_absent.contains(&column) => {
                ColumnShape { digits: false, length_max: digits_max(limit) }
            }
            // Milliseconds are read the plain way.
            Kind::Number(_) if is_time(column) => {
                ColumnShape { digits: true, length_max: SECONDS_DIGITS }
            }
            Kind::Number(limit) => ColumnShape { digits: true, length_max: digits_max(limit) },
            _ => ColumnShape { digits: false, length_max: TEXT_BYTES_MAX },
        };
        let shape: Vec<_> = columns.clone().map(shape).collect();
        let limit = |column| match layout.kind(column) {
            // Two digits are always in range, and those of seconds too.
            Kind::Number(limit) if limit > BYTE_MAX && !is_time(column) => {
                Limit::new(limit).map(|limit| (column, limit))
            }
            _ => None,
        };
        Self {
            layout: layout.clone(),
            shape: Shape::new(&shape),
            addresses: columns.clone().filter(|&c| layout.kind(c) == Kind::Address).collect(),
            may_be_absent,
            texts: columns.clone().filter(|&c| layout.kind(c) == Kind::Text).collect(),
            times: columns.clone().filter(|&column| is_time(column)).collect(),
            status: layout.position(Field::LogStatus).filter(|column| columns.contains(column)),
            limits: columns.filter_map(limit).collect(),
            lines: Lines::Records,
            paths: None,
            numbers,
            unpadded,
            ok: [Literal::new(b"OK")],
        }
    }

    /// The layout that is read.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The place of an address column among [`Batch::addresses`].
    pub fn address(&self, column: usize) -> Option<usize> {
        self.addresses.iter().position(|&other| other == column)
    }

    /// The place of a decoded number column among [`Batch::numbers`].
    pub fn number(&self, column: usize) -> Option<usize> {
        self.numbers.iter().position(|&other| other == column)
    }
}
