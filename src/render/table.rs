//! Tables for people: aligned, rounded where it helps beside the exact number, safe on a
//! terminal, at most 80 columns wide unless the log's own words are longer.

use std::io::{self, Write};

use anstyle::Style;

use super::grid::{Grid, Needs, Row};
use super::spark::Sparks;
use super::{Ranking, human, share};
use crate::amount::Amount;
use crate::report::{Answer, Contributor};
use crate::summary::{Summary, Traffic};
use crate::tally::Tally;

/// Writes a summary, with colours if `is_coloured`.
///
/// # Errors
/// What `out` says.
pub fn summary(out: &mut dyn Write, summary: &Summary<'_>, is_coloured: bool) -> io::Result<()> {
    let look = Look::new(is_coloured);
    tally(out, summary.tally, &look)?;
    time(out, summary.start, summary.end, &look)?;
    traffic(out, [("ACCEPT", &summary.accept), ("REJECT", &summary.reject)], &look)?;
    writeln!(out)?;
    let words = Words {
        order: "accepted bytes",
        value: "bytes",
        is_of_bytes: true,
        is_cumulative: false,
        sparks: None,
    };
    contributors(out, summary.contributors, &words, &look)
}

/// Writes the answers to rules one after the other, with colours if `is_coloured`; named rules
/// under their names.
///
/// # Errors
/// What `out` says.
pub fn rules(out: &mut dyn Write, rankings: &[Ranking<'_>], is_coloured: bool) -> io::Result<()> {
    let look = Look::new(is_coloured);
    for (at, ranking) in rankings.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        if let Some(name) = ranking.name {
            styled(out, &format!("{}:", text(name)), look.heading)?;
        }
        rule(out, ranking, &look)?;
    }
    Ok(())
}

fn rule(out: &mut dyn Write, ranking: &Ranking<'_>, look: &Look) -> io::Result<()> {
    let answer = ranking.answer;
    let is_by_maximum = answer.contributors().next().is_some_and(|c| c.maximum.is_some());
    let statistic = if is_by_maximum { "Maximum" } else { ranking.statistic };
    let order = match ranking.measured {
        Some(name) => format!("{statistic} of {}", text(name)),
        None => format!("{statistic} of records"),
    };
    let value = text(ranking.value_name());
    let sparks = ranking.period.and_then(|period| Sparks::new(answer, period.into()));
    let words = Words {
        order: &order,
        value: &value,
        is_of_bytes: ranking.is_of_bytes(),
        is_cumulative: true,
        sparks,
    };
    contributors(out, answer, &words, look)?;
    writeln!(out)?;
    if let Some(seconds) = ranking.period {
        styled(out, &periods(answer, seconds), look.aside)?;
    }
    let uses = ranking.uses();
    let count = |number: u64| human::grouped(number.into());
    let account = format!(
        "Records: {} added, {} filtered out, {} without a key, {} without a number",
        count(uses.added),
        count(uses.filtered_out),
        count(uses.no_key),
        count(uses.no_value),
    );
    styled(out, &account, look.aside)
}

/// What time the periods of an answer span.
fn periods(answer: &Answer, seconds: u32) -> String {
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

/// How parts of a table look.
pub(super) struct Look {
    pub(super) heading: Style,
    aside: Style,
}

impl Look {
    pub(super) fn new(is_coloured: bool) -> Self {
        match is_coloured {
            true => Self { heading: Style::new().bold(), aside: Style::new().dimmed() },
            false => Self { heading: Style::new(), aside: Style::new() },
        }
    }
}

pub(super) fn styled(out: &mut dyn Write, line: &str, style: Style) -> io::Result<()> {
    writeln!(out, "{}{line}{}", style.render(), style.render_reset())
}

/// Words from outside, safe to show.
pub(super) fn text(words: &str) -> String {
    human::escaped(words.as_bytes())
}

pub(super) fn tally(out: &mut dyn Write, tally: &Tally, look: &Look) -> io::Result<()> {
    let count = |number: u64| human::grouped(number.into());
    let lines = count(tally.lines);
    let width = lines.len();
    let on = look.heading;
    writeln!(out, "{}Lines{}       {lines}", on.render(), on.render_reset())?;
    let rows = [
        [("ok", tally.ok), ("no data", tally.no_data), ("skip data", tally.skip_data)],
        [("headers", tally.headers), ("blank", tally.blank), ("malformed", tally.malformed)],
    ];
    for row in rows {
        let cells = row.map(|(name, number)| format!("{name:<9} {:>width$}", count(number)));
        writeln!(out, "  {}", cells.join("    "))?;
    }
    Ok(())
}

pub(super) fn time(
    out: &mut dyn Write,
    start: Option<u128>,
    end: Option<u128>,
    look: &Look,
) -> io::Result<()> {
    let on = look.heading;
    let Some((start, end)) = start.zip(end) else {
        return writeln!(out, "{}Time{}        none", on.render(), on.render_reset());
    };
    let moment = |seconds: u128| human::utc(seconds).unwrap_or_else(|| "?".to_owned());
    let (from, to) = (moment(start), moment(end));
    writeln!(out, "{}Time{}        {from} to {to}", on.render(), on.render_reset())?;
    writeln!(out, "{:12}{start} to {end}", "")
}

fn traffic(out: &mut dyn Write, rows: [(&str, &Traffic); 2], look: &Look) -> io::Result<()> {
    let mut cells = vec![["", "records", "packets", "bytes", ""].map(str::to_owned)];
    for (action, traffic) in rows {
        cells.push([
            action.to_owned(),
            human::grouped(traffic.records),
            human::grouped(traffic.packets),
            human::grouped(traffic.bytes),
            human::bytes(traffic.bytes),
        ]);
    }
    let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [records, packets, bytes, rounded] = [1, 2, 3, 4].map(width);
    writeln!(out)?;
    for (at, [action, a, b, c, d]) in cells.iter().enumerate() {
        let line = format!("{action:<6}  {a:>records$}  {b:>packets$}  {c:>bytes$}  {d:>rounded$}");
        let style = if at == 0 { look.heading } else { Style::new() };
        styled(out, line.trim_end(), style)?;
    }
    Ok(())
}

/// What a ranking is told in.
struct Words<'a> {
    /// What contributors are ordered by.
    order: &'a str,
    /// What a value is called.
    value: &'a str,
    is_of_bytes: bool,
    /// Whether shares are added up too.
    is_cumulative: bool,
    sparks: Option<Sparks>,
}

