//! The sheets of the answers that this house knows: rules, metrics and the summary.

use super::metric::{self, Graph};
use super::sheet::{Cell, CellKind, Sheet, SheetColumn, SheetFormat, Unit};
use super::spark::Sparks;
use super::{Ranking, human, share, shares};
use crate::amount::Amount;
use crate::metric::{Point, Series};
use crate::report::{Answer, Contributor};
use crate::summary::{Summary, Traffic};
use crate::tally::Tally;

/// The columns of a summary, which is one fact a row.
pub fn summary_columns() -> Vec<SheetColumn> {
    vec![text("section"), text("name"), number("value", Unit::None)]
}

/// A summary, one fact a row. Times are seconds since 1970, but for people.
pub fn summary<'a>(summary: &'a Summary<'a>, format: SheetFormat) -> Sheet<'a> {
    let moment = move |value: u128| match (is_for_people(format), u64::try_from(value)) {
        (true, Ok(seconds)) => Cell::Time(seconds),
        _ => Cell::Number(value.into()),
    };
    Sheet::new(summary_columns(), move || {
        let top = summary.contributors.contributors().map(|contributor| {
            let Contributor { mut keys, value, .. } = contributor;
            vec![Cell::text("top"), Cell::Text(keys.swap_remove(0)), value.into()]
        });
        facts(summary, moment).into_iter().chain(top)
    })
}

/// Everything but the contributors: section, name and value.
fn facts(summary: &Summary<'_>, moment: impl Fn(u128) -> Cell) -> Vec<Vec<Cell>> {
    let Tally { lines, headers, blank, ok, no_data, skip_data, malformed, .. } = summary.tally;
    let mut facts: Vec<(&str, &str, Cell)> = Vec::new();
    for (name, count) in [
        ("lines", lines),
        ("headers", headers),
        ("blank", blank),
        ("ok", ok),
        ("no_data", no_data),
        ("skip_data", skip_data),
        ("malformed", malformed),
    ] {
        facts.push(("tally", name, (*count).into()));
    }
    facts.push(("time", "start", summary.start.map_or(Cell::Missing, &moment)));
    facts.push(("time", "end", summary.end.map_or(Cell::Missing, &moment)));
    for (action, traffic) in [("accept", &summary.accept), ("reject", &summary.reject)] {
        let Traffic { records, packets, bytes } = *traffic;
        for (name, sum) in [("records", records), ("packets", packets), ("bytes", bytes)] {
            facts.push((action, name, Cell::Number(sum.into())));
        }
    }
    let contributors = summary.contributors;
    facts.push(("contributors", "unique", contributors.unique().into()));
    facts.push(("contributors", "total", contributors.total().unwrap_or_default().into()));
    let row = |(section, name, value): (&str, &str, Cell)| {
        vec![Cell::text(section), Cell::text(name), value]
    };
    facts.into_iter().map(row).collect()
}

/// The contributors of a summary, for its page.
pub(super) fn contributors<'a>(summary: &Summary<'a>) -> Sheet<'a> {
    let answer = summary.contributors;
    let mut columns = keys(answer.labels());
    columns.extend([number("bytes", Unit::Bytes), SheetColumn::new("share", CellKind::Share)]);
    let total = answer.total().unwrap_or_default();
    let rows = move || {
        answer.contributors().map(move |contributor| {
            let Contributor { keys, value, .. } = contributor;
            let numbers = [value.into(), Cell::Share(share(value, total))];
            keys.into_iter().map(Cell::Text).chain(numbers).collect()
        })
    };
    let sheet = Sheet::new(columns, rows).titled(headline(answer, "accepted bytes"));
    footed(sheet.ranked(), answer, |value| vec![value.into(), Cell::Share(share(value, total))])
}

/// What the columns of a rule's answer depend on.
#[derive(Debug, Clone, Copy)]
pub struct RuleColumns<'a> {
    /// What the keys are called.
    pub keys: &'a [String],
    /// The rule's name of what is summed; none where records are counted.
    pub measured: Option<&'a str>,
    /// Whether it was asked by period.
    pub has_period: bool,
    /// Whether contributors are ranked by the largest value of a single event.
    pub has_maximum: bool,
    /// What they are written as: by period, tables and Markdown have sparklines and sums, all
    /// else a row for each period.
    pub format: SheetFormat,
}

