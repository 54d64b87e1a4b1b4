//! The command as a person meets it: readable cases under `tests/cases`, and what needs code.
//!
//! A case file is some words on what it shows, and then blocks that begin with `--- `:
//!
//! ```text
//! --- file NAME             a file to make, in folders if NAME says so
//! --- gzip NAME [cut N]     the same compressed; a line `===` begins another member; the last
//!                           N bytes are left out
//! --- zstd NAME [cut N]     the same with zstd, and frames
//! --- base64 NAME           a file of bytes, in base64
//! --- run flowagg ARGS      a command; may end in `< FILE` or `> FILE`, and `A=B` may lead
//! --- stdin                 what the command above reads
//! --- stdout                what it prints; nothing without this block
//! --- stderr                what it says, times and rates as $TIME and $RATE
//! --- exit N                how it ends; 0 without this block
//! ```
//!
//! Blocks and arguments know `\\`, `\r`, `\t`, `\xNN`, and `\` at the end of a line: no newline
//! there. Files are made in an empty folder, in which the commands run one after the other. Cases
//! whose name begins with `parquet` are for builds that read Parquet, with `no_parquet` for others.
//! `UPDATE_CASES=1 cargo test --test cli` writes what the commands print into the case files.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};

const BIN: &str = env!("CARGO_BIN_EXE_flowagg");

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", folder.display());
    let other = if cfg!(feature = "parquet") { "no_parquet" } else { "parquet" };
    paths.retain(|path| !path.file_name().unwrap().to_string_lossy().starts_with(other));
    let is_update = std::env::var_os("UPDATE_CASES").is_some();
    let mut failures = Vec::new();
    for path in &paths {
        let expected = fs::read_to_string(path).unwrap();
        let actual = play(&expected);
        if actual != expected {
            match is_update {
                true => fs::write(path, actual).unwrap(),
                false => failures.push(difference(path, &expected, &actual)),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The first lines in which a case and what happened differ.
fn difference(path: &Path, expected: &str, actual: &str) -> String {
    let at = expected.lines().zip(actual.lines()).take_while(|(e, a)| e == a).count();
    let few = |text: &str| text.lines().skip(at).take(8).collect::<Vec<_>>().join("\n");
    let (expected, actual) = (few(expected), few(actual));
    format!("{}:{}\n<<< expected\n{expected}\n>>> found\n{actual}\n", path.display(), at + 1)
}

/// Plays a case; returns it as it should have been.
fn play(case: &str) -> String {
    let folder = Folder::new();
    let (words, blocks) = blocks(case);
    let mut played = words.to_owned();
    let mut blocks = blocks.into_iter().peekable();
    while let Some((head, body)) = blocks.next() {
        let (kind, rest) = head.split_once(' ').unwrap_or((head, ""));
        match kind {
            "file" => folder.write(rest, &unescaped(body)),
            "gzip" => folder.write_compressed(rest, body, gzip),
            "zstd" => {
                folder.write_compressed(rest, body, |text| zstd::encode_all(text, 3).unwrap())
            }
            "base64" => {
                let text: String = body.split_whitespace().collect();
                folder.write(rest, &STANDARD.decode(text).unwrap());
            }
            "run" => {}
            _ => panic!("no block is called {head:?}"),
        }
        played += &format!("--- {head}\n{body}");
        if kind != "run" {
            continue;
        }
        let mut stdin = None;
        while let Some((head, body)) = blocks.next_if(|(head, _)| is_of_run(head)) {
            if head == "stdin" {
                stdin = Some(unescaped(body));
                played += &format!("--- stdin\n{body}");
            }
        }
        played += &outcome(&folder.run(rest, stdin));
        if blocks.peek().is_some() {
            played.push('\n');
        }
    }
    played
}

fn is_of_run(head: &str) -> bool {
    matches!(head, "stdin" | "stdout" | "stderr") || head.starts_with("exit ")
}

/// The words before the first block, and the blocks: head and body. An empty line at the end of
/// a body parts it from the next block and is not of it.
fn blocks(case: &str) -> (&str, Vec<(&str, &str)>) {
    let mut starts: Vec<usize> = case.match_indices("\n--- ").map(|(at, _)| at + 1).collect();
    let words = &case[..*starts.first().expect("a case has blocks")];
    starts.push(case.len());
    let block = |ends: &[usize]| {
        let text = &case[ends[0] + 4..ends[1]];
        let (head, body) = text.split_once('\n').unwrap_or((text, ""));
        let is_output = head.starts_with("run ") || is_of_run(head) && head != "stdin";
        (head, if is_output { body.trim_end_matches('\n') } else { body })
    };
    (words, starts.windows(2).map(block).collect())
}

/// The blocks that say what a command did.
fn outcome(output: &Output) -> String {
    let mut text = String::new();
    for (head, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !bytes.is_empty() {
            text += &format!("--- {head}\n");
            let lines = bytes.split_inclusive(|&byte| byte == b'\n');
            text.extend(lines.map(|line| escaped(&timeless(line))));
        }
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => text += &format!("--- exit {code}\n"),
        None => text += &format!("--- {}\n", output.status),
    }
    text
}

/// A tally line without what differs from run to run.
fn timeless(line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    match text.rsplit_once(" in ") {
        Some((head, tail)) if tail.contains(" s (") && tail.ends_with("/s)\n") => {
            format!("{head} in $TIME ($RATE)\n").into_bytes()
        }
        _ => line.to_vec(),
    }
}

/// What a block stands for.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'\n') => {}
            Some(b'r') => bytes.push(b'\r'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'x') => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            Some(b'\\') => bytes.push(b'\\'),
            other => panic!("no escape: {other:?}"),
        }
    }
    bytes
}

