//! Metrics of metric filters: tables of data points and the shape of CloudWatch's
//! `GetMetricStatistics`.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;

use super::json::pretty;
use super::{exact, human, sheet};
use crate::amount::Amount;
use crate::dialect::MetricFilter;
use crate::metric::{Alarm, Found, Point, Series, Statistic};

/// A metric, with the words that it is told in.
#[derive(Debug, Clone, Copy)]
pub struct Graph<'a> {
    /// The filter's name, to tell several apart.
    pub name: Option<&'a str>,
    /// The filter.
    pub filter: &'a MetricFilter,
    /// What it found.
    pub found: &'a Found,
    /// The seconds of a period; none for events without times.
    pub period: Option<u32>,
    /// The alarm to mark periods by.
    pub alarm: Option<&'a Alarm>,
}

impl<'a> Graph<'a> {
    /// In which periods the alarm is in ALARM.
    pub(super) fn states(&self, points: &[Point]) -> Vec<bool> {
        match self.alarm {
            Some(alarm) => alarm.states(points, self.period.unwrap_or(u32::MAX)),
            None => vec![false; points.len()],
        }
    }

    /// In how many series the alarm is in ALARM at any time.
    pub fn alarming(&self) -> usize {
        let is_alarming = |series: &&Series| self.states(&series.points).contains(&true);
        self.found.series.iter().filter(is_alarming).count()
    }

    pub(super) fn unit(&self) -> &'a str {
        self.filter.transformation().unit.as_deref().unwrap_or("None")
    }

    pub(super) fn dimensions(&self) -> impl Iterator<Item = &'a str> {
        self.filter.dimensions().map(|(name, _)| name)
    }
}

/// Writes metrics as tables one after the other, as wide as `style` says, as long as there are
/// columns to leave out.
///
/// # Errors
/// What `out` says.
pub fn table(out: &mut dyn Write, graphs: &[Graph<'_>], style: &sheet::Style) -> io::Result<()> {
    let (heading, aside, alarm) = match style.is_coloured {
        true => (Style::new().bold(), Style::new().dimmed(), Style::new().bold()),
        false => (Style::new(), Style::new(), Style::new()),
    };
    for (at, graph) in graphs.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        styled(out, &title(graph), heading)?;
        points(out, graph, style.width, (heading, alarm))?;
        writeln!(out)?;
        account(graph).iter().try_for_each(|line| styled(out, line, aside))?;
    }
    Ok(())
}

fn styled(out: &mut dyn Write, line: &str, style: Style) -> io::Result<()> {
    writeln!(out, "{}{line}{}", style.render(), style.render_reset())
}

pub(super) fn title(graph: &Graph<'_>) -> String {
    let transformation = graph.filter.transformation();
    let text = |words: &str| human::escaped(words.as_bytes());
    let name = graph.name.map_or(String::new(), |name| format!("{}: ", text(name)));
    let unit = match graph.unit() {
        "None" => String::new(),
        unit => format!(" in {}", text(unit)),
    };
    let period = match graph.period {
        Some(seconds) => format!(", by {seconds} s"),
        None => String::new(),
    };
    format!("{name}{}{unit}{period}", text(&transformation.metric_name))
}

/// The columns of a table, and whether they are aligned to the right.
struct Columns {
    heads: Vec<(String, bool)>,
    rows: Vec<(Vec<String>, bool)>,
}

fn points(
    out: &mut dyn Write,
    graph: &Graph<'_>,
    width: usize,
    (head, alarm): (Style, Style),
) -> io::Result<()> {
    if graph.found.series.is_empty() {
        return writeln!(out, "no data points");
    }
    let mut columns = Columns::new(graph);
    columns.fit(width, graph.alarm.map(Alarm::statistic));
    let widths = columns.widths();
    let heads: Vec<String> = columns.heads.iter().map(|(head, _)| head.clone()).collect();
    styled(out, &columns.line(&heads, &widths), head)?;
    for (cells, is_alarming) in &columns.rows {
        let style = if *is_alarming { alarm } else { Style::new() };
        styled(out, &columns.line(cells, &widths), style)?;
    }
    Ok(())
}

impl Columns {
    fn new(graph: &Graph<'_>) -> Self {
        let dimensions = graph.dimensions().map(|name| (human::escaped(name.as_bytes()), false));
        let mut heads: Vec<(String, bool)> = dimensions.collect();
        if graph.period.is_some() {
            heads.push(("start".to_owned(), false));
        }
        heads.extend(Statistic::ALL.map(|statistic| (statistic.name().to_owned(), true)));
        if graph.alarm.is_some() {
            heads.push(("state".to_owned(), false));
        }
        let mut columns = Self { heads, rows: Vec::new() };
        for series in &graph.found.series {
            let states = graph.states(&series.points);
            for (point, is_alarming) in series.points.iter().zip(states) {
                columns.push(series, Some(point.start), point, graph, is_alarming);
            }
            if series.points.len() > 1
                && let Some(total) = Point::total(&series.points)
            {
                columns.push(series, None, &total, graph, false);
            }
        }
        columns
    }

    /// Adds the row of a point, or without a start that of a total.
    fn push(
        &mut self,
        series: &Series,
        start: Option<Option<u64>>,
        point: &Point,
        graph: &Graph<'_>,
        is_alarming: bool,
    ) {
        let mut cells: Vec<String> =
            series.dimensions.iter().map(|value| human::escaped(value)).collect();
        let moment = |start: u64| human::utc(start.into()).unwrap_or_else(|| start.to_string());
        if graph.period.is_some() {
            cells.push(match start {
                None => "total".to_owned(),
                Some(start) => start.map_or("no time".to_owned(), moment),
            });
        }
        cells.extend(Statistic::ALL.map(|statistic| match statistic {
            Statistic::Sum => human::amount(point.sum),
            Statistic::SampleCount => human::grouped(point.sample_count.into()),
            Statistic::Minimum => human::amount(point.minimum),
            Statistic::Maximum => human::amount(point.maximum),
            Statistic::Average => human::mean(point.average()),
        }));
        if graph.alarm.is_some() {
            let state = if is_alarming { "ALARM" } else { "" };
            cells.push(state.to_owned());
        }
        self.rows.push((cells, is_alarming));
    }

