//! From a question to its answer on standard output, and to all that has to be said about it.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flowagg::render::account;
use flowagg::render::manifest::Output;
use flowagg::{Engine, Error, Query, Report, Source};
use sha2::{Digest, Sha256};

use super::exit::Exit;
use super::manifest::{self, End, Ledger};
use super::options::{Common, Format};
use super::progress::Shown;
use super::{input, say, stop};

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
    run_to(engine, queries, paths, common, render, |exit| exit)
}

/// The same, where what was answered decides how the program ends: `conclude` says that.
pub fn run_to(
    engine: Engine,
    queries: &[Query],
    paths: &[PathBuf],
    common: &Common,
    render: impl FnOnce(&mut dyn Write, &Report) -> io::Result<()>,
    conclude: impl Fn(Exit) -> Exit,
) -> Exit {
    let ask =
        |engine: &Engine, sources: &[Source], _| Ok((engine.run_all(queries, sources)?, None));
    run_any(engine, ask, paths, common, common.is_quiet(), render, conclude)
}

/// Says what has no time, if `queries` or options ask for times.
pub fn tell_untimed(queries: &[Query], report: &Report, common: &Common) {
    let is_timed = common.has_times() || queries.iter().any(|query| query.period().is_some());
    if let Some(message) = account::without_time(report).filter(|_| is_timed)
        && !common.is_quiet()
    {
        say::warning(message);
    }
}

/// Has `ask` write records of the paths to standard output while it reads them; it returns what
/// became of the writing too. Progress is shown unless `is_calm`.
pub fn run_writing(
    engine: Engine,
    ask: impl FnOnce(
        &Engine,
        &[Source],
        &mut (dyn Write + Send),
    ) -> Result<(Report, io::Result<()>), Error>,
    paths: &[PathBuf],
    common: &Common,
    is_calm: bool,
    conclude: impl Fn(Exit) -> Exit,
) -> Exit {
    let ask = |engine: &Engine, sources: &[Source], is_hashed| {
        let mut report = Err(Error::new(flowagg::ErrorKind::Internal, "nothing was asked"));
        let written = write_hashed(is_hashed, |out| {
            let (found, result) = match ask(engine, sources, out) {
                Ok((found, result)) => (Ok(found), result),
                Err(error) => (Err(error), Ok(())),
            };
            report = found;
            result
        });
        Ok((report?, Some(written)))
    };
    run_any(engine, ask, paths, common, is_calm, |_, _| Ok(()), conclude)
}

/// Has `ask` ask an engine of the paths, which may write the answer itself; else `render` does.
fn run_any(
    engine: Engine,
    ask: impl FnOnce(&Engine, &[Source], bool) -> Result<(Report, Option<(Exit, Output)>), Error>,
    paths: &[PathBuf],
    common: &Common,
    is_calm: bool,
    render: impl FnOnce(&mut dyn Write, &Report) -> io::Result<()>,
    conclude: impl Fn(Exit) -> Exit,
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
    if common.has_checksums() && common.manifest().is_none() {
        return usage("--checksums are written to a manifest; type --manifest FILE too");
    }
    if common.manifest().is_some_and(|path| path.as_os_str() == "-") {
        return usage(
            "--manifest -: standard output has the answer; type the name of a file, or ./- for one \
             that is called so",
        );
    }
    let mut ledger = match Ledger::begin(common) {
        Ok(ledger) => ledger,
        Err(message) => {
            say::error(message);
            return conclude(Exit::Partial);
        }
    };
    let mut engine = engine.threads(common.threads()).select(selection);
    if ledger.is_some() {
        engine = engine.by_file(true);
    }
    let begun = Instant::now();
    stop::watch(engine.progress());
    let shown = Shown::new(engine.progress(), is_calm);
    let mut report = ask(&engine, &sources, ledger.is_some());
    drop(shown);
    let elapsed = begun.elapsed();
    let (message, exit, output) = match &mut report {
        Ok((report, written)) => {
            if let Some(ledger) = &mut ledger {
                ledger.read_again(report, common.threads());
            }
            let written = written.take();
            let told = tell(report, elapsed, common, written, ledger.is_some(), render);
            (told.message, conclude(told.exit), told.output)
        }
        Err(error) => (Some(error.to_string()), conclude(failed(error)), manifest::nothing()),
    };
    let Some(ledger) = ledger else { return exit };
    let report = report.as_ref().ok().map(|(report, _)| report);
    let message = message.as_deref();
    match ledger.close(End { report, elapsed, exit, message, output }) {
        Ok(()) => exit,
        Err(message) => {
            say::error(message);
            if exit.is_whole() { conclude(Exit::Partial) } else { exit }
        }
    }
}