/// A line as a block shows it.
fn escaped(line: &[u8]) -> String {
    let (line, end) = match line.strip_suffix(b"\n") {
        Some(line) => (line, "\n"),
        None => (line, "\\\n"),
    };
    let mut text = String::new();
    for chunk in line.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text += "\\\\",
                '\r' => text += "\\r",
                '\t' => text += "\\t",
                '\0'..' ' | '\x7f' => text += &format!("\\x{:02x}", u32::from(character)),
                _ => text.push(character),
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    if text.ends_with(' ') {
        text.pop();
        text += "\\x20";
    }
    text + end
}

/// An empty folder of a case, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let nth = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("flowagg-cli-{}-{nth}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.0.join(OsString::from_vec(unescaped(name)));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn write_compressed(&self, rest: &str, body: &str, compress: impl Fn(&[u8]) -> Vec<u8>) {
        let (name, cut) = rest.split_once(" cut ").unwrap_or((rest, "0"));
        let mut bytes: Vec<u8> =
            body.split("===\n").flat_map(|member| compress(&unescaped(member))).collect();
        bytes.truncate(bytes.len() - cut.parse::<usize>().unwrap());
        self.write(name, &bytes);
    }

    /// Runs a command line.
    fn run(&self, line: &str, stdin: Option<Vec<u8>>) -> Output {
        let mut words = line.split(' ').peekable();
        let mut command = Command::new(BIN);
        for name in ["FLOWAGG_SIMD", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
            command.env(name, value);
            words.next();
        }
        assert_eq!(words.next(), Some("flowagg"), "{line}");
        command.current_dir(&self.0).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        while let Some(word) = words.next() {
            match word {
                "<" => {
                    let file = fs::File::open(self.path(words.next().unwrap())).unwrap();
                    command.stdin(file);
                }
                ">" => {
                    let path = self.path(words.next().unwrap());
                    let mut file = fs::OpenOptions::new();
                    command
                        .stdout(file.write(true).create(true).truncate(true).open(path).unwrap());
                }
                _ => {
                    command.arg(OsString::from_vec(unescaped(word)));
                }
            }
        }
        let mut child = command.spawn().unwrap();
        if let Some(mut pipe) = child.stdin.take() {
            // Cases are small: they fit a pipe. A command that ends without reading is fine.
            let _ = pipe.write_all(&stdin.unwrap_or_default());
        }
        child.wait_with_output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// As many accepted records, each with its own source, as a pipe cannot hold.
fn many_sources() -> String {
    let line = |n: u32| {
        let (high, low) = (n / 250, n % 250);
        format!("2 123456789010 eni-1 10.1.{high}.{low} 10.0.0.9 1 443 6 1 {n} 1 2 ACCEPT OK\n")
    };
    (0..5_000).map(line).collect()
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = Folder::new();
    folder.write("many.log", many_sources().as_bytes());
    for arguments in [
        "-q -n 0 many.log",
        "-q -n 0 -o json many.log",
        "-q -n 0 -o csv many.log",
        "cut -q many.log",
        "cut -q -o json many.log",
        "top src -q -n 0 many.log",
        "top src -q -n 0 -o csv many.log",
        "sum src,bytes -q -o ndjson many.log",
        "series src --bin 1d -q -n 0 -o json many.log",
        "merge -q many.log",
        "find 10.1.0.0/16 --records -q many.log",
        "gen --lines 100000",
    ] {
        let mut command = Command::new(BIN);
        command.args(arguments.split(' ')).current_dir(&folder.0);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut first = [0; 1];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments}");
    }
}

#[test]
fn all_contributors_are_listed_in_every_format() {
    let folder = Folder::new();
    folder.write("many.log", many_sources().as_bytes());
    let lines = |format: &str| {
        let output = folder.run(&format!("flowagg -q -n 0 -o {format} many.log"), None);
        String::from_utf8(output.stdout).unwrap().matches("10.1.").count()
    };
    assert_eq!([lines("table"), lines("json"), lines("csv")], [5_000; 3]);
}

