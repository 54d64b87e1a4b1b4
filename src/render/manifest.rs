//! The manifest of a run: what was read, what became of it, and what was answered, so that a case
//! file can be checked and the run repeated.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::human;
use super::json::pretty;
use crate::report::{Fault, FileAccount, Report};
use crate::tally::Tally;

/// How every manifest begins.
const BEGINNING: &[u8] = b"{\n  \"flowagg\": \"";

/// A run, as its manifest tells it.
#[derive(Debug)]
pub struct Manifest<'a> {
    /// What was typed after the program's name.
    pub arguments: &'a [OsString],
    /// The folder in which it was typed.
    pub folder: Option<&'a Path>,
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The files of rules, filters, addresses and names that were asked for.
    pub questions: &'a [Question],
    /// What was found; none if the run failed.
    pub report: Option<&'a Report>,
    /// Checksums of the report's files, in their order; none if they were not asked for.
    pub checksums: Option<&'a [Checksum]>,
    /// Whether the answer is whole.
    pub is_whole: bool,
    /// Why there is no answer, or not a whole one, but for faults of inputs.
    pub message: Option<&'a str>,
    /// How the program ends.
    pub exit_code: u8,
    /// What was written to standard output.
    pub output: Output,
}

/// The SHA-256 of a file, in hexadecimal digits, or why there is none.
pub type Checksum = Result<String, &'static str>;

/// A file of what was asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The file; `-` for standard input.
    pub path: PathBuf,
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// What was written to standard output.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Output {
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Whether that is not all, since the reader went away or the writing failed.
    pub is_cut: bool,
}

/// Whether a file that begins like this is a manifest.
pub fn is_manifest(head: &[u8]) -> bool {
    head.starts_with(BEGINNING)
}

/// Writes a manifest, as JSON. Of two runs that are the same, `time` alone differs.
///
/// # Errors
/// What `out` says.
pub fn manifest(out: &mut dyn Write, manifest: &Manifest<'_>) -> io::Result<()> {
    pretty(out, &ManifestText::new(manifest))
}

#[derive(Serialize)]
struct ManifestText<'a> {
    flowagg: &'static str,
    time: TimeText,
    arguments: Vec<String>,
    /// Only if some are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments_hex: Option<Vec<String>>,
    folder: Option<String>,
    questions: Vec<QuestionText<'a>>,
    is_whole: bool,
    message: Option<&'a str>,
    exit_code: u8,
    output: &'a Output,
    tally: Option<TallyText>,
    faults: Vec<FaultText<'a>>,
    inputs: Vec<InputText<'a>>,
    left_out: Option<LeftOutText<'a>>,
}

#[derive(Serialize)]
struct TimeText {
    started: Option<String>,
    seconds: f64,
}

#[derive(Serialize)]
struct QuestionText<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    bytes: u64,
    sha256: &'a str,
}

#[derive(Serialize)]
struct TallyText {
    lines: u64,
    headers: u64,
    blank: u64,
    ok: u64,
    no_data: u64,
    skip_data: u64,
    malformed: u64,
    reasons: BTreeMap<String, u64>,
    extra_columns: u64,
    milliseconds: u64,
    events_not_json: u64,
    events_without_time: u64,
}

#[derive(Serialize)]
struct FaultText<'a> {
    path: &'a str,
    fault: String,
}

#[derive(Serialize)]
struct InputText<'a> {
    path: String,
    /// Only if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Option<&'a str>>,
    /// Why there is no checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256_lacks: Option<&'static str>,
    containers: &'a [&'static str],
    layouts: Vec<Vec<&'a str>>,
    tally: TallyText,
    /// Of its records.
    start: Option<SpanText>,
    faults: Vec<String>,
}

#[derive(Serialize)]
struct SpanText {
    first: u64,
    last: u64,
}

#[derive(Serialize)]
struct LeftOutText<'a> {
    not_selected: usize,
    skipped_by_time: usize,
    passed_over: &'a [String],
}

