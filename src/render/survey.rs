//! A survey: what a heap of logs is, as a page for people and as JSON.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::json::{TallyText, pretty};
use super::table::{Look, styled, tally, text, time};
use super::{exact, human, share};
use crate::amount::Amount;
use crate::field::Field;
use crate::layout::Layout;
use crate::report::{Answer, FileAccount, Report};
use crate::survey::{Doubles, Lacking, Shape, Survey};

/// The width that text is wrapped at.
const WIDTH: usize = 80;

/// Holes in time that are listed on the page.
const GAPS_SHOWN: usize = 5;

/// Layouts that are listed on the page.
const SHAPES_SHOWN: usize = 8;

/// Writes a survey as a page, with colours if `is_coloured`.
///
/// # Errors
/// What `out` says.
pub fn table(out: &mut dyn Write, survey: &Survey<'_>, is_coloured: bool) -> io::Result<()> {
    let look = Look::new(is_coloured);
    tally(out, survey.tally, &look)?;
    time(out, survey.start.map(u128::from), survey.end.map(u128::from), &look)?;
    gaps(out, survey)?;
    writeln!(out)?;
    shapes(out, survey, &look)?;
    writeln!(out)?;
    let records = survey.counts.records;
    let lists = [
        ("Versions", survey.versions),
        ("Accounts", survey.accounts),
        ("Regions", survey.regions),
        ("Interfaces", survey.interfaces),
    ];
    for (name, answer) in lists {
        list(out, name, answer, records, &look)?;
    }
    let part = |count: u64, whole: u64| {
        let part = share(count.into(), whole.into());
        format!("{} ({})", human::grouped(count.into()), human::percent(part))
    };
    let ok = survey.counts.ok;
    let counts = format!(
        "IPv4 {}, IPv6 {}; no data {}, skip data {}",
        part(ok - survey.ipv6.min(ok), ok),
        part(survey.ipv6, ok),
        part(survey.counts.no_data, records),
        part(survey.counts.skip_data, records),
    );
    entry(out, "Records", &counts, &look)?;
    entry(out, "Doubles", &doubles(&survey.doubles), &look)?;
    if survey.lacking.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    styled(out, "What these logs cannot tell", look.heading)?;
    for Lacking { fields, question, files, .. } in &survey.lacking {
        let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        let of = match *files {
            1 => "1 file".to_owned(),
            files => format!("{} files", human::grouped(files.into())),
        };
        wrapped(out, 2, 4, &format!("{question}: {} lacking in {of}", names.join(", ")))?;
    }
    Ok(())
}

fn moment(seconds: u64) -> String {
    human::utc(seconds.into()).unwrap_or_else(|| seconds.to_string())
}

/// A length of time in the unit that says enough of it.
fn length(seconds: u64) -> String {
    match seconds / 60 {
        minutes @ ..120 => format!("{minutes} minutes"),
        minutes @ ..2_880 => format!("{} hours", minutes / 60),
        minutes => format!("{} days", human::grouped(u128::from(minutes / 1_440))),
    }
}

fn gaps(out: &mut dyn Write, survey: &Survey<'_>) -> io::Result<()> {
    for (from, to) in survey.gaps.iter().take(GAPS_SHOWN) {
        let (from, length) = (moment(*from), length(to - from));
        writeln!(out, "{:12}no record starts from {from} on for {length}", "")?;
    }
    match survey.gaps.len().checked_sub(GAPS_SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "{:12}and {more} more such gaps", ""),
    }
}

