//! `flowagg find`: where addresses occur.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flowagg::dialect::values_in;
use flowagg::find::{Find, Finding};
use flowagg::render::find::{columns, sheets};
use flowagg::{Cut, Cutting, Error, Form, Prefix, Query};

use super::answer::{self, usage};
use super::considered::Considered;
use super::exit::Exit;
use super::options::{Common, FindOptions, Format, LineFormat};
use super::{cut, events, explain, input, manifest, say, written};

/// The most bytes of a list of addresses.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The most addresses that are named which were not found.
const NAMED_MAX: usize = 10;

/// Looks for the addresses.
pub fn run(options: &FindOptions, common: &Common) -> Exit {
    if options.format == Some(LineFormat::Clf) {
        return usage("find is for flow logs; type their layout, such as --format v5");
    }
    let is_target = |path: &&PathBuf| {
        let text = path.to_string_lossy();
        text.starts_with('@') || Prefix::parse(&text).is_some()
    };
    let count = options.arguments.iter().take_while(is_target).count();
    let (targets, paths) = options.arguments.split_at(count);
    let targets = match targets_of(targets, common) {
        Ok(targets) if targets.is_empty() && count == 0 => {
            let first = input::shown(&options.arguments[0]);
            return usage(format!(
                "{first} is no address, expected one such as 203.0.113.7, a prefix such as \
                 10.0.0.0/8 or @FILE before the paths"
            ));
        }
        Ok(targets) => targets,
        Err(message) => return usage(message),
    };
    let find = match Find::new(&targets) {
        Ok(find) => find,
        Err(error) => return usage(error),
    };
    if let Some(path) = paths.iter().find(|path| is_mistyped(path)) {
        return usage(format!(
            "{} is no address and no file, expected an address such as 203.0.113.7, a prefix such \
             as 10.0.0.0/8, or a path",
            input::shown(path)
        ));
    }
    let considered = Considered::new([Form::Records], options.format.as_ref(), paths, common);
    let considered = match considered {
        Ok(considered) => considered,
        Err(message) => return usage(message),
    };
    if common.explains() && !options.records {
        let format = options.format.as_ref();
        return explain::run(&considered, format, paths, common, |logs| {
            flowagg::explain::find(&find, logs)
        });
    }
    let exit = match options.records {
        true => records(&find, &considered, options, paths, common),
        false => findings(&find, &considered, options, paths, common),
    };
    exit.unwrap_or_else(usage)
}

/// Whether a path was meant for an address: there is no such file, and nothing but digits and what
/// stands between them is in its name.
fn is_mistyped(path: &Path) -> bool {
    let text = path.as_os_str().as_encoded_bytes();
    let is_of_address = |byte: &u8| byte.is_ascii_hexdigit() || b".:/".contains(byte);
    let is_joined = text.iter().filter(|byte| b".:".contains(byte)).count() > 1;
    is_joined && text.iter().all(is_of_address) && path.symlink_metadata().is_err()
}

/// The addresses that were typed, and those of files.
fn targets_of(typed: &[PathBuf], common: &Common) -> Result<Vec<String>, String> {
    let mut targets = Vec::new();
    for target in typed {
        let text = target.to_string_lossy();
        let Some(name) = text.strip_prefix('@') else {
            targets.push(text.into_owned());
            continue;
        };
        let path = Path::new(name);
        let name = input::shown(path);
        let file = read(path).map_err(|error| format!("@{name}: {error}"))?;
        manifest::asked_with(path, &file, common);
        let words = values_in(&file).map_err(|error| format!("@{name}: {error}"))?;
        for (number, word) in words {
            let word = String::from_utf8_lossy(word);
            if Prefix::parse(&word).is_none() {
                return Err(format!(
                    "@{name}: line {number}: \"{}\" is no address, expected one such as \
                     203.0.113.7 or 2001:db8::/32",
                    word.escape_debug()
                ));
            }
            targets.push(word.into_owned());
        }
        if targets.is_empty() {
            return Err(format!("@{name}: no address is in there"));
        }
    }
    Ok(targets)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| Error::from(error).to_string())?;
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::from(error).to_string())?;
    match bytes.len() as u64 > FILE_BYTES_MAX {
        true => Err("longer than 64 MiB, which no list of addresses is".to_owned()),
        false => Ok(bytes),
    }
}

