//! `flowagg rule RULE PATH...`: Contributor Insights rules, one or many, in one pass.
//!
//! All rules are read before the first log is opened; if one of them is not valid, all that is
//! wrong with any of them is told and nothing is run.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flowagg::dialect::{InsightRule, NamedRule, RuleFile};
use flowagg::render::{Ranking, csv, json, table};
use flowagg::{Engine, Error, Field, Form, Measure, Order, Query, Report, Scope};

use super::answer::{self, is_coloured, usage};
use super::exit::Exit;
use super::files::{self, Asked, Entry};
use super::options::{Common, Format, LineFormat, RuleOptions};
use super::when::When;
use super::{input, say};

/// Runs the rules over the paths, or only looks at them.
pub fn run(options: &RuleOptions, common: &Common) -> Exit {
    let mut paths = vec![options.rule.clone()];
    if options.check {
        paths.extend_from_slice(&options.paths);
        paths.extend_from_slice(&options.more);
        return check(&files::load::<RuleFile, _>(&paths, NamedRule::check), common);
    }
    paths.extend_from_slice(&options.more);
    if let Some(message) = contradiction(&paths, options) {
        return usage(message);
    }
    let entries = files::load::<RuleFile, _>(&paths, |rule| match options.by_name {
        true => rule.parse()?.by_name(),
        false => rule.parse(),
    });
    let Some(rules) = files::told(entries, InsightRule::warnings, common) else {
        return Exit::Usage;
    };
    if options.explain {
        return explain(&rules, options, common);
    }
    match queries(&rules, options, common) {
        Ok(queries) => ask(&rules, &queries, options, common),
        Err(message) => usage(message),
    }
}

