//! `flowagg rule RULE PATH...`: Contributor Insights rules, one or many, in one pass.
//!
//! All rules are read before the first log is opened; if one of them is not valid, all that is
//! wrong with any of them is told and nothing is run.

use std::io::{self, Write};

use flowagg::dialect::{InsightRule, NamedRule, RuleFile};
use flowagg::render::sheets::{self, RuleColumns};
use flowagg::render::{Ranking, json};
use flowagg::{Order, Query, Report};

use super::answer::{self, usage};
use super::considered::Considered;
use super::events;
use super::exit::Exit;
use super::files::{self, Asked};
use super::options::{Common, Format, RuleOptions};
use super::written;

/// Runs the rules over the paths, or only looks at them.
pub fn run(options: &RuleOptions, common: &Common) -> Exit {
    let mut paths = vec![options.rule.clone()];
    let is_explained = common.explains();
    let option = if options.check { "--check" } else { "--explain" };
    let is_idle = options.check || is_explained;
    if let Some(message) = events::idle(option, common).filter(|_| is_idle) {
        return usage(message);
    }
    if options.check {
        paths.extend_from_slice(&options.paths);
        paths.extend_from_slice(&options.more);
        let entries = files::load::<RuleFile, _>(&paths, NamedRule::check);
        return events::check(&entries, InsightRule::warnings, common);
    }
    paths.extend_from_slice(&options.more);
    let (logs, has_period) = (&options.paths, options.period.is_some());
    let contradiction =
        events::contradiction("rule", &paths, &options.events, logs, has_period, common);
    if let Some(message) = contradiction.filter(|_| !is_explained) {
        return usage(message);
    }
    let entries = files::load::<RuleFile, _>(&paths, |rule| match options.events.by_name {
        true => rule.parse()?.by_name(),
        false => rule.parse(),
    });
    let Some(rules) = files::told(entries, InsightRule::warnings, common) else {
        return Exit::Usage;
    };
    if is_explained {
        return explain(&rules, options, common);
    }
    let columns = rules.iter().map(|Asked { checked: rule, .. }| {
        let asked = RuleColumns {
            keys: rule.key_labels(),
            measured: rule.measured(),
            has_period: options.period.is_some(),
            has_maximum: options.order_by.map(Order::from) == Some(Order::Maximum),
            format: common.format().into(),
        };
        asked.list()
    });
    let columns: Vec<_> = columns.collect();
    if let Err(message) = written::check(&columns, &[Format::Json], &common.output) {
        return usage(message);
    }
    match queries(&rules, options, common) {
        Ok(queries) => ask(&rules, &queries, options, common),
        Err(message) => usage(message),
    }
}

/// Tells how each rule is answered, and the same question in other languages.
fn explain(rules: &[Asked<InsightRule>], options: &RuleOptions, common: &Common) -> Exit {
    if let Some(exit) = answer::without_logs(common) {
        return exit;
    }
    let paths: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
    answer::write(|out| {
        for (at, Asked { name, checked: rule, .. }) in rules.iter().enumerate() {
            if rules.len() > 1 {
                let (gap, name) = (if at > 0 { "\n" } else { "" }, name.escape_debug());
                writeln!(out, "{gap}== {name} ==")?;
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
    let forms = rules.iter().map(|asked| asked.checked.form());
    let format = options.events.format.as_ref();
    let considered = Considered::new(forms, format, &options.paths, common)?;
    let query = |asked: &Asked<InsightRule>| {
        let mut builder = considered.narrow(asked.checked.to_query(common.top()).to_builder());
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

/// Asks all rules in one pass.
fn ask(
    rules: &[Asked<InsightRule>],
    queries: &[Query],
    options: &RuleOptions,
    common: &Common,
) -> Exit {
    let is_clf = events::is_clf(&options.events);
    let engine = events::engine(options.events.format.as_ref());
    answer::run(engine, queries, &options.paths, common, |out, report| {
        answer::tell_untimed(queries, report, common);
        if !common.is_quiet() && !is_clf {
            events::warn_of_misplaced(rules, report, InsightRule::misplaced);
        }
        let is_told = common.format().is_for_people() || common.format() == Format::Json;
        if options.period.is_some() && !is_told {
            for (Asked { label, .. }, answer) in rules.iter().zip(&report.answers) {
                let (listed, all) = (answer.contributors().len(), answer.unique());
                answer::tell_unlisted(label, listed, all, "contributors", common);
            }
        }
        let labels = rules.iter().map(|asked| asked.label.as_str());
        // Records without traffic have no numbers, and are in the tally.
        let usual = report.tally.no_data + report.tally.skip_data;
        answer::tell_in_no_row(labels, report, usual, common.format(), common);
        write(out, rules, report, options.period, common)
    })
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
        Format::Json => json::rules(out, &rankings),
        format => {
            let sheets = rankings.iter().map(|ranking| sheets::rule(ranking, format.into()));
            written::write(out, sheets.collect(), &common.output)
        }
    }
}
