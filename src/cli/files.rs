//! The rules or metric filters that paths on the command line stand for.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flowagg::dialect::{FilterFile, NamedFilter, NamedRule, RuleFile};
use flowagg::{Error, ErrorKind};

use super::options::Common;
use super::{input, manifest, say};

/// A file longer than this holds no rules and no filters: CloudFormation takes templates of
/// 1 MiB, and an account of a thousand rules of 8,192 characters is not seen.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// A file of what can be asked: of rules, or of metric filters.
pub trait Asking: Sized {
    /// A rule or filter with its name, not yet checked.
    type Named;
    /// What one is called.
    const WORD: &'static str;
    /// What a broken file is.
    const KIND: ErrorKind;
    /// What to say of a file that does not begin like JSON, such as a log.
    const NO_JSON: &'static str;
    /// What to say of a folder without files of JSON.
    const EMPTY_FOLDER: &'static str;
    /// What to say of a folder in which all files are of the other kind.
    const OTHER_FOLDER: &'static str;

    /// What is in a text, and what may surprise; `name` is for those without one.
    fn read(text: &[u8], name: &str) -> Result<(Vec<Self::Named>, Vec<String>), Error>;
    /// Whether a text holds the other kind only.
    fn is_other(text: &[u8]) -> bool;
    /// Its name in CloudWatch, or that of its file.
    fn name(named: &Self::Named) -> &str;
    /// Whether it is its file.
    fn is_alone(named: &Self::Named) -> bool;
}

impl Asking for RuleFile {
    type Named = NamedRule;
    const WORD: &'static str = "rule";
    const KIND: ErrorKind = ErrorKind::Rule;
    const NO_JSON: &'static str = "no JSON, expected a rule; logs come after it, as in \
                                   `flowagg rule RULE.json LOGS...`";
    const EMPTY_FOLDER: &'static str = "a folder without rules, expected files *.json; the first \
                                        argument is a rule, logs come after it";
    const OTHER_FOLDER: &'static str =
        "a folder of metric filters and no rules; type `flowagg metric --filter FOLDER`";

    fn read(text: &[u8], name: &str) -> Result<(Vec<NamedRule>, Vec<String>), Error> {
        Self::read(text, name).map(|file| (file.rules, file.notes))
    }

    fn is_other(text: &[u8]) -> bool {
        FilterFile::has_filters(text) && !Self::has_rules(text)
    }

    fn name(named: &NamedRule) -> &str {
        named.name()
    }

    fn is_alone(named: &NamedRule) -> bool {
        named.is_alone()
    }
}

impl Asking for FilterFile {
    type Named = NamedFilter;
    const WORD: &'static str = "filter";
    const KIND: ErrorKind = ErrorKind::Filter;
    const NO_JSON: &'static str = "no JSON, expected a metric filter; logs come without an \
                                   option, as in `flowagg metric --filter FILTER.json LOGS...`";
    const EMPTY_FOLDER: &'static str = "a folder without metric filters, expected files *.json";
    const OTHER_FOLDER: &'static str =
        "a folder of rules and no metric filters; type `flowagg rule FOLDER`";

    fn read(text: &[u8], name: &str) -> Result<(Vec<NamedFilter>, Vec<String>), Error> {
        Self::read(text, name).map(|file| (file.filters, file.notes))
    }

    fn is_other(text: &[u8]) -> bool {
        RuleFile::has_rules(text) && !Self::has_filters(text)
    }

    fn name(named: &NamedFilter) -> &str {
        named.name()
    }

    fn is_alone(named: &NamedFilter) -> bool {
        named.is_alone()
    }
}

/// A rule or filter that is valid.
pub struct Asked<T> {
    /// Its name, for answers.
    pub name: String,
    /// Its file and its name, for messages.
    pub label: String,
    /// The rule or filter.
    pub checked: T,
}

