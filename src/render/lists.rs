//! Lists as sheets: the top of something, sums by key, series, and merged flows.

use super::sheet::{Cell, CellKind, Sheet, SheetColumn, SheetFormat, Unit};
use super::sheets::periods;
use super::spark::{Joint, Sparks};
use super::{human, share};
use crate::amount::Amount;
use crate::field::Field;
use crate::lists::{List, ListKind, NamedMeasure};
use crate::measure::{Counting, Measure, Order};
use crate::report::{Answer, Contributor};

/// The columns of a list in a format: its keys, what it measures, and of the top the `share` and
/// for people the `cumulative` one. A series is for people a row and a sparkline for each of its
/// keys, and for programs a row for each bin in which one has a value, with its `start`.
pub fn columns(list: &List, format: SheetFormat) -> Vec<SheetColumn> {
    Shape::new(list, format).columns()
}

/// The answer to a list's question.
pub fn sheet<'a>(list: &'a List, answer: &'a Answer, format: SheetFormat) -> Sheet<'a> {
    let shape = Shape::new(list, format);
    let has_keys = !list.query().labels().is_empty();
    let sheet = match (list.kind(), has_keys) {
        (ListKind::Series(seconds), true) if shape.is_for_people() => {
            series(shape, answer, seconds)
        }
        (ListKind::Series(_), true) => {
            let columns = shape.columns();
            Sheet::new(columns, move || answer.contributors().flat_map(by_bin))
        }
        (ListKind::Series(_), false) => bins(shape, answer),
        (_, true) => contributors(shape, answer),
        (_, false) => everything(shape, answer),
    };
    let mut sheet = sheet.titled(shape.title(answer));
    if let ListKind::Series(seconds) = list.kind() {
        sheet = sheet.note(periods(answer, seconds));
    }
    if list.query().counting() == Counting::Once {
        sheet = sheet.note(ONCE);
    }
    let uses = answer.uses();
    let count = |number: u64| human::grouped(number.into());
    sheet.note(format!(
        "Records: {} added, {} filtered out, {} without a key, {} without a number",
        count(uses.added),
        count(uses.filtered_out),
        count(uses.no_key),
        count(uses.no_value),
    ))
}

/// What is said where flows count once.
pub const ONCE: &str = "Flows count once: of equal addresses, ports, protocol and action the \
                        interface that has most.";

/// What rows and columns depend on.
#[derive(Clone, Copy)]
struct Shape<'a> {
    list: &'a List,
    format: SheetFormat,
}

/// Cells of the longest bar.
const BAR_CELLS: f64 = 24.0;

impl<'a> Shape<'a> {
    fn new(list: &'a List, format: SheetFormat) -> Self {
        Self { list, format }
    }

    fn is_for_people(self) -> bool {
        matches!(self.format, SheetFormat::Table | SheetFormat::Markdown)
    }

    /// Whether rows tell what part of all they are.
    fn has_shares(self) -> bool {
        let is_of_parts = matches!(self.list.kind(), ListKind::Top | ListKind::Series(_));
        is_of_parts && self.list.measures()[0].measure.is_additive()
    }

    /// The measures in the order of their columns, as numbers of the list's.
    fn order(self) -> Vec<usize> {
        match self.list.kind() {
            // As in a record: packets, bytes, start, end.
            ListKind::Merge => {
                let all = 0..self.list.measures().len();
                [2, 3, 0, 1].into_iter().chain(all.skip(4)).collect()
            }
            _ => (0..self.list.measures().len()).collect(),
        }
    }

    fn columns(self) -> Vec<SheetColumn> {
        let keys = self.list.query().labels();
        let text = |name: &String| SheetColumn::new(name, CellKind::Text);
        let mut columns: Vec<SheetColumn> = keys.iter().map(text).collect();
        let share = || SheetColumn::new("share", CellKind::Share);
        let value = || self.column(&self.list.measures()[0]);
        if let ListKind::Series(_) = self.list.kind() {
            let start = SheetColumn::new("start", CellKind::Time);
            match (keys.is_empty(), self.is_for_people()) {
                (false, true) => columns.push(value()),
                _ => columns.extend([start, value()]),
            }
            if self.is_for_people() {
                columns.extend(self.has_shares().then(share));
                columns.push(SheetColumn::new("spark", CellKind::Spark).headed(""));
            }
            return columns;
        }
        let measures = self.list.measures();
        columns.extend(self.order().into_iter().map(|at| self.column(&measures[at])));
        if self.has_shares() {
            let cumulative = SheetColumn::new("cumulative", CellKind::Share);
            columns.extend([share(), cumulative.headed("cumul.").for_people()]);
        }
        columns
    }

