//! `flowagg metric`: what metric filters would have published, in one pass.

use std::cell::Cell;
use std::io::{self, Write};

use flowagg::dialect::{FilterFile, FilterPattern, MetricFilter, NamedFilter, Transformation};
use flowagg::metric::{Found, Metric, MetricOptions as Asking};
use flowagg::render::metric::{self, Graph};
use flowagg::render::sheets;
use flowagg::{Error, ErrorKind, Form, Query, Report};

use super::answer::{self, usage};
use super::considered::Considered;
use super::exit::Exit;
use super::files::{self, Asked, Entry};
use super::options::{Common, Format, MetricOptions};
use super::{events, explain, say, written};

/// CloudWatch's resolution, and the period that is told if none is asked for.
const PERIOD_SECONDS: u32 = 60;

/// CloudWatch disables a filter whose dimensions have more combinations of values in an hour.
const COMBINATIONS_MAX: u64 = 1000;

/// Runs the filters over the paths, or only looks at them.
pub fn run(options: &MetricOptions, common: &Common) -> Exit {
    match options.pattern.as_deref().map(FilterPattern::parse) {
        None if options.filter.is_empty() => {
            return usage(
                "no metric filter: type --pattern PATTERN, or --filter FILE\n\
                 `flowagg metric --help` has examples",
            );
        }
        Some(Err(error)) if !options.check => return usage(error),
        _ => {}
    }
    if let Some(message) = events::idle("--check", common).filter(|_| options.check) {
        return usage(message);
    }
    if options.check {
        let entries = match &options.pattern {
            Some(pattern) => vec![typed(pattern, options)],
            None => files::load::<FilterFile, _>(&options.filter, NamedFilter::check),
        };
        return events::check(&entries, MetricFilter::warnings, common);
    }
    let has_period = options.period.is_some();
    let (asked, logs) = (&options.filter, &options.paths);
    let contradiction =
        events::contradiction("filter", asked, &options.events, logs, has_period, common);
    if let Some(message) = contradiction {
        return usage(message);
    }
    if options.alarm.is_some() && events::is_clf(&options.events) {
        return usage("with --format clf events have no time, and so no periods for an --alarm");
    }
    let mut entries = match &options.pattern {
        Some(pattern) => vec![typed(pattern, options)],
        None => files::load::<FilterFile, _>(asked, NamedFilter::parse),
    };
    if options.events.by_name {
        for entry in &mut entries {
            let checked = std::mem::replace(&mut entry.checked, Err(replaced()));
            entry.checked = checked.map(MetricFilter::by_name);
        }
    }
    let Some(filters) = files::told(entries, MetricFilter::warnings, common) else {
        return Exit::Usage;
    };
    let has_default =
        |asked: &Asked<MetricFilter>| asked.checked.transformation().default.is_some();
    if options.default_for.is_some() && !filters.iter().any(has_default) && !common.is_quiet() {
        say::warning(
            "--default-for changes nothing, since no filter has a default value; --default NUMBER \
             gives one to --pattern",
        );
    }
    let is_json = |asked: &&Asked<MetricFilter>| asked.checked.form() == Form::Json;
    if let Some(asked) = filters.iter().find(is_json).filter(|_| events::is_clf(&options.events)) {
        return usage(format_args!(
            "{}: a pattern in {{...}} reads JSON events; leave out --format clf, which is for \
             other patterns",
            asked.label
        ));
    }
    let columns = filters.iter().map(|Asked { checked: filter, .. }| {
        let dimensions = filter.dimensions().map(|(name, _)| name);
        let unit = filter.transformation().unit.as_deref().unwrap_or("None");
        sheets::metric_columns(dimensions, unit, options.alarm.is_some())
    });
    let columns: Vec<_> = columns.collect();
    if let Err(message) = written::check(&columns, &[Format::Json], &common.output) {
        return usage(message);
    }
    let forms = filters.iter().map(|asked| asked.checked.form());
    let format = options.events.format.as_ref();
    match Considered::new(forms, format, &options.paths, common) {
        Ok(considered) if common.explains() => tell(&filters, &considered, options, common),
        Ok(considered) => ask(&filters, &considered, options, common),
        Err(message) => usage(message),
    }
}

/// What stands for a filter while it is made another one.
fn replaced() -> Error {
    Error::new(ErrorKind::Internal, "a filter was taken away")
}

/// The filter of a pattern and what else was typed.
fn typed(pattern: &str, options: &MetricOptions) -> Entry<MetricFilter> {
    let checked = FilterPattern::parse(pattern).and_then(|pattern| {
        let value = options.value.as_deref().unwrap_or("1");
        let named = value.trim_start_matches(['$', '.']);
        let is_position = named.bytes().all(|byte| byte.is_ascii_digit());
        let name = match (options.name.as_deref(), value.starts_with('$')) {
            (Some(name), _) => name.to_owned(),
            (None, true) if is_position => format!("column {named}"),
            (None, true) => named.to_owned(),
            (None, false) => "matches".to_owned(),
        };
        let mut transformation = Transformation::new(name, value);
        for (name, value) in &options.dimension {
            transformation = transformation.dimension(name, value);
        }
        if let Some(default) = options.default {
            transformation = transformation.default_value(default);
        }
        if let Some(unit) = &options.unit {
            transformation = transformation.unit(unit);
        }
        MetricFilter::new(pattern, transformation)
    });
    let label = "--pattern".to_owned();
    Entry { name: label.clone(), label, checked, notes: Vec::new() }
}