#[test]
fn the_summary_s_json_has_these_members() {
    let folder = Folder::new();
    folder.write("many.log", many_sources().as_bytes());
    let output = folder.run("flowagg -n 2 -o json many.log", None);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let members = |path: &str| -> Vec<String> {
        json.pointer(path).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    let expected = |text: &str| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    let tally = "lines headers blank ok no_data skip_data malformed";
    assert_eq!(members(""), expected("tally time accept reject contributors"));
    assert_eq!(members("/tally"), expected(tally));
    assert_eq!(members("/time"), expected("start end"));
    assert_eq!(members("/accept"), expected("records packets bytes"));
    assert_eq!(members("/reject"), expected("records packets bytes"));
    assert_eq!(members("/contributors"), expected("keys unique total top"));
    assert_eq!(members("/contributors/top/0"), expected("keys value share"));
    assert_eq!(json["contributors"]["total"], 12_497_500);
    assert_eq!(json["contributors"]["top"][1]["keys"][0], "10.1.19.248");
}

#[test]
fn rules_are_explained_without_logs() {
    let folder = Folder::new();
    let rule = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/top_srcaddr_rule.json");
    let words = |line: &str| {
        let output = folder.run(&line.replace("RULE", rule), None);
        assert_eq!(output.status.code(), Some(0), "{line}");
        String::from_utf8(output.stdout).unwrap()
    };
    let one = words("flowagg rule --explain RULE no-such.log");
    assert!(one.contains("no-such.log") && !one.contains("=="), "{one}");
    let two = words("flowagg rule --explain RULE -r RULE");
    assert_eq!(two.matches(&format!("== {rule} ==\n")).count(), 2, "{two}");
    assert_eq!(two.matches("read_csv").count(), 2, "{two}");
}

#[test]
fn generated_logs_are_flow_logs() {
    let folder = Folder::new();
    let options = "--seed 7 --ipv6 50% --nodata 0.1 --reject 20% --contributors 500 --header";
    let log = folder.run(&format!("flowagg gen --lines 5000 {options}"), None);
    assert_eq!(log.status.code(), Some(0));
    folder.write("made-up.log", &log.stdout);
    let output = folder.run("flowagg -q --strict -o json made-up.log", None);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["tally"]["lines"], 5001);
    assert_eq!(json["tally"]["headers"], 1);
    assert!(json["contributors"]["unique"].as_u64().unwrap() <= 500);
    let twice = folder.run(&format!("flowagg gen --lines 5000 {options}"), None);
    assert!(log.stdout == twice.stdout, "the same seed gave another log");
}

#[test]
fn completions_are_scripts() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = folder.run(&format!("flowagg completions {shell}"), None);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(["rule", "csv-safe", "markdown"].iter().all(|w| script.contains(w)), "{shell}");
        folder.write(shell, script.as_bytes());
        // Whatever shells there are.
        let is_there = |shell: &str| Command::new(shell).arg("--version").output().is_ok();
        if shell != "powershell" && shell != "elvish" && is_there(shell) {
            let read = Command::new(shell).arg("-n").arg(folder.0.join(shell)).output().unwrap();
            assert!(read.status.success() && read.stderr.is_empty(), "{shell}: {read:?}");
        }
    }
}

#[test]
fn manuals_are_written_for_each_command() {
    let folder = Folder::new();
    let page = folder.run("flowagg man", None);
    assert!(page.stdout.windows(8).any(|text| text == b".SH NAME"));
    let output = folder.run("flowagg man pages", None);
    assert_eq!(output.status.code(), Some(0));
    let written = String::from_utf8(output.stdout).unwrap();
    assert!(written.lines().count() > 5, "{written}");
    for path in written.lines() {
        let text = fs::read_to_string(folder.0.join(path)).unwrap();
        assert!(text.contains(".SH NAME"), "{path}");
    }
    assert_eq!(fs::read(folder.0.join("pages/flowagg.1")).unwrap(), page.stdout);
    folder.write("file", b"");
    let output = folder.run("flowagg man file", None);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true));
}

#[test]
fn colour_is_bold_and_dim() {
    use flowagg::{Engine, Source, render::sheet::Style, render::table, summary};
    let folder = Folder::new();
    folder.write("many.log", many_sources().as_bytes());
    let sources = [Source::path(folder.0.join("many.log"))];
    let report = Engine::new().run_all(&summary::queries(1).unwrap(), &sources).unwrap();
    let summary = summary::Summary::new(&report);
    let (mut plain, mut coloured) = (Vec::new(), Vec::new());
    table::summary(&mut plain, &summary, &Style::default()).unwrap();
    let style = Style { is_coloured: true, ..Style::default() };
    table::summary(&mut coloured, &summary, &style).unwrap();
    let coloured = String::from_utf8(coloured).unwrap();
    assert!(coloured.contains("\x1b[1mLines\x1b[0m"), "{coloured}");
    assert!(coloured.contains("\x1b[2m   others (4,999)"), "{coloured}");
    let bare = coloured.replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "");
    assert_eq!(bare.as_bytes(), plain);
}