impl<'a> ManifestText<'a> {
    fn new(manifest: &'a Manifest<'a>) -> Self {
        let Manifest { arguments, folder, report, checksums, .. } = *manifest;
        let is_text = arguments.iter().all(|argument| argument.to_str().is_some());
        let checksum = |at: usize| checksums.and_then(|checksums| checksums.get(at));
        let inputs = report.map_or(&[][..], |report| &report.files).iter().enumerate();
        Self {
            flowagg: env!("CARGO_PKG_VERSION"),
            time: TimeText {
                started: human::utc(manifest.started.into()),
                seconds: manifest.seconds,
            },
            arguments: arguments.iter().map(|text| text.to_string_lossy().into()).collect(),
            arguments_hex: (!is_text).then(|| arguments.iter().map(|text| hex(text)).collect()),
            folder: folder.map(|folder| folder.display().to_string()),
            questions: manifest.questions.iter().map(QuestionText::new).collect(),
            is_whole: manifest.is_whole,
            message: manifest.message,
            exit_code: manifest.exit_code,
            output: &manifest.output,
            tally: report.map(|report| TallyText::new(&report.tally)),
            faults: report.map(faults).unwrap_or_default(),
            inputs: inputs.map(|(at, file)| InputText::new(file, checksum(at))).collect(),
            left_out: report.map(|report| LeftOutText {
                not_selected: report.unselected,
                skipped_by_time: report.skipped,
                passed_over: &report.passed_over,
            }),
        }
    }
}

fn faults(report: &Report) -> Vec<FaultText<'_>> {
    let text = |fault: &Fault| fault.error.to_string();
    let faults = report.faults.iter();
    faults.map(|fault| FaultText { path: &fault.input, fault: text(fault) }).collect()
}

impl<'a> QuestionText<'a> {
    fn new(question: &'a Question) -> Self {
        let path = question.path.as_os_str();
        Self {
            path: path.to_string_lossy().into_owned(),
            path_hex: path.to_str().is_none().then(|| hex(path)),
            bytes: question.bytes,
            sha256: &question.sha256,
        }
    }
}

impl TallyText {
    fn new(tally: &Tally) -> Self {
        Self {
            lines: tally.lines,
            headers: tally.headers,
            blank: tally.blank,
            ok: tally.ok,
            no_data: tally.no_data,
            skip_data: tally.skip_data,
            malformed: tally.malformed,
            reasons: tally.reasons.iter().map(|(why, count)| (why.to_string(), *count)).collect(),
            extra_columns: tally.extra_columns,
            milliseconds: tally.milliseconds,
            events_not_json: tally.events_not_json,
            events_without_time: tally.events_without_time,
        }
    }
}

impl<'a> InputText<'a> {
    fn new(file: &'a FileAccount, checksum: Option<&'a Checksum>) -> Self {
        let path = file.path.as_deref().map_or(OsStr::new("-"), Path::as_os_str);
        let name = |layout: &'a crate::layout::Layout| {
            (0..layout.columns()).filter_map(|column| layout.name(column)).collect()
        };
        let mut layouts: Vec<Vec<&str>> = file.layouts.iter().map(name).collect();
        // In which order they were met is chance.
        layouts.sort();
        Self {
            path: path.to_string_lossy().into_owned(),
            path_hex: path.to_str().is_none().then(|| hex(path)),
            bytes: file.bytes,
            sha256: checksum.map(|checksum| checksum.as_ref().ok().map(String::as_str)),
            sha256_lacks: checksum.and_then(|checksum| checksum.as_ref().err().copied()),
            containers: &file.containers,
            layouts,
            tally: TallyText::new(&file.tally),
            start: file.start.map(|(first, last)| SpanText { first, last }),
            faults: file.faults.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Bytes in hexadecimal digits.
fn hex(text: &OsStr) -> String {
    text.as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