/// How the filters' metrics are asked for.
fn asking(considered: &Considered, options: &MetricOptions, common: &Common) -> Asking {
    let mut asking = Asking::default();
    let period = options.period.unwrap_or(PERIOD_SECONDS);
    asking.period = Some(period).filter(|_| !events::is_clf(&options.events));
    (asking.start, asking.end) = (considered.start, considered.end);
    asking.default_for = options.default_for.map(Into::into).unwrap_or_default();
    // An alarm looks at every series, listed or not.
    asking.top = if options.alarm.is_some() { 0 } else { common.top() };
    asking
}

/// Tells how each filter is answered.
fn tell(
    filters: &[Asked<MetricFilter>],
    considered: &Considered,
    options: &MetricOptions,
    common: &Common,
) -> Exit {
    // The times are told with what else was said of records.
    let mut asking = asking(considered, options, common);
    (asking.start, asking.end) = (None, None);
    let format = options.events.format.as_ref();
    explain::run(considered, format, &options.paths, common, |logs| {
        let told = filters.iter().map(|Asked { name, checked, .. }| {
            let text = flowagg::explain::metric(checked, asking, logs)?;
            Ok(match filters.len() {
                1 => text,
                _ => format!("== {} ==\n{text}", name.escape_debug()),
            })
        });
        let told: Vec<String> = told.collect::<Result<_, Error>>()?;
        Ok(told.join("\n"))
    })
}

/// Asks all filters in one pass.
fn ask(
    filters: &[Asked<MetricFilter>],
    considered: &Considered,
    options: &MetricOptions,
    common: &Common,
) -> Exit {
    let asking = asking(considered, options, common);
    let metrics: Vec<Metric> =
        filters.iter().map(|asked| Metric::new(&asked.checked, asking)).collect();
    let mut queries: Vec<Vec<Query>> = Vec::new();
    for (metric, asked) in metrics.iter().zip(filters) {
        match metric.queries().and_then(|queries| considered.narrow_all(&queries)) {
            Ok(found) => queries.push(found),
            Err(error) => return usage(format_args!("{}: {error}", asked.label)),
        }
    }
    let is_clf = events::is_clf(&options.events);
    let is_alarming = Cell::new(false);
    let all = queries.concat();
    let engine = events::engine(options.events.format.as_ref());
    let render = |out: &mut dyn Write, report: &Report| {
        answer::tell_untimed(&all, report, common);
        if !common.is_quiet() && !is_clf {
            events::warn_of_misplaced(filters, report, MetricFilter::misplaced);
        }
        let mut found = found(&metrics, &queries, report);
        warn_of_many(filters, &found, common);
        let alarming: Vec<usize> =
            graphs(filters, &found, asking, options).iter().map(Graph::alarming).collect();
        is_alarming.set(alarming.iter().any(|&alarming| alarming > 0));
        if common.top() > 0 {
            found.iter_mut().for_each(|found| found.series.truncate(common.top()));
        }
        let graphs = graphs(filters, &found, asking, options);
        for ((graph, all), Asked { label, .. }) in graphs.iter().zip(alarming).zip(filters) {
            let hidden = all - graph.alarming();
            if hidden > 0 {
                say::warning(format_args!(
                    "{label}: {hidden} series that are not listed are in ALARM; -n 0 lists all"
                ));
            }
        }
        for (Asked { label, .. }, found) in filters.iter().zip(&found).filter(|_| !is_page(common))
        {
            let what = "combinations of dimensions";
            answer::tell_unlisted(label, found.series.len(), found.unique, what, common);
        }
        write(out, &graphs, common)
    };
    let conclude = |exit| match is_alarming.get() {
        true if exit == Exit::Whole => Exit::Alarm,
        _ => exit,
    };
    answer::run_to(engine, &all, &options.paths, common, render, conclude)
}

fn graphs<'a>(
    filters: &'a [Asked<MetricFilter>],
    found: &'a [Found],
    asking: Asking,
    options: &'a MetricOptions,
) -> Vec<Graph<'a>> {
    let graph = |(asked, found): (&'a Asked<MetricFilter>, &'a Found)| Graph {
        name: (filters.len() > 1).then_some(asked.name.as_str()),
        filter: &asked.checked,
        found,
        period: asking.period,
        alarm: options.alarm.as_ref(),
    };
    filters.iter().zip(found).map(graph).collect()
}

/// What each filter found, of the answers to all questions.
fn found(metrics: &[Metric], queries: &[Vec<Query>], report: &Report) -> Vec<Found> {
    let mut rest = report.answers.as_slice();
    let found = |(metric, queries): (&Metric, &Vec<Query>)| {
        let (answers, after) = rest.split_at(queries.len());
        rest = after;
        metric.found(answers)
    };
    metrics.iter().zip(queries).map(found).collect()
}

fn warn_of_many(filters: &[Asked<MetricFilter>], found: &[Found], common: &Common) {
    for (Asked { label, .. }, found) in filters.iter().zip(found) {
        if found.unique > COMBINATIONS_MAX && !common.is_quiet() {
            say::warning(format_args!(
                "{label}: dimensions have {} combinations of values; CloudWatch disables a filter \
                 that makes more than {COMBINATIONS_MAX} in a certain time",
                found.unique
            ));
        }
    }
}

/// Whether the answer is the page for people, which says of itself what it lacks.
fn is_page(common: &Common) -> bool {
    common.format() == Format::Table && !common.output.is_of_sheets()
}

fn write(out: &mut dyn Write, graphs: &[Graph], common: &Common) -> io::Result<()> {
    match common.format() {
        Format::Json => metric::json(out, graphs),
        Format::Table if is_page(common) => metric::table(out, graphs, &common.output.style()),
        _ => written::write(out, graphs.iter().map(sheets::metric).collect(), &common.output),
    }
}