fn contributors(
    out: &mut dyn Write,
    answer: &Answer,
    words: &Words<'_>,
    look: &Look,
) -> io::Result<()> {
    let labels: Vec<String> = answer.labels().iter().map(|label| text(label)).collect();
    let listed = answer.contributors().len() as u64;
    let unique = human::grouped(answer.unique().into());
    let all = labels.join(", ");
    let order = words.order;
    let headline = match answer.unique() {
        0 => format!("No {all} by {order}"),
        1 => format!("The only {all} by {order}"),
        all_of_them if all_of_them == listed => format!("All {unique} {all} by {order}"),
        _ => format!("Top {} of {unique} {all} by {order}", human::grouped(listed.into())),
    };
    styled(out, &headline, look.heading)?;
    if answer.unique() == 0 {
        return Ok(());
    }

    let total = answer.total().unwrap_or_default();
    let footers = Footers::new(answer, listed, total);
    let grid = Grid::fit(needs(answer, &labels, words, &footers));
    let header = Row {
        rank: "#".to_owned(),
        keys: labels,
        value: words.value.to_owned(),
        largest: "maximum".to_owned(),
        share: "share".to_owned(),
        cumulative: "cumul.".to_owned(),
        spark: words.sparks.as_ref().map_or(String::new(), Sparks::heading),
        ..Row::default()
    };
    grid.write(out, &header, look.heading)?;
    let mut so_far = Amount::ZERO;
    for (rank, contributor) in (1..).zip(answer.contributors()) {
        so_far += contributor.value;
        let Contributor { keys, value, maximum, datapoints, .. } = contributor;
        let keys = keys.iter().map(|key| human::escaped(key)).collect();
        let row = Row {
            rank: human::grouped(rank),
            largest: maximum.map_or(String::new(), human::amount),
            cumulative: human::percent(share(so_far, total)),
            spark: words.sparks.as_ref().map_or(String::new(), |s| s.line(&datapoints)),
            ..row(keys, value, total)
        };
        grid.write(out, &row, Style::new())?;
    }
    if let Some((label, value)) = footers.others {
        grid.write(out, &row(vec![label], value, total), look.aside)?;
    }
    let (label, value) = footers.total;
    grid.write(out, &row(vec![label], value, total), Style::new())
}

/// The rows below the contributors: label and value.
struct Footers {
    others: Option<(String, Amount)>,
    total: (String, Amount),
}

impl Footers {
    fn new(answer: &Answer, listed: u64, total: Amount) -> Self {
        let unlisted = answer.unique() - listed;
        let others = (unlisted > 0).then(|| {
            let shown: Amount = answer.contributors().map(|contributor| contributor.value).sum();
            (format!("others ({})", human::grouped(unlisted.into())), total - shown)
        });
        let label = format!("total ({})", human::grouped(answer.unique().into()));
        Self { others, total: (label, total) }
    }

    fn span(&self) -> usize {
        self.others.as_ref().map_or(0, |(label, _)| label.len()).max(self.total.0.len())
    }
}

fn row(keys: Vec<String>, value: Amount, total: Amount) -> Row {
    Row {
        keys,
        value: human::amount(value),
        rounded: u128::try_from(value.floor()).map_or(String::new(), human::bytes),
        share: human::percent(share(value, total)),
        ..Row::default()
    }
}

/// What the widest cells of a ranking are.
fn needs(answer: &Answer, labels: &[String], words: &Words<'_>, footers: &Footers) -> Needs {
    let mut keys: Vec<usize> = labels.iter().map(|label| label.chars().count()).collect();
    let (mut value, mut largest) = (words.value.chars().count(), 0);
    let rows = footers.others.iter().chain([&footers.total]);
    rows.for_each(|(_, amount)| value = value.max(human::amount(*amount).len()));
    for contributor in answer.contributors() {
        for (width, key) in keys.iter_mut().zip(&contributor.keys) {
            *width = (*width).max(human::escaped(key).chars().count());
        }
        value = value.max(human::amount(contributor.value).len());
        if let Some(maximum) = contributor.maximum {
            largest = human::amount(maximum).len().max(largest).max("maximum".len());
        }
    }
    let rank = human::grouped(answer.contributors().len() as u128).len();
    Needs {
        rank,
        keys,
        span: footers.span(),
        value,
        rounded: words.is_of_bytes,
        largest,
        cumulative: words.is_cumulative,
        spark: words.sparks.as_ref().map_or(0, Sparks::width),
    }
}