/// A rule or filter, or a file that holds none.
pub struct Entry<T> {
    /// Its name, for answers.
    pub name: String,
    /// Its file and its name, for messages.
    pub label: String,
    /// The rule or filter, or what is wrong with it.
    pub checked: Result<T, Error>,
    /// What may surprise, with the label.
    pub notes: Vec<String>,
}

/// All rules or all filters of the paths, in order; folders stand for the files `*.json` in them,
/// but for those of the other kind. Each is read, whatever is wrong with others.
pub fn load<F: Asking, T>(
    paths: &[PathBuf],
    read: impl Fn(&F::Named) -> Result<T, Error>,
) -> Vec<Entry<T>> {
    let mut entries = Vec::new();
    for path in paths {
        match files::<F>(path) {
            Ok(files) => files.iter().for_each(|file| add::<F, T>(&mut entries, file, &read)),
            Err(error) => entries.push(Entry::failed(path, error)),
        }
    }
    entries
}

/// Says what is wrong with each, and what may surprise. All of them, if nothing is wrong.
pub fn told<T>(
    entries: Vec<Entry<T>>,
    warnings: impl Fn(&T) -> &[String],
    common: &Common,
) -> Option<Vec<Asked<T>>> {
    let mut is_valid = true;
    let mut asked = Vec::new();
    for Entry { name, label, checked, notes } in entries {
        if !common.is_quiet() {
            notes.iter().for_each(say::warning);
        }
        match checked {
            Ok(checked) => {
                warn(&label, warnings(&checked), common);
                asked.push(Asked { name, label, checked });
            }
            Err(error) => {
                is_valid = false;
                // One line for each thing that is wrong.
                for line in error.to_string().lines() {
                    say::error(format_args!("{label}: {line}"));
                }
            }
        }
    }
    tell_apart(&mut asked);
    is_valid.then_some(asked)
}

/// Says what may surprise.
pub fn warn(label: &str, warnings: &[String], common: &Common) {
    if !common.is_quiet() {
        for warning in warnings {
            say::warning(format_args!("{label}: {warning}"));
        }
    }
}

/// Gives those of the same name another one, with their files.
fn tell_apart<T>(all: &mut [Asked<T>]) {
    let names: Vec<String> = all.iter().map(|asked| asked.name.clone()).collect();
    for asked in all {
        if names.iter().filter(|name| **name == asked.name).count() > 1 {
            asked.name.clone_from(&asked.label);
        }
    }
}

impl<T> Entry<T> {
    fn failed(path: &Path, error: Error) -> Self {
        let label = shown(path);
        Self { name: label.clone(), label, checked: Err(error), notes: Vec::new() }
    }
}

fn add<F: Asking, T>(
    entries: &mut Vec<Entry<T>>,
    path: &Path,
    read: impl Fn(&F::Named) -> Result<T, Error>,
) {
    let stem = match is_stdin(path) {
        true => F::WORD.to_owned(),
        false => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let read_file = || {
        let text = bytes::<F>(path)?;
        manifest::asked(path, &text);
        F::read(&text, &stem).map_err(|error| match begins_like_json(&text) {
            false if error.to_string().starts_with(NOT_JSON) => Error::new(F::KIND, F::NO_JSON),
            _ => error,
        })
    };
    let (all, notes) = match read_file() {
        Ok(read) => read,
        Err(error) => return entries.push(Entry::failed(path, error)),
    };
    let mut notes = notes.iter().map(|note| format!("{}: {note}", shown(path))).collect();
    for named in &all {
        let label = match F::is_alone(named) {
            true => shown(path),
            false => format!("{}: {}", shown(path), F::name(named).escape_debug()),
        };
        let name = F::name(named).to_owned();
        let notes = std::mem::take(&mut notes);
        entries.push(Entry { name, label, checked: read(named), notes });
    }
}

/// How errors begin that tell where a text stops being JSON.
const NOT_JSON: &str = "$: not JSON";

/// Whether a text begins as rules and filters do, which are objects, lists or texts of these.
fn begins_like_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'))
}