impl RuleColumns<'_> {
    /// The columns: the keys, and then `value` and `share`, where contributors are ranked by it
    /// `maximum`, and for people `cumulative`; or with periods the keys, `start` and `value`.
    pub fn list(&self) -> Vec<SheetColumn> {
        let mut columns = keys(self.keys);
        let value = number("value", unit(self.measured)).headed(self.measured.unwrap_or("records"));
        if self.is_by_period() {
            columns.extend([SheetColumn::new("start", CellKind::Time), value]);
            return columns;
        }
        columns.push(value);
        let maximum = self.has_maximum.then(|| number("maximum", Unit::None));
        let share = SheetColumn::new("share", CellKind::Share);
        match is_for_people(self.format) {
            true => columns.extend(maximum.into_iter().chain([share])),
            false => columns.extend([share].into_iter().chain(maximum)),
        }
        let cumulative = SheetColumn::new("cumulative", CellKind::Share);
        columns.push(cumulative.headed("cumul.").for_people());
        if self.has_period {
            columns.push(SheetColumn::new("spark", CellKind::Spark));
        }
        columns
    }

    fn is_by_period(&self) -> bool {
        self.has_period && !is_for_people(self.format)
    }
}

/// The answer to a rule: a contributor a row, or for programs with periods a row for each period
/// in which a contributor has a value.
pub fn rule<'a>(ranking: &Ranking<'a>, format: SheetFormat) -> Sheet<'a> {
    let Ranking { name, answer, statistic, measured, period } = *ranking;
    let has_maximum = answer.contributors().next().is_some_and(|c| c.maximum.is_some());
    let asked = RuleColumns {
        keys: answer.labels(),
        measured,
        has_period: period.is_some(),
        has_maximum,
        format,
    };
    let mut columns = asked.list();
    let sheet = if asked.is_by_period() {
        Sheet::new(columns, move || answer.contributors().flat_map(by_period))
    } else {
        let sparks = period.and_then(|period| Sparks::new(answer, period.into()));
        for column in columns.iter_mut().filter(|column| column.kind == CellKind::Spark) {
            column.heading = Some(sparks.as_ref().map_or(String::new(), Sparks::heading));
        }
        let total = answer.total().unwrap_or_default();
        let part = shares(total);
        let cells = columns.len();
        let is_share_last = is_for_people(format);
        let sheet = Sheet::new(columns, move || {
            let sparks = sparks.clone();
            let mut so_far = Amount::ZERO;
            answer.contributors().map(move |contributor| {
                let Contributor { keys, value, maximum, datapoints, .. } = contributor;
                so_far += value;
                let mut row = Vec::with_capacity(cells);
                row.extend(keys.into_iter().map(Cell::Text));
                row.push(value.into());
                let share_cell = Cell::Share(part(value));
                let maximum = has_maximum.then(|| maximum.map_or(Cell::Missing, Cell::Number));
                match is_share_last {
                    true => row.extend(maximum.into_iter().chain([share_cell])),
                    false => row.extend([share_cell].into_iter().chain(maximum)),
                }
                row.push(Cell::Share(part(so_far)));
                row.extend(sparks.as_ref().map(|sparks| Cell::Spark(sparks.line(&datapoints))));
                row
            })
        });
        footed(sheet.ranked(), answer, |value| {
            let maximum = has_maximum.then_some(Cell::Missing);
            let cells = [value.into()].into_iter().chain(maximum);
            cells.chain([Cell::Share(share(value, total))]).collect()
        })
    };
    let statistic = if has_maximum { "Maximum" } else { statistic };
    let order = format!("{statistic} of {}", measured.unwrap_or("records"));
    let mut sheet = sheet.titled(headline(answer, &order));
    if let Some(seconds) = period {
        sheet = sheet.note(periods(answer, seconds));
    }
    let uses = ranking.uses();
    let count = |number: u64| human::grouped(number.into());
    sheet = sheet.note(format!(
        "Records: {} added, {} filtered out, {} without a key, {} without a number",
        count(uses.added),
        count(uses.filtered_out),
        count(uses.no_key),
        count(uses.no_value),
    ));
    match name {
        Some(name) => sheet.named("rule", name),
        None => sheet,
    }
}

fn by_period(contributor: Contributor) -> impl Iterator<Item = Vec<Cell>> {
    let Contributor { keys, datapoints, .. } = contributor;
    datapoints.into_iter().map(move |point| {
        let keys = keys.iter().cloned().map(Cell::Text);
        keys.chain([Cell::Time(point.start), point.value.into()]).collect()
    })
}

/// What time the periods of an answer span.
pub(super) fn periods(answer: &Answer, seconds: u32) -> String {
    let without = match answer.uses().no_time {
        0 => String::new(),
        records => format!(", {} records without a time", human::grouped(records.into())),
    };
    let moment = |seconds: u64| human::utc(seconds.into()).unwrap_or_else(|| seconds.to_string());
    match answer.periods() {
        [] => format!("Periods of {seconds} s: none{without}"),
        [first, .., last] => format!(
            "Periods of {seconds} s: {} from {} to {}{without}",
            human::grouped(answer.periods().len() as u128),
            moment(first.start),
            moment(last.start),
        ),
        [only] => format!("Periods of {seconds} s: one, {}{without}", moment(only.start)),
    }
}

