//! Which lines are events: what rules and metric filters have in common.

use std::path::{Path, PathBuf};

use flowagg::{Engine, Layout, Report};

use super::answer;
use super::exit::Exit;
use super::files::{self, Asked, Entry};
use super::options::{Common, EventOptions, LineFormat};
use super::say;

/// What cannot be asked for together: `asked` are the files of rules or filters, which are
/// called `word`s.
pub fn contradiction(
    word: &str,
    asked: &[PathBuf],
    options: &EventOptions,
    paths: &[PathBuf],
    has_period: bool,
    common: &Common,
) -> Option<String> {
    let dashes = asked.iter().filter(|path| is_dash(path)).count();
    if dashes > 1 || dashes == 1 && reads_stdin(paths) {
        return Some(format!(
            "`-` (standard input) is a {word} and something else too; it can be read once, name \
             files for the others"
        ));
    }
    if is_clf(options) && (has_period || common.has_times()) {
        return Some(
            "with --format clf events have no time; leave out --period, --start, --end and --last"
                .to_owned(),
        );
    }
    if is_clf(options) && !common.expressions().is_empty() {
        let text = "with --format clf columns have no names; leave out --where";
        return Some(text.to_owned());
    }
    (is_clf(options) && options.by_name)
        .then(|| "with --format clf columns have no names; leave out --by-name".to_owned())
}

/// Why records cannot be chosen for `option`, which looks at none, if any are.
pub fn idle(option: &str, common: &Common) -> Option<String> {
    (common.has_times() || !common.expressions().is_empty()).then(|| {
        format!("{option} looks at no records; leave out --where, --start, --end and --last")
    })
}

/// Whether standard input is among the logs.
pub fn reads_stdin(paths: &[PathBuf]) -> bool {
    paths.is_empty() || paths.iter().any(|path| is_dash(path))
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

/// Says where a rule or filter calls a column what another one is: `misplaced` tells it of a
/// layout.
pub fn warn_of_misplaced<T>(
    asked: &[Asked<T>],
    report: &Report,
    misplaced: impl Fn(&T, &Layout) -> Vec<String>,
) {
    for (input, layout) in &report.layouts {
        let input = input.escape_debug();
        for Asked { label, checked, .. } in asked {
            for sentence in misplaced(checked, layout) {
                say::warning(format_args!("{label}: in {input} {sentence}; try --by-name"));
            }
        }
    }
}

/// Says of each rule or filter whether it is valid.
pub fn check<T>(entries: &[Entry<T>], warnings: impl Fn(&T) -> &[String], common: &Common) -> Exit {
    if let Some(exit) = answer::without_logs(common) {
        return exit;
    }
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