/// Says what is in no row of each answer, if more than `usual` is, where rows are not for people:
/// beside those it stands.
pub fn tell_in_no_row<'a>(
    labels: impl Iterator<Item = &'a str>,
    report: &Report,
    usual: u64,
    format: Format,
    common: &Common,
) {
    if format.is_for_people() || common.is_quiet() {
        return;
    }
    for (label, answer) in labels.zip(&report.answers) {
        if let Some(message) = account::in_no_row(answer, usual) {
            let colon = if label.is_empty() { "" } else { ": " };
            say::line(format_args!("flowagg: {label}{colon}{message}"));
        }
    }
}

/// Says that only some are listed, where nobody asked for so few and rows alone would not show it.
/// `what` follows these numbers.
pub fn tell_unlisted(label: &str, listed: usize, all: u64, what: &str, common: &Common) {
    if (listed as u64) < all && !common.has_limit() && !common.is_quiet() {
        let colon = if label.is_empty() { "" } else { ": " };
        say::line(format_args!(
            "flowagg: {label}{colon}{listed} of {all} {what} are listed; -n 0 lists all"
        ));
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

/// Says that there is no manifest without logs, if one is asked for.
pub fn without_logs(common: &Common) -> Option<Exit> {
    let is_asked = common.manifest().is_some() || common.has_checksums();
    is_asked.then(|| usage("a manifest is one of logs that were read; leave out --manifest"))
}

/// Says why there is no report.
fn failed(error: &Error) -> Exit {
    say::error(error);
    match error.kind() {
        flowagg::ErrorKind::Internal | flowagg::ErrorKind::Memory => Exit::Partial,
        _ => Exit::Usage,
    }
}

/// What was said.
struct Told {
    exit: Exit,
    message: Option<String>,
    output: Output,
}

fn tell(
    report: &Report,
    elapsed: Duration,
    common: &Common,
    written: Option<(Exit, Output)>,
    is_hashed: bool,
    render: impl FnOnce(&mut dyn Write, &Report) -> io::Result<()>,
) -> Told {
    let mut verdict = Verdict::of(report, common.is_strict());
    if written.is_some() && common.is_strict() && !verdict.is_answered {
        // Records leave as they are read, and cannot be taken back.
        verdict.message = Some("not all is well, which --strict does not take".to_owned());
    }
    let (written, output) = match (written, verdict.is_answered) {
        (Some(written), _) => written,
        (None, true) => write_hashed(is_hashed, |out| render(out, report)),
        (None, false) => (Exit::Whole, manifest::nothing()),
    };
    // What stands below explains the answer, or why there is none: then even if quiet.
    if !common.is_quiet() || !verdict.is_answered {
        tell_malformed(report);
    }
    for fault in &report.faults {
        say::error(account::fault(fault));
    }
    let ending = report.listing_fault().map(|error| format!("the list ends early: {error}"));
    if let Some(message) = &ending {
        say::error(message);
    }
    let written = if ending.is_some() { Exit::Partial } else { written };
    if let Some(message) = &verdict.message {
        say::error(message);
    }
    if !common.is_quiet() {
        if report.tally.lines == 0 && report.faults.is_empty() {
            say::warning("no lines were read");
        }
        say::line(format_args!("flowagg: {}", account::tally(report, elapsed)));
    }
    let exit = if verdict.exit == Exit::Whole { written } else { verdict.exit };
    Told { exit, message: verdict.message.or(ending), output }
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
    write_hashed(false, |out| write(out)).0
}

/// The same, and tells what was written: with its checksum, if `is_hashed`.
fn write_hashed(
    is_hashed: bool,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> (Exit, Output) {
    stop::begin_writing();
    let hash = is_hashed.then(Sha256::new);
    let tap = Tap { inner: io::stdout(), bytes: 0, hash };
    let mut out = BufWriter::with_capacity(OUTPUT_BYTES, tap);
    let result = write(&mut out).and_then(|()| out.flush());
    stop::written();
    // What could not be written is not tried again.
    let Tap { bytes, hash, .. } = out.into_parts().0;
    let sha256 = hash.map(manifest::hex).unwrap_or_default();
    let output = Output { bytes, sha256, is_cut: result.is_err() };
    let exit = match result {
        Ok(()) => Exit::Whole,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Whole,
        Err(error) => unwritten(error),
    };
    (exit, output)
}

/// Says why standard output did not take all of it.
pub fn unwritten(error: io::Error) -> Exit {
    say::error(format_args!("standard output: {}", Error::from(error)));
    Exit::Partial
}

/// Standard output, and what was written to it.
struct Tap<W> {
    inner: W,
    bytes: u64,
    hash: Option<Sha256>,
}

impl<W: Write> Write for Tap<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(text)?;
        self.bytes += count as u64;
        if let Some(hash) = &mut self.hash {
            hash.update(&text[..count]);
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
