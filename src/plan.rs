//! The treaty between questions and a layout: made once for each layout, before its first record.

use crate::batch::{Form, Lines, Reading};
use std::sync::Arc;

use crate::field::{Field, Kind};
use crate::filter::{Branches, Columns, Filter, Tests, Tree};
use crate::intern::Texts;
use crate::json::JsonPath;
use crate::key::{KeyShape, Lane, Part};
use crate::layout::{Column, Layout, Place, Stretch};
use crate::measure::{Measure, Part as QueryPart, Role};
use crate::query::{Query, Scope};
use crate::view::{KeyColumn, View};

/// How to answer all queries over records of one layout.
#[derive(Debug)]
pub struct Plan {
    /// What to check and decode.
    pub reading: Reading,
    /// The distinct trees of filters, which selections go on from.
    pub trees: Vec<Branches>,
    /// The distinct filters: queries with equal ones share their evaluation.
    pub selections: Vec<Selection>,
    /// One for each part of each query, in order.
    pub steps: Vec<Step>,
    /// Columns that queries name and the layout lacks.
    pub lacking: Vec<String>,
}

/// Which records a query considers and which of them pass.
#[derive(Debug)]
pub struct Selection {
    /// What events it is about.
    pub form: Form,
    /// Which are considered.
    pub scope: Scope,
    /// The tree that has to hold, as an index into the plan's.
    pub tree: Option<usize>,
    /// Which of those that are left pass.
    pub tests: Tests,
}

/// What to do with the records that pass.
#[derive(Debug)]
pub struct Step {
    /// The selection, as an index into the plan's.
    pub selection: usize,
    /// The kinds of the keys, and before them that of the period, if there is one.
    pub shape: KeyShape,
    /// What the period is made of.
    pub period: Option<Period>,
    /// In which periods a record has to lie to count, where that is no part of its key. Regular
    /// rows do so if they have a time.
    pub timed: Option<Period>,
    /// Where each key is found, and how it is seen.
    pub keys: Vec<Key>,
    /// How regular records' keys are kept; none if they lack a key.
    pub lane: Option<Lane>,
    /// Where the value is found; none for a count.
    pub value: Option<Source>,
    /// Whether values only count, each as one.
    pub counts: bool,
    /// Whether its regular rows have the keys that those of the step before have, word for word:
    /// then these are not gathered again.
    pub shares_keys: bool,
}

/// A key of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where its column's values are found.
    pub source: Source,
    /// What is made of them.
    pub view: View,
}

/// How an event's period is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The event's time.
    pub time: Source,
    /// Its length.
    pub seconds: u32,
}

impl Period {
    /// The number of the period that a time lies in, none if there is no such period: numbers
    /// have 32 bits, which for the shortest periods end 8,000 years from now. The last number
    /// stands for all later ones.
    #[inline(always)]
    pub fn number(&self, time: u64) -> Option<u32> {
        let number = u32::try_from(time / u64::from(self.seconds)).ok();
        number.filter(|number| *number != u32::MAX)
    }
}

/// Where a value is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Where it stands in an event; none if the layout lacks the column.
    pub place: Option<Place>,
    /// The fields that it is in regular rows, if they have it.
    pub stretch: Option<Stretch>,
    /// In regular rows.
    pub regular: Regular,
    /// Whether its values are known to be of the column's kind.
    pub is_checked: bool,
}

/// Where a value is found in regular rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regular {
    /// Among the decoded addresses.
    Address(usize),
    /// Among the decoded numbers; with its bits when it is a key.
    Number(usize, u32),
    /// As text in its stretch.
    Text,
    /// Nowhere.
    Missing,
}