fn shapes(out: &mut dyn Write, survey: &Survey<'_>, look: &Look) -> io::Result<()> {
    if survey.shapes.is_empty() {
        return styled(out, "No files", look.heading);
    }
    for shape in survey.shapes.iter().take(SHAPES_SHOWN) {
        let Shape { containers, layouts, files, records, example, .. } = shape;
        let plural = |count: u64, noun: &str| {
            let s = if count == 1 { "" } else { "s" };
            format!("{} {noun}{s}", human::grouped(count.into()))
        };
        let first = if *files == 1 { "" } else { "first " };
        let head = format!(
            "{} of {}, {}: {first}{}",
            plural(*files, "file"),
            containers.join(", "),
            plural(*records, "record"),
            text(example),
        );
        styled(out, &head, look.heading)?;
        for layout in *layouts {
            wrapped(out, 2, 4, &described(layout))?;
        }
    }
    match survey.shapes.len().checked_sub(SHAPES_SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "and {more} more kinds of files; -o json lists all"),
    }
}

/// The columns of a layout, or what they are called together.
fn described(layout: &Layout) -> String {
    if *layout == Layout::v2() {
        return "version 2, the default format".to_owned();
    }
    let names = names(layout);
    format!("{} columns: {}", names.len(), text(&names.join(" ")))
}

fn names(layout: &Layout) -> Vec<&str> {
    (0..layout.columns()).filter_map(|column| layout.name(column)).collect()
}

/// The first of what there is, with counts.
fn list(
    out: &mut dyn Write,
    name: &str,
    answer: &Answer,
    records: u64,
    look: &Look,
) -> io::Result<()> {
    let mut items: Vec<String> = Vec::new();
    for contributor in answer.contributors() {
        let keys: Vec<String> = contributor.keys.iter().map(|key| human::escaped(key)).collect();
        let part = human::percent(share(contributor.value, records.into()));
        items.push(format!("{} {part}", keys.join(" ")));
    }
    let more = answer.unique() - items.len() as u64;
    if more > 0 {
        items.push(format!("{} more", human::grouped(more.into())));
    }
    let items = if items.is_empty() { "not told".to_owned() } else { items.join(", ") };
    let count = match answer.unique() {
        0 | 1 => String::new(),
        unique => format!("{}: ", human::grouped(unique.into())),
    };
    entry(out, name, &format!("{count}{items}"), look)
}

fn doubles(doubles: &Doubles) -> String {
    let Doubles { flows, at_two_interfaces, windows, repeated, one_in, .. } = *doubles;
    if windows == 0 && flows == 0 {
        return "not told".to_owned();
    }
    let count = |count: u64| human::grouped(count.into());
    let sample = match one_in {
        1 => String::new(),
        one_in => format!(" (looked at: one source port in {one_in})"),
    };
    format!(
        "{} of {} flows recorded at two interfaces or more; {} of {} windows of a flow at an \
         interface there twice or more, as flow logs that overlap write them{sample}",
        count(at_two_interfaces),
        count(flows),
        count(repeated),
        count(windows),
    )
}

/// A name and what is said of it, wrapped below itself.
fn entry(out: &mut dyn Write, name: &str, text: &str, look: &Look) -> io::Result<()> {
    let (on, off) = (look.heading.render(), look.heading.render_reset());
    let mut lines = Vec::new();
    wrapped(&mut lines, 12, 12, text)?;
    let lines = String::from_utf8_lossy(&lines);
    write!(out, "{on}{name}{off}{:width$}", "", width = 12_usize.saturating_sub(name.len()))?;
    out.write_all(lines.trim_start().as_bytes())
}

