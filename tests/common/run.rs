//! The command as a shell runs it.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a command did.
#[derive(Debug)]
#[allow(dead_code, reason = "not every test looks at all of it")]
pub struct Ran {
    /// Its exit code, as a shell has it: 128 and more for signals.
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let code = output.status.code();
        Self {
            code: code.unwrap_or_else(|| 128 + output.status.signal().unwrap()),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The program under test: this build's, or the one that `FLOWAGG_BIN` names.
pub fn program() -> PathBuf {
    let named = std::env::var_os("FLOWAGG_BIN").map(PathBuf::from);
    let named = named.map(|path| path.canonicalize().expect("FLOWAGG_BIN is a program"));
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_flowagg").into())
}

/// A shell that is to run this in a folder; there `$F` is the program.
#[allow(dead_code, reason = "not every test starts one itself")]
pub fn shell(folder: &super::folder::Folder, script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).current_dir(&folder.0).env("F", program());
    for name in ["FLOWAGG_SIMD", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a script to its end.
#[allow(dead_code, reason = "not every test runs one")]
pub fn run(folder: &super::folder::Folder, script: &str) -> Ran {
    shell(folder, script).output().unwrap().into()
}

/// Waits for a command that is about to end.
#[allow(dead_code, reason = "not every test starts one itself")]
pub fn ended(mut child: Child) -> Ran {
    // Both are read while it runs: it waits for that once a pipe is full.
    let (out, err) = (whole(child.stdout.take()), whole(child.stderr.take()));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > Duration::from_secs(300) => {
                child.kill().unwrap();
                panic!("it does not end");
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    Output { status, stdout: out.join().unwrap(), stderr: err.join().unwrap() }.into()
}

/// All that comes out of a pipe.
fn whole(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        pipe.map(|mut pipe| pipe.read_to_end(&mut text));
        text
    })
}