impl Plan {
    /// Plans `queries` over records of `layout`, or whatever else the `lines` are, in a run whose
    /// texts have these numbers.
    pub fn new(queries: &[Query], layout: &Layout, lines: Lines, texts: &Arc<Texts>) -> Self {
        let asks = |form: Form| queries.iter().any(|query| query.form == form);
        let lines = if asks(Form::Records) { lines } else { Lines::Refused };
        let mut reading = match lines {
            Lines::Records => read_records(queries, layout),
            Lines::Tokens | Lines::Refused => Reading::without_records(layout, lines),
        };
        let mut paths: Vec<JsonPath> = Vec::new();
        for column in queries.iter().flat_map(Query::columns) {
            if let Column::Path(path) = column
                && !paths.contains(path)
            {
                paths.push(path.clone());
            }
        }
        if asks(Form::Json) {
            let is_whole = |query: &Query| query.columns().any(|column| *column == Column::Line);
            let keeps = queries.iter().any(|query| query.form == Form::Json && is_whole(query));
            reading = reading.with_json(&paths, keeps);
        }

        let treaty = Treaty { lines, paths: &paths, reading: &reading, texts };
        let mut distinct: Vec<(Form, Scope, &Filter)> = Vec::new();
        let mut steps: Vec<Step> = Vec::new();
        for query in queries {
            let wanted = (query.form, query.scope, &query.filter);
            let selection = distinct.iter().position(|other| *other == wanted);
            let selection = selection.unwrap_or_else(|| {
                distinct.push(wanted);
                distinct.len() - 1
            });
            let parts = query.parts();
            steps.extend(parts.iter().map(|part| Step::new(query, part, selection, &treaty)));
        }
        for at in 1..steps.len() {
            steps[at].shares_keys = steps[at].has_keys_of(&steps[at - 1]);
        }
        let mut trees: Vec<(Form, &Arc<Tree>)> = Vec::new();
        let mut selections = Vec::new();
        for (form, scope, filter) in distinct {
            let tree = filter.tree.as_ref().map(|tree| {
                let known = trees.iter().position(|other| *other == (form, tree));
                known.unwrap_or_else(|| {
                    trees.push((form, tree));
                    trees.len() - 1
                })
            });
            let tests = treaty.with_columns(form, |columns| Tests::new(filter, columns));
            selections.push(Selection { form, scope, tree, tests });
        }
        let branches = |(form, tree): (Form, &Arc<Tree>)| {
            treaty.with_columns(form, |columns| Branches::new(tree, columns))
        };
        let trees = trees.into_iter().map(branches).collect();
        Self { trees, selections, steps, lacking: lacking(queries, &treaty), reading }
    }
}

/// Which columns of the records are checked and which decoded.
fn read_records(queries: &[Query], layout: &Layout) -> Reading {
    let number = |column: &Column| {
        let column = layout.resolve(column)?.stretch(layout.columns())?.one()?;
        matches!(layout.kind(column), Kind::Number(_)).then_some(column)
    };
    let finer = queries.iter().flat_map(Query::parts).flat_map(|part| part.finer);
    let finer = finer.filter_map(|key| number(key.column()));
    let keys = queries.iter().flat_map(|query| &query.keys).map(KeyColumn::column);
    let keys = keys.filter_map(number).chain(finer);
    let mut unpadded: Vec<usize> = keys.collect();
    unpadded.sort_unstable();
    unpadded.dedup();
    let measured = queries.iter().flat_map(Query::measures).filter_map(Measure::number);
    let compared = queries.iter().flat_map(|query| query.filter.numbers());
    let mut numbers: Vec<usize> = measured.chain(compared).filter_map(number).collect();
    if queries.iter().any(|query| query.period.is_some()) {
        numbers.extend(layout.position(Field::Start));
    }
    numbers.extend(&unpadded);
    numbers.sort_unstable();
    numbers.dedup();
    Reading::new(layout, numbers, unpadded)
}

/// What a column means.
struct Treaty<'a> {
    lines: Lines,
    paths: &'a [JsonPath],
    reading: &'a Reading,
    texts: &'a Arc<Texts>,
}

