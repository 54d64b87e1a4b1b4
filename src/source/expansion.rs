//! From what was named to the files that are read, and an account of those that are not.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use super::object::{self, Span, holds_no_logs, may_hold};
use super::{Input, Selection, Source, SourceKind};
use crate::error::{Error, ErrorKind};

/// The inputs that sources stand for, their sizes, and the paths that are none.
#[derive(Debug, Default)]
pub struct Expansion {
    /// In the order given, those of a folder in the order of their names.
    pub inputs: Vec<Input>,
    /// Bytes of the inputs that are files.
    pub bytes_total: u64,
    /// Paths that could not be looked at: the number of inputs before it, its name, and why.
    pub faults: Vec<(usize, String, Error)>,
    /// Files of folders that are not read.
    pub left_out: LeftOut,
}

/// Files of folders that are not read.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// How many are not selected.
    pub unselected: usize,
    /// How many by the time in their names hold no record that is asked for.
    pub skipped: usize,
    /// Those that hold no flow logs.
    pub passed_over: Vec<String>,
}

/// Finds the files that sources stand for, if records are asked for that start in `span`.
pub fn expand(sources: &[Source], selection: &Selection, span: Span) -> Expansion {
    let mut expansion = Expansion::default();
    let span = if selection.skips_by_name() { span } else { (None, None) };
    // Folders of which some files are not selected: how many, and the first one.
    let mut narrowed: Vec<(&PathBuf, usize, PathBuf)> = Vec::new();
    for Source(source) in sources {
        match source {
            SourceKind::Stdin => expansion.push(Input::Stdin, stdin_bytes()),
            SourceKind::Path(path) => match path.metadata() {
                Ok(metadata) if metadata.is_dir() => {
                    let before = expansion.left_out.unselected;
                    if let Some(first) = expansion.walk(path, selection, span) {
                        narrowed.push((path, expansion.left_out.unselected - before, first));
                    }
                }
                Ok(metadata) => expansion.push(Input::File(path.clone()), metadata.len()),
                Err(error) => expansion.fail(path, error.into()),
            },
        }
    }
    if expansion.inputs.is_empty() && expansion.left_out.skipped == 0 {
        for (folder, unselected, first) in narrowed {
            expansion.fail(folder, none_is_selected(unselected, &first));
        }
    }
    expansion
}

/// That nothing is left of a folder.
fn none_is_selected(files: usize, first: &Path) -> Error {
    let found = match files {
        1 => "has 1 file, which is not selected".to_owned(),
        _ => format!("has {files} files, and none of them is selected"),
    };
    let message = format!(
        "{found}; globs with a `/` are those of paths within the folder, others those of names; \
         a path is {}",
        first.display()
    );
    Error::new(ErrorKind::Selection, message)
}

fn stdin_bytes() -> u64 {
    let file = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata()).map_or(0, |metadata| metadata.len())
}

impl Expansion {
    fn push(&mut self, input: Input, bytes: u64) {
        self.inputs.push(input);
        self.bytes_total += bytes;
    }

    fn fail(&mut self, path: &Path, error: Error) {
        self.faults.push((self.inputs.len(), path.display().to_string(), error));
    }

    /// Adds the files of a folder; returns the first path in it that is not selected.
    fn walk(&mut self, folder: &Path, selection: &Selection, span: Span) -> Option<PathBuf> {
        let mut unselected = None;
        let is_timed = span != (None, None);
        let is_visible =
            |entry: &walkdir::DirEntry| entry.depth() == 0 || !name(entry).starts_with(b".");
        // Of one folder: by path is by name, and takes no names apart.
        let walk = walkdir::WalkDir::new(folder)
            .follow_links(true)
            .sort_by(|left, right| left.path().as_os_str().cmp(right.path().as_os_str()));
        let mut walk = walk.into_iter().filter_entry(is_visible);
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_owned();
                    self.fail(&path, reason(error));
                    continue;
                }
            };
            let is_folder = entry.file_type().is_dir();
            if entry.depth() > 0 && holds_no_logs(name(&entry), is_folder) {
                let end = if is_folder { "/" } else { "" };
                self.left_out.passed_over.push(format!("{}{end}", entry.path().display()));
                if is_folder {
                    walk.skip_current_dir();
                }
                continue;
            }
            if is_folder {
                continue;
            }
            if selection.is_narrow() {
                let within = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                if !selection.has(within) {
                    self.left_out.unselected += 1;
                    unselected.get_or_insert_with(|| within.to_owned());
                    continue;
                }
            }
            if is_timed && !may_hold(name(&entry), span) {
                self.left_out.skipped += 1;
                continue;
            }
            let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
            self.push(Input::File(entry.into_path()), bytes);
        }
        unselected
    }
}

impl Selection {
    /// From when on, by its name, a record of the newest object in folders may start, in seconds
    /// since 1970; none if no file is called as AWS calls its objects.
    ///
    /// A query [between](crate::QueryBuilder::between) this and no end reads the newest objects
    /// and skips the others. The newest record that it finds is the newest of all; only if it
    /// finds none, as when those are empty, all have to be asked.
    pub fn newest_from(&self, sources: &[Source]) -> Option<u64> {
        let Expansion { inputs, .. } = expand(sources, self, (None, None));
        let first = |input: &Input| match input {
            Input::File(path) => object::first(path.file_name()?.as_encoded_bytes()),
            Input::Stdin => None,
        };
        inputs.iter().filter_map(first).max()
    }
}

/// The name of an entry that is not the folder itself.
fn name(entry: &walkdir::DirEntry) -> &[u8] {
    let path = entry.path().as_os_str().as_encoded_bytes();
    &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..]
}

/// Why something could not be walked.
fn reason(error: walkdir::Error) -> Error {
    match error.loop_ancestor() {
        Some(ancestor) => {
            let message = format!("a link back to {}, not followed", ancestor.display());
            Error::new(ErrorKind::Io, message)
        }
        None => match error.into_io_error() {
            Some(error) => error.into(),
            None => Error::new(ErrorKind::Io, "cannot be walked"),
        },
    }
}