    fn column(self, measure: &NamedMeasure) -> SheetColumn {
        SheetColumn::new(&measure.name, self.kind(measure))
    }

    fn kind(self, measure: &NamedMeasure) -> CellKind {
        let unit = match (&measure.measure, measure.field()) {
            (Measure::Count, _) => Unit::Records,
            (_, Some(Field::Bytes)) => Unit::Bytes,
            (_, Some(Field::Packets)) => Unit::Packets,
            _ => Unit::None,
        };
        let is_time = matches!(measure.field(), Some(Field::Start | Field::End));
        match &measure.measure {
            Measure::Average(_) => CellKind::Mean(unit),
            // Merged records are records again: their times are those of a log.
            Measure::Min(_) | Measure::Max(_) if is_time => match self.list.kind() {
                ListKind::Merge if !self.is_for_people() => CellKind::Number(Unit::None),
                _ => CellKind::Time,
            },
            _ => CellKind::Number(unit),
        }
    }

    fn cell(self, at: usize, value: Option<Amount>) -> Cell {
        let Some(value) = value else { return Cell::Missing };
        match self.kind(&self.list.measures()[at]) {
            CellKind::Mean(_) => Cell::Mean(value.to_f64()),
            CellKind::Time => match u64::try_from(value.floor()) {
                Ok(seconds) => Cell::Time(seconds),
                Err(_) => value.into(),
            },
            _ => value.into(),
        }
    }

    /// The cells of measures, whose values `value` gives.
    fn cells(self, value: impl Fn(usize) -> Option<Amount>) -> Vec<Cell> {
        self.order().into_iter().map(|at| self.cell(at, value(at))).collect()
    }

    fn title(self, answer: &Answer) -> String {
        let Self { list, .. } = self;
        let labels = list.query().labels().join(", ");
        let first = &list.measures()[0].name;
        let (unique, passed) = (answer.unique(), answer.passed());
        let listed = answer.contributors().len() as u64;
        let count = |number: u64| human::grouped(number.into());
        let of = match passed < unique {
            true => format!("{} (of {}) {labels}", count(passed), count(unique)),
            false => format!("{} {labels}", count(unique)),
        };
        let by = match list.kind() {
            ListKind::Top | ListKind::Series(_) => format!(" by {first}"),
            _ => String::new(),
        };
        let order = list.query().order();
        match (list.query().labels().is_empty(), list.kind()) {
            (true, ListKind::Series(_)) => format!("{first} over time"),
            (true, _) => "Everything".to_owned(),
            _ if passed == 0 => format!("No {labels}{by}"),
            _ if listed == passed && listed == 1 => format!("The only {labels}{by}"),
            _ if listed == passed => format!("All {of}{by}"),
            _ => {
                let word = match order {
                    Order::Ascending if list.kind() != ListKind::Merge => "Lowest",
                    Order::Key | Order::Ascending => "First",
                    _ => "Top",
                };
                format!("{word} {} of {of}{by}", count(listed))
            }
        }
    }