impl Treaty<'_> {
    /// Where events of this form have it.
    fn resolve(&self, form: Form, column: &Column) -> Option<Place> {
        match (form, self.lines, column) {
            (Form::Json, _, Column::Path(path)) => {
                self.paths.iter().position(|p| p == path).map(Place::At)
            }
            (Form::Json, _, Column::Field(Field::Start)) => Some(Place::At(self.paths.len())),
            (Form::Json, _, Column::Line) => Some(Place::Line),
            (Form::Json, ..) | (_, Lines::Refused, _) => None,
            // Of other logs nothing is known but the positions.
            (_, Lines::Tokens, column) => column.place(),
            (_, Lines::Records, column) => self.reading.layout().resolve(column),
        }
    }

    /// Calls `make` with where events of this form have columns.
    fn with_columns<T>(&self, form: Form, make: impl FnOnce(&Columns<'_>) -> T) -> T {
        let is_records = form == Form::Records;
        let count = if self.lines == Lines::Records { self.reading.layout().columns() } else { 0 };
        make(&Columns {
            count,
            resolve: &|column| self.resolve(form, column),
            are_words: is_records && self.lines == Lines::Records,
            number: &|column| self.reading.number(column).filter(|_| is_records),
            address: &|column| self.reading.address(column).filter(|_| is_records),
        })
    }

    fn source(&self, form: Form, column: &Column) -> Source {
        let place = self.resolve(form, column);
        let (layout, reading) = (self.reading.layout(), self.reading);
        let is_checked = form == Form::Records && self.lines == Lines::Records;
        let columns = if is_checked { layout.columns() } else { 0 };
        let stretch = place.and_then(|place| place.stretch(columns));
        let regular = match stretch.map(Stretch::one) {
            None => Regular::Missing,
            Some(None) => Regular::Text,
            Some(Some(column)) => match (reading.address(column), reading.number(column)) {
                (Some(place), _) => Regular::Address(place),
                (_, Some(place)) => {
                    let bits = match layout.kind(column) {
                        Kind::Number(limit) => u64::BITS - limit.leading_zeros(),
                        _ => u64::BITS,
                    };
                    Regular::Number(place, bits)
                }
                (None, None) => Regular::Text,
            },
        };
        Source { place, stretch, regular, is_checked }
    }

    /// How a column's texts are encoded.
    fn part(&self, source: &Source) -> Part {
        let column = source.stretch.filter(|_| source.is_checked).and_then(Stretch::one);
        column.map_or(Part::Text, |column| Part::of(self.reading.layout().kind(column)))
    }

    /// A key, and how its texts are encoded.
    fn key(&self, form: Form, key: &KeyColumn) -> (Key, Part) {
        let source = self.source(form, key.column());
        let (view, part) = match (key.view(), self.part(&source)) {
            (View::Prefix { v4, v6 }, Part::Address) => {
                (key.view().clone(), Part::Prefix { v4: *v4, v6: *v6 })
            }
            // A number has no prefix; it stays as it is.
            (View::Prefix { .. }, part @ Part::Number(_)) => (View::Whole, part),
            (View::Whole, part) => (View::Whole, part),
            (view @ (View::Prefix { .. } | View::Label(_)), _) => (view.clone(), Part::Text),
        };
        (Key { source, view }, part)
    }
}

impl Step {
    /// Whether another step gathers the same keys of the same rows: of those that pass, and have a
    /// value, as all do where that is decoded.
    fn has_keys_of(&self, other: &Self) -> bool {
        let has_values = |step: &Self| {
            step.value.is_none_or(|value| matches!(value.regular, Regular::Number(..)))
        };
        self.selection == other.selection
            && self.keys == other.keys
            && self.shape == other.shape
            && (self.period.is_none() && other.period.is_none())
            && self.timed == other.timed
            && has_values(self)
            && has_values(other)
    }

    fn new(query: &Query, part: &QueryPart, selection: usize, treaty: &Treaty<'_>) -> Self {
        let source = |column: &Column| treaty.source(query.form, column);
        let keys = query.keys.iter().chain(&part.finer);
        let keys = keys.map(|key| treaty.key(query.form, key));
        let (keys, key_parts): (Vec<Key>, Vec<Part>) = keys.unzip();
        let time = || source(&Field::Start.into());
        let of = |seconds: u32| Period { time: time(), seconds };
        let period = part.period.map(of);
        let timed = query.period.filter(|_| query.is_timed && period.is_none()).map(of);
        let parts = period.iter().map(|_| Part::Number(u32::BITS));
        let parts = parts.chain(key_parts).collect();
        let shape = KeyShape::with_texts(parts, treaty.texts);
        let sources = keys.iter().map(|key| &key.source);
        let times = period.iter().chain(&timed).map(|period| &period.time);
        let mut sources = sources.chain(times);
        let is_regular = sources.all(|key| key.regular != Regular::Missing);
        let value = part.measure.number().map(source);
        let lane = is_regular.then(|| shape.lane());
        let counts = matches!(part.role, Role::Divisor(_));
        let shares_keys = false;
        Self { selection, lane, shape, period, timed, keys, value, counts, shares_keys }
    }
}

/// The named columns that the layout lacks. Positions beyond it are no lack: CloudWatch's reading
/// of an event as an array of values lets them be absent.
fn lacking(queries: &[Query], treaty: &Treaty<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for query in queries.iter().filter(|query| query.form == Form::Records) {
        let time = query.period.map(|_| Column::Field(Field::Start));
        let asked = query.columns().chain(&time).filter(|_| !query.is_lenient);
        // Who tells which records count wants to know if that cannot be told.
        let tree = query.filter.tree.iter().flat_map(|tree| tree.leaves());
        for column in asked.chain(tree.map(|test| &test.column)) {
            if treaty.resolve(query.form, column).is_none() && !names.contains(&column.label()) {
                names.push(column.label());
            }
        }
    }
    names
}
