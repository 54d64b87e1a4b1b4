//! From a question to its answer on standard output, and to all that has to be said about it.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flowagg::render::account;
use flowagg::{Engine, Error, Query, Report};

use super::exit::Exit;
use super::options::Common;
use super::progress::Shown;
use super::{input, say};

/// Bytes of output that are written at once.
const OUTPUT_BYTES: usize = 64 * 1024;

/// Has `engine` ask `queries` of the paths, and has the report written to standard output by
/// `render`.
pub fn run(
    engine: Engine,
    queries: &[Query],
    paths: &[PathBuf],
    common: &Common,
    render: impl FnOnce(&mut dyn Write, &Report) -> io::Result<()>,
) -> Exit {
    let sources = match input::sources(paths) {
        Ok(sources) => sources,
        Err(message) => return usage(message),
    };
    let selection = match common.selection() {
        Ok(selection) => selection,
        Err(message) => return usage(message),
    };
    let engine = match limited(engine, common) {
        Ok(engine) => engine,
        Err(message) => return usage(message),
    };
    let begun = Instant::now();
    let engine = engine.threads(common.threads()).select(selection);
    let shown = Shown::new(engine.progress(), common.is_quiet());
    let report = engine.run_all(queries, &sources);
    drop(shown);
    match report {
        Ok(report) => tell(&report, begun.elapsed(), common, render),
        Err(error) => failed(&error),
    }
}

/// The engine with the memory that was typed, and the folder for what outgrows it.
pub fn limited(mut engine: Engine, common: &Common) -> Result<Engine, String> {
    if let Some(bytes) = common.memory() {
        engine = engine.memory(bytes);
    }
    if let Some(folder) = common.temp_dir() {
        // Better now than after an hour.
        tempfile::tempfile_in(folder).map_err(|error| {
            let (folder, error) = (input::shown(folder), Error::from(error));
            format!("--temp-dir {folder}: {error}; expected a folder to make files in")
        })?;
        engine = engine.temp_dir(folder);
    }
    Ok(engine)
}

/// Says why nothing was run.
pub fn usage(message: impl std::fmt::Display) -> Exit {
    say::error(message);
    Exit::Usage
}

/// Says why there is no report.
fn failed(error: &Error) -> Exit {
    say::error(error);
    match error.kind() {
        flowagg::ErrorKind::Internal | flowagg::ErrorKind::Memory => Exit::Partial,
        _ => Exit::Usage,
    }
}

fn tell(
    report: &Report,
    elapsed: Duration,
    common: &Common,
    render: impl FnOnce(&mut dyn Write, &Report) -> io::Result<()>,
) -> Exit {
    let verdict = Verdict::of(report, common.is_strict());
    let written = match verdict.is_answered {
        true => write(|out| render(out, report)),
        false => Exit::Whole,
    };
    // What stands below explains the answer, or why there is none: then even if quiet.
    if !common.is_quiet() || !verdict.is_answered {
        tell_malformed(report);
    }
    for fault in &report.faults {
        say::error(account::fault(fault));
    }
    let written = match report.listing_fault() {
        Some(error) => {
            say::error(format_args!("the list ends early: {error}"));
            Exit::Partial
        }
        None => written,
    };
    if let Some(message) = &verdict.message {
        say::error(message);
    }
    if !common.is_quiet() {
        if report.tally.lines == 0 && report.faults.is_empty() {
            say::warning("no lines were read");
        }
        say::line(format_args!("flowagg: {}", account::tally(report, elapsed)));
    }
    if verdict.exit == Exit::Whole { written } else { verdict.exit }
}

fn tell_malformed(report: &Report) {
    for line in &report.malformed {
        say::line(account::malformed_line(line));
    }
    if report.tally.malformed > report.malformed.len() as u64 {
        say::warning(account::malformed_reasons(&report.tally.reasons));
    }
}

/// What a report is worth.
struct Verdict {
    is_answered: bool,
    exit: Exit,
    message: Option<String>,
}

impl Verdict {
    fn of(report: &Report, is_strict: bool) -> Self {
        let tally = &report.tally;
        let has_faults = !report.faults.is_empty();
        let refuse = |message: &str| Self {
            is_answered: false,
            exit: Exit::Partial,
            message: Some(message.to_owned()),
        };
        if is_strict && (has_faults || tally.malformed > 0) {
            return refuse("no answer, because of --strict");
        }
        if has_faults && tally.lines == 0 {
            return refuse("no answer, because nothing could be read");
        }
        let is_useless = tally.malformed > 0 && tally.records() == 0;
        let message = is_useless.then(|| "no line is a record: all are malformed".to_owned());
        let exit = if is_useless || has_faults { Exit::Partial } else { Exit::Whole };
        Self { is_answered: true, exit, message }
    }
}

/// Writes to standard output. That its reader has seen enough is no error.
pub fn write(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Exit {
    let mut out = BufWriter::with_capacity(OUTPUT_BYTES, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Exit::Whole,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Whole,
        Err(error) => {
            say::error(format_args!("standard output: {}", Error::from(error)));
            Exit::Partial
        }
    }
}