    /// The sheet with the lines below contributors: those that are not listed, and all.
    fn footed(self, sheet: Sheet<'a>, answer: &Answer) -> Sheet<'a> {
        let total = |at: usize| match at {
            0 => answer.total(),
            at => answer.totals().get(at - 1).copied().flatten(),
        };
        let unlisted = answer.unique() - answer.contributors().len() as u64;
        let with_share = |mut cells: Vec<Cell>, value: Option<Amount>| {
            if self.has_shares() {
                let (value, total) = (value.unwrap_or_default(), total(0).unwrap_or_default());
                cells.push(Cell::Share(share(value, total)));
            }
            cells
        };
        let count = |number: u64| human::grouped(number.into());
        let sheet = if unlisted > 0 {
            let measures = self.list.measures();
            let shown = |at: usize| -> Amount {
                let value = |contributor: Contributor| match at {
                    0 => Some(contributor.value),
                    at => contributor.beside[at - 1],
                };
                answer.contributors().filter_map(value).sum()
            };
            let others = |at: usize| {
                let is_additive = measures[at].measure.is_additive();
                is_additive.then(|| total(at).map(|total| total - shown(at)))?
            };
            let first = others(0);
            let cells = self.cells(others);
            let label = format!("others ({})", count(unlisted));
            match cells.iter().all(|cell| *cell == Cell::Missing) {
                true => sheet,
                false => sheet.aside(label, with_share(cells, first)),
            }
        } else {
            sheet
        };
        let cells = self.cells(total);
        if cells.iter().all(|cell| *cell == Cell::Missing) {
            // Numbers of different values come to nothing together.
            return sheet;
        }
        // The mean of all is no total, nor is the largest.
        let is_total = self.list.measures().iter().all(|named| named.measure.is_additive());
        let word = if is_total { "total" } else { "all" };
        let label = format!("{word} ({})", count(answer.unique()));
        sheet.footer(label, with_share(cells, total(0)))
    }
}

/// A contributor a row.
fn contributors<'a>(shape: Shape<'a>, answer: &'a Answer) -> Sheet<'a> {
    let total = answer.total().unwrap_or_default();
    let sheet = Sheet::new(shape.columns(), move || {
        let mut so_far = Amount::ZERO;
        answer.contributors().map(move |contributor| {
            let Contributor { keys, value, beside, .. } = contributor;
            so_far += value;
            let mut row: Vec<Cell> = keys.into_iter().map(Cell::Text).collect();
            row.extend(shape.cells(|at| match at {
                0 => Some(value),
                at => beside[at - 1],
            }));
            if shape.has_shares() {
                let parts = [share(value, total), share(so_far, total)];
                row.extend(parts.map(Cell::Share));
            }
            row
        })
    });
    match shape.list.kind() {
        ListKind::Top => shape.footed(sheet.ranked(), answer),
        ListKind::Sum => shape.footed(sheet, answer),
        ListKind::Series(_) | ListKind::Merge => sheet,
    }
}

/// All records as the only row.
fn everything<'a>(shape: Shape<'a>, answer: &'a Answer) -> Sheet<'a> {
    Sheet::new(shape.columns(), move || {
        let uses = answer.uses();
        let is_nothing = uses.added + uses.no_value == 0;
        let mut row = shape.cells(|at| {
            let total = match at {
                0 => answer.total(),
                at => answer.totals()[at - 1],
            };
            // Of no records the sum is 0, and there is no largest.
            let is_additive = shape.list.measures()[at].measure.is_additive();
            total.or_else(|| (is_nothing && is_additive).then_some(Amount::ZERO))
        });
        if shape.has_shares() {
            row.extend([Cell::Share(1.0), Cell::Share(1.0)]);
        }
        std::iter::once(row)
    })
}

/// A contributor a row, with its course in few characters.
fn series<'a>(shape: Shape<'a>, answer: &'a Answer, seconds: u32) -> Sheet<'a> {
    let mut columns = shape.columns();
    let joint = match shape.list.measures()[0].measure {
        Measure::Count | Measure::Sum(_) => Joint::Sum,
        Measure::Min(_) => Joint::Smallest,
        _ => Joint::Largest,
    };
    let sparks = Sparks::new(answer, seconds.into()).map(|sparks| sparks.joined(joint));
    for column in columns.iter_mut().filter(|column| column.kind == CellKind::Spark) {
        column.heading = Some(sparks.as_ref().map_or(String::new(), Sparks::heading));
    }
    let total = answer.total().unwrap_or_default();
    let sheet = Sheet::new(columns, move || {
        let sparks = sparks.clone();
        answer.contributors().map(move |contributor| {
            let Contributor { keys, value, datapoints, .. } = contributor;
            let mut row: Vec<Cell> = keys.into_iter().map(Cell::Text).collect();
            row.push(shape.cell(0, Some(value)));
            row.extend(shape.has_shares().then(|| Cell::Share(share(value, total))));
            let line = sparks.as_ref().map_or(String::new(), |sparks| sparks.line(&datapoints));
            row.push(Cell::Spark(line));
            row
        })
    });
    shape.footed(sheet.ranked(), answer)
}

fn by_bin(contributor: Contributor) -> impl Iterator<Item = Vec<Cell>> {
    let Contributor { keys, datapoints, .. } = contributor;
    datapoints.into_iter().map(move |point| {
        let keys = keys.iter().cloned().map(Cell::Text);
        keys.chain([Cell::Time(point.start), point.value.into()]).collect()
    })
}

/// A bin a row, of all contributors together.
fn bins<'a>(shape: Shape<'a>, answer: &'a Answer) -> Sheet<'a> {
    let total = answer.total().unwrap_or_default();
    let largest = answer.periods().iter().map(|period| period.sum).max().unwrap_or_default();
    Sheet::new(shape.columns(), move || {
        answer.periods().iter().map(move |period| {
            let mut row = vec![Cell::Time(period.start), shape.cell(0, Some(period.sum))];
            if shape.is_for_people() {
                let part = share(period.sum, total);
                row.extend(shape.has_shares().then_some(Cell::Share(part)));
                let cells = (share(period.sum, largest) * BAR_CELLS).round() as usize;
                row.push(Cell::Spark("\u{2588}".repeat(cells)));
            }
            row
        })
    })
}