/// As grep has it: a fault is worse than finding nothing.
fn conclude(exit: Exit, is_found: bool) -> Exit {
    match (exit, is_found) {
        (Exit::Whole, true) => Exit::Whole,
        (Exit::Whole, false) => Exit::Missing,
        (_, _) => Exit::Usage,
    }
}

/// Tells what was found of each.
fn findings(
    find: &Find,
    considered: &Considered,
    options: &FindOptions,
    paths: &[PathBuf],
    common: &Common,
) -> Result<Exit, String> {
    let format = common.output.format();
    written::check(&[columns(format.into())], &[], &common.output)?;
    let told = |error: Error| error.to_string();
    let queries = find.queries().map_err(told)?;
    let queries = considered.narrow_all(&queries).map_err(told)?;
    let engine = events::engine(options.format.as_ref());
    let found = Cell::new(false);
    let render = |out: &mut dyn std::io::Write, report: &flowagg::Report| {
        let findings = find.findings(report);
        found.set(findings.iter().any(Finding::is_found));
        if !common.is_quiet() {
            let missing = findings.iter().filter(|finding| !finding.is_found());
            tell_missing(missing.map(|finding| finding.target.as_str()));
        }
        written::write(out, sheets(&findings, format.into()), &common.output)
    };
    let conclude = |exit| conclude(exit, found.get());
    Ok(answer::run_to(engine, &queries, paths, common, render, conclude))
}

/// Says what was not found.
fn tell_missing<'t>(missing: impl Iterator<Item = &'t str> + Clone) {
    let count = missing.clone().count();
    if count == 0 {
        return;
    }
    let named: Vec<&str> = missing.take(NAMED_MAX).collect();
    let more = if count > NAMED_MAX { ", ..." } else { "" };
    say::line(format_args!("flowagg: {count} not found: {}{more}", named.join(", ")));
}

/// Writes the records in which any of them occurs.
fn records(
    find: &Find,
    considered: &Considered,
    options: &FindOptions,
    paths: &[PathBuf],
    common: &Common,
) -> Result<Exit, String> {
    let told = |error: Error| error.to_string();
    let format = cut::format(options.format.as_ref(), common)?;
    let query = considered.narrow(Query::builder()).and_where(&find.expression().map_err(told)?);
    let cut = Cut::new(query.build().map_err(told)?).map_err(told)?;
    let cut = cut::shaped(cut, None, format, common);
    // As grep prints lines, without what stands above them, as long as they are read as they are.
    let is_lean = format == Format::Text && common.output.has_header();
    let cut = if is_lean { cut.header_where_needed() } else { cut };
    if common.explains() {
        let format = options.format.as_ref();
        return Ok(explain::run(considered, format, paths, common, |logs| {
            // What is told of the cut is the search's.
            let all = Cut::new(Query::builder().build()?)?;
            let all = match common.top_or(0) {
                0 => all,
                records => all.limit(records as u64),
            };
            flowagg::explain::found_records(find, &all, logs)
        }));
    }
    let others = match common.is_quiet() {
        true => Vec::new(),
        false => considered.narrow_all(&find.presence().map_err(told)?).map_err(told)?,
    };
    let (found, missing) = (Cell::new(false), RefCell::new(Vec::new()));
    let look = |cutting: &Cutting| {
        found.set(cutting.records > 0);
        // What comes after the last record that is wanted is not read.
        if !cutting.is_stopped && !common.is_quiet() {
            missing.replace(find.missing(cutting.records, &cutting.report.answers[1..]));
        }
    };
    let conclude = |exit| {
        // Once: a manifest that cannot be written is another end.
        tell_missing(missing.take().into_iter());
        conclude(exit, found.get())
    };
    let engine = events::engine(options.format.as_ref());
    let pass = cut::Pass { cut: &cut, others: &others, format };
    Ok(cut::write(engine, &pass, paths, common, look, conclude))
}