/// What cannot be asked for together.
fn contradiction(rules: &[PathBuf], options: &RuleOptions) -> Option<String> {
    let dashes = rules.iter().filter(|path| is_dash(path)).count();
    if dashes > 1 || dashes == 1 && !options.explain && reads_stdin(options) {
        let text = "`-` (standard input) is a rule and something else too; it can be read once, \
                    name files for the others";
        return Some(text.to_owned());
    }
    let is_timed = options.period.is_some() || options.start.is_some() || options.end.is_some();
    if options.format == Some(LineFormat::Clf) && is_timed {
        let text = "with --format clf events have no time; leave out --period, --start and --end";
        return Some(text.to_owned());
    }
    let is_back = [options.start, options.end].iter().any(|w| matches!(w, Some(When::Back(_))));
    (is_back && reads_stdin(options)).then(|| {
        "a time back from the newest record takes two passes, and standard input can be read \
         once; type a date, or name files"
            .to_owned()
    })
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn reads_stdin(options: &RuleOptions) -> bool {
    options.paths.is_empty() || options.paths.iter().any(|path| is_dash(path))
}

/// Says of each rule whether it is valid.
fn check(entries: &[Entry<InsightRule>], common: &Common) -> Exit {
    let written = answer::write(|out| {
        for Entry { label, checked, .. } in entries {
            match checked {
                Ok(_) => writeln!(out, "{label}: ok")?,
                Err(error) => {
                    for line in error.to_string().lines() {
                        writeln!(out, "{label}: {line}")?;
                    }
                }
            }
        }
        Ok(())
    });
    for Entry { label, checked, notes, .. } in entries {
        if !common.is_quiet() {
            notes.iter().for_each(say::warning);
        }
        if let Ok(rule) = checked {
            files::warn(label, rule.warnings(), common);
        }
    }
    match entries.iter().all(|entry| entry.checked.is_ok()) {
        true => written,
        false => Exit::Partial,
    }
}

/// Tells how each rule is answered, and the same question in other languages.
fn explain(rules: &[Asked<InsightRule>], options: &RuleOptions, common: &Common) -> Exit {
    let paths: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
    answer::write(|out| {
        for (at, Asked { name, checked: rule, .. }) in rules.iter().enumerate() {
            if rules.len() > 1 {
                writeln!(out, "{}== {name} ==", if at > 0 { "\n" } else { "" })?;
            }
            write!(out, "{}", rule.explain(common.top(), &paths))?;
        }
        Ok(())
    })
}

/// The questions of the rules, with what else was asked for.
fn queries(
    rules: &[Asked<InsightRule>],
    options: &RuleOptions,
    common: &Common,
) -> Result<Vec<Query>, String> {
    let (start, end) = times(rules, options, common)?;
    let query = |asked: &Asked<InsightRule>| {
        let mut builder = asked.checked.to_query(common.top()).to_builder().between(start, end);
        if let Some(seconds) = options.period {
            builder = builder.period(seconds);
        }
        if let Some(order) = options.order_by {
            builder = builder.order(Order::from(order));
        }
        builder.build().map_err(|error| format!("{}: {error}", asked.label))
    };
    rules.iter().map(query).collect()
}

/// The first second that counts, and the first that does not any more.
fn times(
    rules: &[Asked<InsightRule>],
    options: &RuleOptions,
    common: &Common,
) -> Result<(Option<u64>, Option<u64>), String> {
    let whens = [options.start, options.end];
    let newest = match whens.iter().any(|when| matches!(when, Some(When::Back(_)))) {
        true => newest(rules, &options.paths, common)?,
        false => 0,
    };
    let [start, end] = whens.map(|when| when.map(|when| when.second(newest)));
    match (start, end) {
        (Some(start), Some(end)) if start >= end => {
            Err(format!("--start is {start} and --end {end}, expected a start before the end"))
        }
        _ => Ok((start, end)),
    }
}

/// The time of the newest record; 0 if there is none. What cannot be read is told by the next
/// pass.
fn newest(rules: &[Asked<InsightRule>], paths: &[PathBuf], common: &Common) -> Result<u64, String> {
    let mut forms: Vec<Form> = Vec::new();
    for asked in rules {
        if !forms.contains(&asked.checked.form()) {
            forms.push(asked.checked.form());
        }
    }
    let query = |&form: &Form| {
        let start = Measure::Max(Field::Start.into());
        Query::builder().form(form).scope(Scope::All).measure(start).build()
    };
    let told = |error: Error| error.to_string();
    let queries: Vec<Query> = forms.iter().map(query).collect::<Result<_, _>>().map_err(told)?;
    let engine = Engine::new().threads(common.threads());
    let report = engine.run_all(&queries, &input::sources(paths)?).map_err(told)?;
    let newest = report.answers.iter().filter_map(|answer| answer.total()?.whole()).max();
    Ok(newest.and_then(|newest| newest.try_into().ok()).unwrap_or(0))
}

/// Asks all rules in one pass.
fn ask(
    rules: &[Asked<InsightRule>],
    queries: &[Query],
    options: &RuleOptions,
    common: &Common,
) -> Exit {
    let is_clf = options.format == Some(LineFormat::Clf);
    let engine = Engine::new().tokens(is_clf);
    answer::run(engine, queries, &options.paths, common, |out, report| {
        if !common.is_quiet() && !is_clf {
            warn_of_misplaced(rules, report);
        }
        write(out, rules, report, options.period, common)
    })
}

/// Says where an alias calls a column what another one is.
fn warn_of_misplaced(rules: &[Asked<InsightRule>], report: &Report) {
    for (input, layout) in &report.layouts {
        for asked in rules {
            for sentence in asked.checked.misplaced(layout) {
                let label = &asked.label;
                say::warning(format_args!("{label}: in {input} {sentence}; try --by-name"));
            }
        }
    }
}

fn write(
    out: &mut dyn Write,
    rules: &[Asked<InsightRule>],
    report: &Report,
    period: Option<u32>,
    common: &Common,
) -> io::Result<()> {
    let answered = rules.iter().zip(&report.answers);
    let rankings: Vec<Ranking> = answered
        .map(|(asked, answer)| Ranking {
            name: (rules.len() > 1).then_some(asked.name.as_str()),
            answer,
            statistic: asked.checked.statistic(),
            measured: asked.checked.measured(),
            period,
        })
        .collect();
    match common.format() {
        Format::Table => table::rules(out, &rankings, is_coloured()),
        Format::Json => json::rules(out, &rankings),
        Format::Csv => csv::rules(out, &rankings),
    }
}