    fn widths(&self) -> Vec<usize> {
        let width = |at: usize| {
            let cells = self.rows.iter().map(|(cells, _)| human::width(&cells[at]));
            cells.max().unwrap_or(0).max(human::width(&self.heads[at].0))
        };
        (0..self.heads.len()).map(width).collect()
    }

    /// Leaves statistics out, the one that follows from others first, until rows fit; but for
    /// the sum and the one that an alarm looks at.
    fn fit(&mut self, width: usize, wanted: Option<Statistic>) {
        for statistic in [Statistic::Average, Statistic::Minimum, Statistic::Maximum] {
            let widths = self.widths();
            if widths.iter().sum::<usize>() + 2 * (widths.len() - 1) <= width {
                return;
            }
            let at = self.heads.iter().rposition(|(head, _)| head == statistic.name());
            if let Some(at) = at.filter(|_| wanted != Some(statistic)) {
                self.heads.remove(at);
                self.rows.iter_mut().for_each(|(cells, _)| _ = cells.remove(at));
            }
        }
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let aligned = cells.iter().zip(widths).zip(&self.heads);
        let cell = |((cell, width), (_, is_right)): ((&String, &usize), &(String, bool))| {
            human::padded(cell, *width, *is_right)
        };
        aligned.map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

/// What became of the events, and what is left out.
pub(super) fn account(graph: &Graph<'_>) -> Vec<String> {
    let found = graph.found;
    let count = |number: u64| human::grouped(number.into());
    let default = match graph.filter.transformation().default {
        Some(default) => format!(", default {default}"),
        None => String::new(),
    };
    // What gets no default does not stand beside it.
    let (matched, others) = (count(found.matched), count(found.others - found.outside));
    let mut lines = vec![format!("Events: {matched} matched, {others} did not{default}")];
    for (number, what) in [
        (found.outside, "left out by --where, --start or --end, and get no default"),
        (found.no_value, "matched without a number, and published nothing"),
        (found.no_dimension, "matched without a dimension's value, and published nothing"),
        (found.no_time, "without a time, in no period"),
    ] {
        if number > 0 {
            lines.push(format!("{} {what}", count(number)));
        }
    }
    if found.unique > found.series.len() as u64 {
        let (listed, all) = (count(found.series.len() as u64), count(found.unique));
        lines.push(format!("{listed} of {all} combinations of dimensions; -n 0 lists all"));
    }
    lines
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics<'a> {
    label: &'a str,
    datapoints: Vec<Datapoint<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    sample_count: u64,
    average: f64,
    #[serde(serialize_with = "exact")]
    sum: Amount,
    #[serde(serialize_with = "exact")]
    minimum: Amount,
    #[serde(serialize_with = "exact")]
    maximum: Amount,
    unit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm_state: Option<&'static str>,
}

/// One of several metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamedStatistics<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    metric_name: &'a str,
    dimensions: Vec<Dimension>,
    statistics: Statistics<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

impl<'a> Statistics<'a> {
    fn new(graph: &Graph<'a>, series: Option<&Series>) -> Self {
        let points = series.map_or(&[][..], |series| &series.points);
        let states = graph.states(points);
        let datapoint = |(point, is_alarming): (&Point, bool)| Datapoint {
            timestamp: point.start.map(human::timestamp),
            sample_count: point.sample_count,
            average: point.average(),
            sum: point.sum,
            minimum: point.minimum,
            maximum: point.maximum,
            unit: graph.unit(),
            alarm_state: graph.alarm.map(|_| if is_alarming { "ALARM" } else { "OK" }),
        };
        Self {
            label: &graph.filter.transformation().metric_name,
            datapoints: points.iter().zip(states).map(datapoint).collect(),
        }
    }
}

/// Writes a metric without dimensions in the shape of CloudWatch's `GetMetricStatistics`; several,
/// or one with dimensions, as an array of objects with the members `FilterName`, `Namespace`,
/// `MetricName`, `Dimensions` and `Statistics`.
///
/// # Errors
/// What `out` says.
pub fn json(out: &mut dyn Write, graphs: &[Graph<'_>]) -> io::Result<()> {
    if let [graph] = graphs
        && graph.dimensions().next().is_none()
    {
        return pretty(out, &Statistics::new(graph, graph.found.series.first()));
    }
    let mut all = Vec::new();
    for graph in graphs {
        let transformation = graph.filter.transformation();
        let named = |series: Option<&'_ Series>| {
            let values = series.map_or(&[][..], |series| &series.dimensions);
            let pairs = graph.dimensions().zip(values);
            let dimension = |(name, value): (&'_ str, &Vec<u8>)| Dimension {
                name: name.to_owned(),
                value: String::from_utf8_lossy(value).into_owned(),
            };
            NamedStatistics {
                filter_name: graph.name,
                namespace: transformation.namespace.as_deref(),
                metric_name: &transformation.metric_name,
                dimensions: pairs.map(dimension).collect(),
                statistics: Statistics::new(graph, series),
            }
        };
        match graph.found.series.as_slice() {
            [] if graph.dimensions().next().is_none() => all.push(named(None)),
            series => all.extend(series.iter().map(|series| named(Some(series)))),
        }
    }
    pretty(out, &all)
}
