//! The rules that paths on the command line stand for.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flowagg::dialect::{InsightRule, NamedRule, RuleFile};
use flowagg::{Error, ErrorKind};

use super::input;

/// A file longer than this holds no rules: CloudFormation takes templates of 1 MiB, and
/// an account of a thousand rules of 8,192 characters is not seen.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// A rule that is valid.
pub struct Asked {
    /// Its name, for answers.
    pub name: String,
    /// Its file and its name, for messages.
    pub label: String,
    /// The rule.
    pub rule: InsightRule,
}

/// A rule, or a file that is none.
pub struct Entry {
    /// The rule's name, for answers.
    pub name: String,
    /// Its file and its name, for messages.
    pub label: String,
    /// The rule, or what is wrong with it.
    pub rule: Result<InsightRule, Error>,
    /// What may surprise, with the label.
    pub notes: Vec<String>,
}

/// All rules of the paths, in order; folders stand for the files `*.json` in them. Every rule is
/// read, whatever is wrong with others.
pub fn load(
    paths: &[PathBuf],
    read: impl Fn(&NamedRule) -> Result<InsightRule, Error>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for path in paths {
        match files(path) {
            Ok(files) => files.iter().for_each(|file| add(&mut entries, file, &read)),
            Err(error) => entries.push(Entry::failed(path, error)),
        }
    }
    entries
}

/// Gives rules of the same name another one, with their files.
pub fn tell_apart(rules: &mut [Asked]) {
    let names: Vec<String> = rules.iter().map(|asked| asked.name.clone()).collect();
    for asked in rules {
        if names.iter().filter(|name| **name == asked.name).count() > 1 {
            asked.name.clone_from(&asked.label);
        }
    }
}

impl Entry {
    fn failed(path: &Path, error: Error) -> Self {
        let label = shown(path);
        Self { name: label.clone(), label, rule: Err(error), notes: Vec::new() }
    }
}

fn add(
    entries: &mut Vec<Entry>,
    path: &Path,
    read: impl Fn(&NamedRule) -> Result<InsightRule, Error>,
) {
    let stem = match is_stdin(path) {
        true => "rule".to_owned(),
        false => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let file = match bytes(path).and_then(|text| RuleFile::read(&text, &stem)) {
        Ok(file) => file,
        Err(error) => return entries.push(Entry::failed(path, error)),
    };
    let mut notes = file.notes.iter().map(|note| format!("{}: {note}", shown(path))).collect();
    for rule in &file.rules {
        let label = match rule.is_alone() {
            true => shown(path),
            false => format!("{}: {}", shown(path), rule.name().escape_debug()),
        };
        let name = rule.name().to_owned();
        entries.push(Entry { name, label, rule: read(rule), notes: std::mem::take(&mut notes) });
    }
}

/// The file itself, or the files of a folder by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if is_stdin(path) || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        if !is_hidden && file.extension() == Some(OsStr::new("json")) && !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(Error::new(
            ErrorKind::Rule,
            "a folder without rules, expected files *.json; the first argument is a rule, logs \
             come after it",
        )),
        false => Ok(files),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    match is_stdin(path) {
        true => io::stdin().take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?,
        false => File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?,
    };
    match text.len() as u64 > FILE_BYTES_MAX {
        true => Err(Error::new(ErrorKind::Rule, "longer than 8 MiB, which no file of rules is")),
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