/// How many contributors are listed, of how many.
fn headline(answer: &Answer, order: &str) -> String {
    let listed = answer.contributors().len() as u64;
    let unique = human::grouped(answer.unique().into());
    let all = answer.labels().join(", ");
    match answer.unique() {
        0 => format!("No {all} by {order}"),
        1 => format!("The only {all} by {order}"),
        all_of_them if all_of_them == listed => format!("All {unique} {all} by {order}"),
        _ => format!("Top {} of {unique} {all} by {order}", human::grouped(listed.into())),
    }
}

/// A sheet with the lines below contributors: those that are not listed, and all.
fn footed<'a>(sheet: Sheet<'a>, answer: &Answer, cells: impl Fn(Amount) -> Vec<Cell>) -> Sheet<'a> {
    let total = answer.total().unwrap_or_default();
    let unlisted = answer.unique() - answer.contributors().len() as u64;
    let sheet = if unlisted > 0 {
        let shown: Amount = answer.contributors().map(|contributor| contributor.value).sum();
        let label = format!("others ({})", human::grouped(unlisted.into()));
        sheet.aside(label, cells(total - shown))
    } else {
        sheet
    };
    sheet.footer(format!("total ({})", human::grouped(answer.unique().into())), cells(total))
}

/// The columns of a metric: the values of dimensions, `start`, `sum`, `sample_count`, `minimum`,
/// `maximum` and `average`, with an alarm `state`.
pub fn metric_columns(
    dimensions: impl IntoIterator<Item = impl Into<String>>,
    unit: &str,
    has_alarm: bool,
) -> Vec<SheetColumn> {
    let unit = if unit == "Bytes" { Unit::Bytes } else { Unit::None };
    let mut columns: Vec<SheetColumn> = dimensions.into_iter().map(text).collect();
    columns.extend([
        SheetColumn::new("start", CellKind::Time),
        number("sum", unit),
        number("sample_count", Unit::None),
        number("minimum", unit),
        number("maximum", unit),
        SheetColumn::new("average", CellKind::Mean(unit)),
    ]);
    columns.extend(has_alarm.then(|| text("state")));
    columns
}

/// The points of a metric, one a row.
pub fn metric<'a>(graph: &'a Graph<'a>) -> Sheet<'a> {
    let columns = metric_columns(graph.dimensions(), graph.unit(), graph.alarm.is_some());
    let sheet = Sheet::new(columns, || {
        graph.found.series.iter().flat_map(|series| {
            let states = graph.states(&series.points);
            series.points.iter().zip(states).map(|point| self::point(graph, series, point))
        })
    });
    let notes = metric::account(graph).into_iter();
    let sheet = notes.fold(sheet.titled(metric::title(graph)), Sheet::note);
    match graph.name {
        Some(name) => sheet.named("filter", name),
        None => sheet,
    }
}

fn point(graph: &Graph<'_>, series: &Series, (point, is_alarming): (&Point, bool)) -> Vec<Cell> {
    let mut row: Vec<Cell> = series.dimensions.iter().map(Cell::text).collect();
    row.extend([
        point.start.map_or(Cell::Missing, Cell::Time),
        point.sum.into(),
        point.sample_count.into(),
        point.minimum.into(),
        point.maximum.into(),
        Cell::Mean(point.average()),
    ]);
    row.extend(graph.alarm.map(|_| Cell::text(if is_alarming { "ALARM" } else { "OK" })));
    row
}

fn text(name: impl Into<String>) -> SheetColumn {
    SheetColumn::new(name, CellKind::Text)
}

fn number(name: &str, unit: Unit) -> SheetColumn {
    SheetColumn::new(name, CellKind::Number(unit))
}

fn keys(labels: &[String]) -> Vec<SheetColumn> {
    labels.iter().map(text).collect()
}

fn is_for_people(format: SheetFormat) -> bool {
    matches!(format, SheetFormat::Table | SheetFormat::Markdown)
}

/// What the values of a rule count, by its name of what is summed: bytes are shown as such
/// (`1.2 GB`) beside the exact number.
fn unit(measured: Option<&str>) -> Unit {
    match measured.map(str::to_ascii_lowercase) {
        None => Unit::Records,
        Some(name) if name.contains("bytes") => Unit::Bytes,
        Some(name) if name.contains("packets") => Unit::Packets,
        Some(_) => Unit::None,
    }
}