/// The file itself, or the files of a folder by name, without those of the other kind.
fn files<F: Asking>(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if is_stdin(path) || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut others = 0;
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        if is_hidden || file.extension() != Some(OsStr::new("json")) || file.is_dir() {
            continue;
        }
        match bytes::<F>(&file).is_ok_and(|text| F::is_other(&text)) {
            true => others += 1,
            false => files.push(file),
        }
    }
    files.sort();
    match (files.is_empty(), others) {
        (true, 0) => Err(Error::new(F::KIND, F::EMPTY_FOLDER)),
        (true, _) => Err(Error::new(F::KIND, F::OTHER_FOLDER)),
        (false, _) => Ok(files),
    }
}

fn bytes<F: Asking>(path: &Path) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    match is_stdin(path) {
        true => io::stdin().take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?,
        false => File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?,
    };
    match text.len() as u64 > FILE_BYTES_MAX {
        true => {
            let text = format!("longer than 8 MiB, which no file of {}s is", F::WORD);
            Err(Error::new(F::KIND, text))
        }
        false => Ok(text),
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A path as messages show it.
fn shown(path: &Path) -> String {
    match is_stdin(path) {
        true => "standard input".to_owned(),
        false => input::shown(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels<T>(entries: &[Entry<T>]) -> Vec<&str> {
        entries.iter().map(|entry| entry.label.as_str()).collect()
    }

    fn paths(paths: &[&str]) -> Vec<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_folder_holds_rules_and_filters() {
        let filters = load::<FilterFile, _>(&paths(&["rules"]), NamedFilter::check);
        let expected = ["rules/accept_bytes_filter.json", "rules/reject_bytes_filter.json"];
        assert_eq!(labels(&filters), expected);
        let names: Vec<&str> = filters.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["accepted-bytes", "rejected-bytes"]);
        for entry in &filters {
            assert!(entry.notes.is_empty());
            let filter = entry.checked.as_ref().unwrap();
            assert!(filter.warnings().is_empty(), "{:?}", filter.warnings());
        }
        let rules = load::<RuleFile, _>(&paths(&["rules"]), NamedRule::check);
        assert_eq!(rules.len(), 6);
        assert!(rules.iter().all(|entry| entry.checked.is_ok()));
        assert!(!labels(&rules).iter().any(|label| label.contains("filter")));
    }

    #[test]
    fn a_file_of_the_other_kind_is_an_error() {
        let paths = paths(&["rules/top_srcaddr_rule.json", "src", "no-such-file"]);
        let entries = load::<FilterFile, _>(&paths, NamedFilter::parse);
        let error = |at: usize| entries[at].checked.as_ref().unwrap_err().to_string();
        assert_eq!(error(0), "$: a rule and no metric filter; type `flowagg rule FILE`");
        assert_eq!(error(1), "a folder without metric filters, expected files *.json");
        assert_eq!(entries[2].label, "no-such-file");
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn a_log_in_place_of_a_rule_is_told() {
        let paths = paths(&["testdata/sample.log"]);
        let entries = load::<RuleFile, _>(&paths, NamedRule::parse);
        let error = entries[0].checked.as_ref().unwrap_err().to_string();
        assert_eq!(error, RuleFile::NO_JSON);
        let entries = load::<FilterFile, _>(&paths, NamedFilter::parse);
        let error = entries[0].checked.as_ref().unwrap_err().to_string();
        assert_eq!(error, FilterFile::NO_JSON);
    }

    #[test]
    fn equal_names_are_told_apart() {
        let asked = |name: &str, label: &str| Asked {
            name: name.to_owned(),
            label: label.to_owned(),
            checked: (),
        };
        let mut all = [asked("a", "x: a"), asked("b", "x: b"), asked("a", "y: a")];
        tell_apart(&mut all);
        assert_eq!(all.each_ref().map(|asked| asked.name.as_str()), ["x: a", "b", "y: a"]);
    }
}