/// Words in lines of at most [`WIDTH`], unless a word is longer.
fn wrapped(out: &mut dyn Write, first: usize, indent: usize, text: &str) -> io::Result<()> {
    let mut line = " ".repeat(first);
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && human::width(&line) + 1 + human::width(word) > WIDTH {
            writeln!(out, "{line}")?;
            line = " ".repeat(indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{line}")
}

/// Writes a survey as JSON: the members `tally`, `time`, `files` and the rest.
///
/// # Errors
/// What `out` says.
pub fn json(out: &mut dyn Write, survey: &Survey<'_>, report: &Report) -> io::Result<()> {
    pretty(out, &SurveyText::new(survey, report))
}

#[derive(Serialize)]
struct SurveyText<'a> {
    tally: TallyText,
    time: TimeText<'a>,
    files: Vec<FileText<'a>>,
    versions: CountsText<'a>,
    accounts: CountsText<'a>,
    interfaces: CountsText<'a>,
    regions: CountsText<'a>,
    ipv6: u64,
    doubles: DoublesText,
    lacking: Vec<LackingText>,
    malformed: Vec<MalformedText<'a>>,
    passed_over: &'a [String],
    faults: Vec<FaultText<'a>>,
}

#[derive(Serialize)]
struct TimeText<'a> {
    start: Option<u64>,
    end: Option<u64>,
    gaps: &'a [(u64, u64)],
}

#[derive(Serialize)]
struct FileText<'a> {
    path: &'a str,
    container: &'a [&'static str],
    layout: Vec<Vec<&'a str>>,
    tally: TallyText,
}

#[derive(Serialize)]
struct CountsText<'a> {
    unique: u64,
    #[serde(serialize_with = "one_by_one")]
    top: &'a Answer,
}

#[derive(Serialize)]
struct CountText {
    value: String,
    #[serde(serialize_with = "exact")]
    records: Amount,
}

#[derive(Serialize)]
struct DoublesText {
    flows: u64,
    at_two_interfaces: u64,
    windows: u64,
    repeated: u64,
    one_in: u32,
}

#[derive(Serialize)]
struct LackingText {
    fields: Vec<&'static str>,
    question: &'static str,
    files: u64,
}

#[derive(Serialize)]
struct MalformedText<'a> {
    path: &'a str,
    line: u64,
    reason: String,
    text: String,
}

#[derive(Serialize)]
struct FaultText<'a> {
    path: &'a str,
    fault: String,
}

impl<'a> SurveyText<'a> {
    fn new(survey: &'a Survey<'a>, report: &'a Report) -> Self {
        let counts = |answer: &'a Answer| CountsText { unique: answer.unique(), top: answer };
        let Doubles { flows, at_two_interfaces, windows, repeated, one_in, .. } = survey.doubles;
        let lacking = survey.lacking.iter().map(|lacking| LackingText {
            fields: lacking.fields.iter().map(|field: &Field| field.name()).collect(),
            question: lacking.question,
            files: lacking.files,
        });
        let malformed = report.malformed.iter().map(|line| MalformedText {
            path: &line.input,
            line: line.line,
            reason: line.reason.to_string(),
            text: String::from_utf8_lossy(&line.text).into_owned(),
        });
        let faults = report.faults.iter();
        let files = report.files.iter().filter(|file| !file.containers.is_empty());
        Self {
            tally: TallyText::new(survey.tally),
            time: TimeText { start: survey.start, end: survey.end, gaps: &survey.gaps },
            files: files.map(FileText::new).collect(),
            versions: counts(survey.versions),
            accounts: counts(survey.accounts),
            interfaces: counts(survey.interfaces),
            regions: counts(survey.regions),
            ipv6: survey.ipv6,
            doubles: DoublesText { flows, at_two_interfaces, windows, repeated, one_in },
            lacking: lacking.collect(),
            malformed: malformed.collect(),
            passed_over: &report.passed_over,
            faults: faults
                .map(|fault| FaultText { path: &fault.input, fault: fault.error.to_string() })
                .collect(),
        }
    }
}

impl<'a> FileText<'a> {
    fn new(file: &'a FileAccount) -> Self {
        Self {
            path: &file.input,
            container: &file.containers,
            layout: file.layouts.iter().map(names).collect(),
            tally: TallyText::new(&file.tally),
        }
    }
}

fn one_by_one<S: Serializer>(answer: &&Answer, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(answer.contributors().map(|contributor| CountText {
        value: contributor.key_texts().collect::<Vec<_>>().join(" "),
        records: contributor.value,
    }))
}
