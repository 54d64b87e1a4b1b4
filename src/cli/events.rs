//! Which events count, and when: what rules and metric filters have in common.

use std::path::{Path, PathBuf};

use flowagg::{Engine, Error, Field, Form, Layout, Measure, Query, Report, Scope};

use super::answer;
use super::exit::Exit;
use super::files::{self, Asked, Entry};
use super::options::{Common, EventOptions, LineFormat};
use super::when::When;
use super::{input, say};

/// The first second that counts, and the first that does not any more.
pub type Span = (Option<u64>, Option<u64>);

/// What cannot be asked for together: `asked` are the files of rules or filters, which are
/// called `word`s.
pub fn contradiction(
    word: &str,
    asked: &[PathBuf],
    options: &EventOptions,
    paths: &[PathBuf],
    has_period: bool,
) -> Option<String> {
    let dashes = asked.iter().filter(|path| is_dash(path)).count();
    let reads_stdin = paths.is_empty() || paths.iter().any(|path| is_dash(path));
    if dashes > 1 || dashes == 1 && reads_stdin {
        return Some(format!(
            "`-` (standard input) is a {word} and something else too; it can be read once, name \
             files for the others"
        ));
    }
    let is_timed = has_period || options.start.is_some() || options.end.is_some();
    if is_clf(options) && is_timed {
        let text = "with --format clf events have no time; leave out --period, --start and --end";
        return Some(text.to_owned());
    }
    if is_clf(options) && options.by_name {
        let text = "with --format clf columns have no names; leave out --by-name";
        return Some(text.to_owned());
    }
    let is_back = [options.start, options.end].iter().any(|w| matches!(w, Some(When::Back(_))));
    (is_back && reads_stdin).then(|| {
        "a time back from the newest record takes two passes, and standard input can be read \
         once; type a date, or name files"
            .to_owned()
    })
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether lines are words of any log.
pub fn is_clf(options: &EventOptions) -> bool {
    options.format == Some(LineFormat::Clf)
}

/// An engine for lines of this format.
pub fn engine(format: Option<&LineFormat>) -> Engine {
    match format {
        None | Some(LineFormat::Flow) => Engine::new(),
        Some(LineFormat::Clf) => Engine::new().tokens(true),
        Some(LineFormat::Layout(layout)) => Engine::new().layout(layout.clone()),
    }
}

/// The times that events of these forms have to lie in.
pub fn span(
    forms: impl IntoIterator<Item = Form>,
    options: &EventOptions,
    paths: &[PathBuf],
    common: &Common,
) -> Result<Span, String> {
    let whens = [options.start, options.end];
    let newest = match whens.iter().any(|when| matches!(when, Some(When::Back(_)))) {
        true => newest(forms, options, paths, common)?,
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
fn newest(
    forms: impl IntoIterator<Item = Form>,
    options: &EventOptions,
    paths: &[PathBuf],
    common: &Common,
) -> Result<u64, String> {
    let mut distinct: Vec<Form> = Vec::new();
    for form in forms {
        if !distinct.contains(&form) {
            distinct.push(form);
        }
    }
    let told = |error: Error| error.to_string();
    let (sources, selection) = (input::sources(paths)?, common.selection()?);
    let from = selection.newest_from(&sources);
    let engine = answer::limited(engine(options.format.as_ref()), common)?;
    let engine = engine.threads(common.threads()).select(selection);
    let newest = |from: Option<u64>| {
        let query = |&form: &Form| {
            let start = Measure::Max(Field::Start.into());
            Query::builder().form(form).scope(Scope::All).measure(start).between(from, None).build()
        };
        let queries: Vec<Query> =
            distinct.iter().map(query).collect::<Result<_, _>>().map_err(told)?;
        let report = engine.run_all(&queries, &sources).map_err(told)?;
        let newest = report.answers.iter().filter_map(|answer| answer.total()?.whole()).max();
        Ok::<_, String>(newest.and_then(|newest| newest.try_into().ok()))
    };
    // The newest objects say it, if there is anything in them.
    let found = match from {
        Some(_) => newest(from)?,
        None => None,
    };
    Ok(found.map_or_else(|| newest(None), |found| Ok(Some(found)))?.unwrap_or(0))
}

/// Says where a rule or filter calls a column what another one is: `misplaced` tells it of a
/// layout.
pub fn warn_of_misplaced<T>(
    asked: &[Asked<T>],
    report: &Report,
    misplaced: impl Fn(&T, &Layout) -> Vec<String>,
) {
    for (input, layout) in &report.layouts {
        for Asked { label, checked, .. } in asked {
            for sentence in misplaced(checked, layout) {
                say::warning(format_args!("{label}: in {input} {sentence}; try --by-name"));
            }
        }
    }
}

/// Says of each rule or filter whether it is valid.
pub fn check<T>(entries: &[Entry<T>], warnings: impl Fn(&T) -> &[String], common: &Common) -> Exit {
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
        if let Ok(checked) = checked {
            files::warn(label, warnings(checked), common);
        }
    }
    match entries.iter().all(|entry| entry.checked.is_ok()) {
        true => written,
        false => Exit::Partial,
    }
}
