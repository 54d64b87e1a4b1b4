//! `--manifest`: kept while the run goes on, written when it ends.
//!
//! A manifest is written to a temporary name beside its own and then renamed, so that a file of
//! its name is a whole one, and of a run that came to its end.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowagg::render::manifest::{self, Checksum, Output, Question};
use flowagg::{Error, ErrorKind, Fault, FileAccount, Report, Stamp};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::exit::Exit;
use super::options::Common;
use super::{input, stop};

/// Bytes of a file that are read at once for its checksum.
const READ_BYTES: usize = 1 << 20;

/// What is said of a file that is not the one any more that was answered from.
const CHANGED: &str = "changed while it was read";

/// The files of rules, filters, addresses and names that were read.
static QUESTIONS: Mutex<Vec<Question>> = Mutex::new(Vec::new());

/// Notes the content of a file of rules or filters: the answer hangs on it as on the logs.
pub fn asked(path: &Path, text: &[u8]) {
    let sha256 = hex(Sha256::new_with_prefix(text));
    let question = Question { path: path.to_owned(), bytes: text.len() as u64, sha256 };
    QUESTIONS.lock().unwrap_or_else(PoisonError::into_inner).push(question);
}

/// The same of a file of addresses or names, which may be large: only for a manifest.
pub fn asked_with(path: &Path, bytes: &[u8], common: &Common) {
    if common.manifest().is_some() {
        asked(path, bytes);
    }
}

/// A manifest that is to be written.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    checksums: Option<Vec<Checksum>>,
    started: SystemTime,
}

/// How a run ended.
#[derive(Debug)]
pub struct End<'a> {
    /// What was found, if anything.
    pub report: Option<&'a Report>,
    /// How long it took.
    pub elapsed: Duration,
    /// How the program ends.
    pub exit: Exit,
    /// Why there is no answer, or not a whole one.
    pub message: Option<&'a str>,
    /// What was written.
    pub output: Output,
}

impl Ledger {
    /// Begins the manifest that was asked for, and sees whether it can be written: better now than
    /// after an hour.
    pub fn begin(common: &Common) -> Result<Option<Self>, String> {
        let Some(path) = common.manifest() else { return Ok(None) };
        let check = || {
            if path.file_name().is_none() {
                return Err("no name of a file".to_owned());
            }
            let told = |error: io::Error| Error::from(error).to_string();
            match fs::symlink_metadata(path) {
                Ok(metadata) if !metadata.is_file() => {
                    return Err("no ordinary file, expected the name of one".to_owned());
                }
                Ok(metadata) if metadata.len() > 0 && !is_manifest(path).map_err(told)? => {
                    let text = "there is such a file, and it is no manifest; not overwritten";
                    return Err(text.to_owned());
                }
                _ => {}
            }
            tempfile::tempfile_in(folder(path)).map(|_| ()).map_err(told)
        };
        check().map_err(|why| format!("--manifest {}: {why}", input::shown(path)))?;
        let checksums = common.has_checksums().then(Vec::new);
        Ok(Some(Self { path: path.to_owned(), checksums, started: SystemTime::now() }))
    }

    /// Takes checksums of the files of the report, if they were asked for, with so many threads.
    /// Files that changed meanwhile are faults.
    pub fn read_again(&mut self, report: &mut Report, threads: usize) {
        let Some(checksums) = &mut self.checksums else { return };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        *checksums = match pool {
            Ok(pool) => pool.install(|| report.files.par_iter().map(checksum).collect()),
            Err(_) => report.files.iter().map(checksum).collect(),
        };
        for (file, checksum) in report.files.iter_mut().zip(checksums) {
            if *checksum == Err(CHANGED) {
                let error = Error::new(ErrorKind::Io, CHANGED);
                file.faults.push(error.clone());
                report.faults.push(Fault { input: file.input.clone(), error });
            }
        }
    }

    /// Writes the manifest; or says why it could not be.
    pub fn close(self, end: End<'_>) -> Result<(), String> {
        let _ending = stop::ending();
        let write = || {
            let mut file = tempfile::Builder::new()
                .prefix(".flowagg-manifest-")
                // As for any other file: without what the user does not grant.
                .permissions(Permissions::from_mode(0o666))
                .tempfile_in(folder(&self.path))?;
            let mut out = BufWriter::new(&mut file);
            self.write(&mut out, end)?;
            out.flush()?;
            drop(out);
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error).map(|_| ())
        };
        let shown = input::shown(&self.path);
        write().map_err(|error| format!("--manifest {shown}: {}", Error::from(error)))
    }

    fn write(&self, out: &mut dyn Write, end: End<'_>) -> io::Result<()> {
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        let folder = std::env::current_dir().ok();
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        let manifest = manifest::Manifest {
            arguments: &arguments,
            folder: folder.as_deref(),
            questions: &QUESTIONS.lock().unwrap_or_else(PoisonError::into_inner),
            started: started.as_secs(),
            seconds: end.elapsed.as_secs_f64(),
            report: end.report,
            checksums: self.checksums.as_deref(),
            is_whole: end.exit.is_whole(),
            message: end.message,
            exit_code: end.exit.code(),
            output: end.output,
        };
        manifest::manifest(out, &manifest)
    }
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

fn is_manifest(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut head)?;
    Ok(manifest::is_manifest(&head))
}

/// Reads a file again.
fn checksum(file: &FileAccount) -> Checksum {
    let Some(path) = &file.path else { return Err("standard input, which can be read once") };
    let Some(stamp) = file.stamp else {
        return Err(match file.containers.is_empty() {
            true => "not read",
            false => "no ordinary file; it can be read once",
        });
    };
    let read = || {
        let mut input = File::open(path)?;
        if Stamp::of(&input.metadata()?) != stamp {
            return Ok(None);
        }
        let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; READ_BYTES], 0);
        loop {
            match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    hash.update(&buffer[..count]);
                    bytes += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let is_same = bytes == file.bytes && Stamp::of(&input.metadata()?) == stamp;
        Ok(is_same.then(|| hex(hash)))
    };
    // One that cannot be opened any more is another one, or gone.
    read().ok().flatten().ok_or(CHANGED)
}

/// Of nothing that was written.
pub fn nothing() -> Output {
    Output { sha256: hex(Sha256::new()), ..Output::default() }
}

/// A checksum as it is written.
pub fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
