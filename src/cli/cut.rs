//! `flowagg cut`: records out again.

use std::io::Write;
use std::path::PathBuf;

use flowagg::dialect::fields;
use flowagg::render::records::ParquetRecords;
use flowagg::{Cut, CutStyle, Cutting, Engine, Error, Field, Form, Query, Scope, Source};

use super::answer::{self, usage};
use super::considered::Considered;
use super::exit::Exit;
use super::options::{Common, CutOptions, Format, LineFormat};
use super::terminal::Visible;
use super::{events, explain, say, terminal, words, written};

/// Writes the records of the paths.
pub fn run(options: &CutOptions, common: &Common) -> Exit {
    let option = options.fields.as_deref().map(|typed| ("--fields", typed));
    let (fields, paths) = match words::split(option, &options.arguments, fields) {
        Ok(split) => split,
        Err(message) => return usage(message),
    };
    if !common.is_quiet() {
        words::hint(&options.arguments, paths).iter().for_each(say::warning);
    }
    let format = match format(options.format.as_ref(), common) {
        Ok(format) => format,
        Err(message) => return usage(message),
    };
    let query = match Query::builder().scope(Scope::All).build() {
        Ok(query) => query,
        Err(error) => return usage(error),
    };
    let considered = match Considered::new([Form::Records], options.format.as_ref(), paths, common)
    {
        Ok(considered) => considered,
        Err(message) => return usage(message),
    };
    let cut = match Cut::new(query.clone()) {
        Ok(cut) => shaped(cut, fields, format, common),
        Err(error) => return usage(error),
    };
    if common.explains() {
        return explain::run(&considered, options.format.as_ref(), paths, common, |logs| {
            Ok(flowagg::explain::cut(&cut, logs))
        });
    }
    let cut = match considered.narrow(query.to_builder()).build().map(|query| cut.of(query)) {
        Ok(cut) => cut,
        Err(error) => return usage(error),
    };
    let engine = events::engine(options.format.as_ref());
    let pass = Pass { cut: &cut, others: &[], format };
    write(engine, &pass, paths, common, |_| (), |exit| exit)
}

/// The format, if records can be written so.
pub fn format(line_format: Option<&LineFormat>, common: &Common) -> Result<Format, String> {
    if line_format == Some(&LineFormat::Clf) {
        return Err("with --format clf lines are any words, and cut is for records; type their \
                    layout, such as --format v5, or leave it out"
            .to_owned());
    }
    if !common.output.columns().is_empty() {
        return Err("--columns: name the fields before the paths, as `flowagg cut srcaddr,bytes`"
            .to_owned());
    }
    match common.output.typed().unwrap_or(Format::Text) {
        Format::Table | Format::Markdown => Err("records are no table for people; type -o text, \
                                                 csv, tsv, json, ndjson or parquet"
            .to_owned()),
        Format::Parquet if !cfg!(feature = "parquet") => {
            Err("this build does not write Parquet; build flowagg with --features parquet"
                .to_owned())
        }
        Format::Parquet if terminal::is_terminal() => {
            Err("Parquet is for files, not for a terminal; type `> FILE` too".to_owned())
        }
        format => Ok(format),
    }
}

/// The cut as it was asked for.
pub fn shaped(cut: Cut, fields: Option<Vec<Field>>, format: Format, common: &Common) -> Cut {
    let style = match format {
        Format::Csv => CutStyle::Csv,
        Format::Tsv => CutStyle::Tsv,
        Format::Json => CutStyle::Json,
        Format::Ndjson => CutStyle::Ndjson,
        Format::Text | Format::Table | Format::Markdown | Format::Parquet => CutStyle::Text,
    };
    // A Parquet file is made of lines that have a header.
    let is_parquet = format == Format::Parquet;
    let has_header = common.output.has_header() || is_parquet;
    let cut = cut.style(style).header(has_header).csv_safe(common.output.is_csv_safe());
    let cut = match (fields, is_parquet) {
        (Some(fields), _) => cut.columns(fields),
        (None, true) => cut.all_columns(),
        (None, false) => cut,
    };
    match common.top_or(0) {
        0 => cut,
        records => cut.limit(records as u64),
    }
}

/// What is asked in a pass that writes records.
pub struct Pass<'a> {
    /// Which records.
    pub cut: &'a Cut,
    /// What else.
    pub others: &'a [Query],
    /// What they are written as.
    pub format: Format,
}

/// Writes the records of a cut to standard output as they are read, and tells the rest. `look`
/// sees what became of it, and `conclude` says how the program ends.
pub fn write(
    engine: Engine,
    pass: &Pass<'_>,
    paths: &[PathBuf],
    common: &Common,
    look: impl Fn(&Cutting),
    conclude: impl Fn(Exit) -> Exit,
) -> Exit {
    let &Pass { cut, others, format } = pass;
    let is_parquet = format == Format::Parquet;
    let is_obeyed = written::is_obeyed(format);
    let ask = |engine: &Engine, sources: &[Source], out: &mut (dyn Write + Send)| {
        let cutting = match (is_parquet, is_obeyed) {
            (true, _) => parquet(engine, pass, sources, out),
            (false, true) => engine.cut(cut, others, sources, &mut Visible::new(out)),
            (false, false) => engine.cut(cut, others, sources, out),
        }?;
        look(&cutting);
        Ok((cutting.report, cutting.result))
    };
    // Progress and records would share the terminal.
    let is_calm = common.is_quiet() || terminal::is_terminal();
    answer::run_writing(engine, ask, paths, common, is_calm, conclude)
}

fn parquet(
    engine: &Engine,
    pass: &Pass<'_>,
    sources: &[Source],
    out: &mut (dyn Write + Send),
) -> Result<Cutting, Error> {
    let mut records = ParquetRecords::new(out);
    let mut cutting = engine.cut(pass.cut, pass.others, sources, &mut records)?;
    let report = &cutting.report;
    let is_read = report.tally.lines > 0 || report.faults.is_empty();
    if cutting.result.is_ok() && is_read {
        cutting.result = records.finish();
    }
    Ok(cutting)
}
