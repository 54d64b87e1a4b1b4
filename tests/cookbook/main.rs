//! The cookbook says what AWS's example queries are here: each of its lines prints what stands
//! under it, and answers what a plain twin answers.
//!
//! `UPDATE_COOKBOOK=1 cargo test --test cookbook` writes what the lines print; read the diff.

#[path = "../common/folder.rs"]
mod folder;
mod logs;
mod twin;

use std::path::Path;
use std::process::{Command, Stdio};

use folder::Folder;
use logs::Logs;
use twin::Twin;

const COOKBOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cookbook.md");

/// More lines than this are not shown whole.
const SHOWN_MAX: usize = 12;

/// Of lines that are longer than this, fewer are shown.
const WIDE: usize = 120;

/// A question with its line and what that prints.
#[derive(Debug)]
struct Entry<'t> {
    heading: &'t str,
    command: &'t str,
    shown: &'t str,
}

/// The entries of the text, in order.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let parts = text.split("\n### ").skip(1);
    parts
        .filter_map(|part| {
            let heading = part.lines().next().unwrap();
            let (_, rest) = part.split_once("\n```sh\n")?;
            let (command, rest) = rest.split_once("\n```\n").expect(heading);
            assert!(!rest.contains("\n```sh\n"), "{heading}: two lines");
            let after = rest.strip_prefix("\n```text\n").expect(heading);
            let (shown, _) = after.split_once("```\n").expect(heading);
            Some(Entry { heading, command, shown })
        })
        .collect()
}

/// What is shown of a text: all of it, or its first lines and its last.
fn excerpt(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_wide = lines.iter().take(2).any(|line| line.len() > WIDE);
    let lines = match lines.len() {
        ..=SHOWN_MAX => lines,
        count if is_wide => [&lines[..3], &["..."], &lines[count - 1..]].concat(),
        count => [&lines[..7], &["..."], &lines[count - 4..]].concat(),
    };
    lines.into_iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// A folder with the logs, the rules, and the files whose text stands in the cookbook.
fn kitchen(text: &str, logs: &Logs) -> Folder {
    let folder = Folder::new("kitchen");
    logs.write(&folder);
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for entry in std::fs::read_dir(rules).unwrap() {
        let path = entry.unwrap().path();
        let name = Path::new("rules").join(path.file_name().unwrap());
        folder.file(name, std::fs::read(&path).unwrap());
    }
    for part in text.split("`:\n\n```json\n").collect::<Vec<_>>().windows(2) {
        let name = part[0].rsplit('`').next().unwrap();
        folder.file(name, part[1].split("```").next().unwrap());
    }
    folder
}

/// What a line prints, as a shell runs it.
fn printed(command: &str, folder: &Folder) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_flowagg")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(&folder.0).env("PATH", path).env("LC_ALL", "C");
    for name in ["FLOWAGG_SIMD", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        shell.env_remove(name);
    }
    let output = shell.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The rows that a line prints, which is this text, as far as the twin tells them.
fn rows(entry: &Entry<'_>, printed_text: &str, twin: &Twin, folder: &Folder) -> Vec<Vec<String>> {
    let split = |text: String, by: char| -> Vec<Vec<String>> {
        let words = |line: &str| line.split(by).map(str::to_owned).collect();
        text.lines().map(words).collect()
    };
    match twin {
        Twin::Lines(_) => printed_text.lines().map(|line| vec![line.to_owned()]).collect(),
        Twin::Rows(expected) => {
            let (command, then) = match entry.command.split_once(" || echo") {
                Some((command, then)) => (command, format!(" || echo{then}")),
                None => (entry.command, String::new()),
            };
            let format = if command.contains(" -o csv") { "" } else { " -o csv" };
            let text = printed(&format!("{command}{format}{then}"), folder);
            assert!(!text.contains('"'), "{}: quoted", entry.heading);
            let width = expected.first().map_or(0, Vec::len);
            let mut rows = split(text, ',');
            rows.remove(0);
            rows.retain(|row| row.len() >= width);
            rows.iter_mut().for_each(|row| row.truncate(width));
            rows
        }
    }
}

/// Whether what is shown has these values in a line, or in lines below each other if keys stand so.
fn shows(shown: &str, row: &[String]) -> bool {
    let bare = |text: &str| text.replace(',', "");
    let lines: Vec<String> = shown.lines().map(bare).collect();
    (0..lines.len()).any(|at| {
        let end = lines.len().min(at + row.len());
        let near = lines[at..end].join("\n");
        let has = |cell: &String| near.contains(bare(cell).trim_end_matches("+00:00"));
        lines[at].contains(&bare(&row[0]).replace("+00:00", "")) && row.iter().all(has)
    })
}

#[test]
fn every_line_answers_as_its_twin_and_prints_what_is_shown() {
    let mut text = std::fs::read_to_string(COOKBOOK).unwrap();
    let logs = Logs::made_up();
    let folder = kitchen(&text, &logs);
    let mut shown = Vec::new();
    for entry in entries(&text) {
        let Entry { heading, command, .. } = entry;
        let twin = twin::answer(heading, &logs).unwrap_or_else(|| panic!("{heading}: no twin"));
        let expected = match &twin {
            Twin::Lines(lines) => lines.iter().map(|line| vec![line.clone()]).collect(),
            Twin::Rows(rows) => rows.clone(),
        };
        assert!(!expected.is_empty(), "{heading}: nothing to answer");
        let printed = printed(command, &folder);
        let found = rows(&entry, &printed, &twin, &folder);
        let differ = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!(differ, None, "{heading}: {command}");
        assert_eq!(found.len(), expected.len(), "{heading}: {command}");
        let printed = excerpt(&printed);
        assert!(shows(&printed, &expected[0]), "{heading}: {:?} in\n{printed}", expected[0]);
        shown.push((heading.to_owned(), entry.shown.to_owned(), printed));
    }
    let is_update = std::env::var_os("UPDATE_COOKBOOK").is_some();
    for (heading, shown, printed) in shown {
        if !is_update {
            assert_eq!(printed, shown, "{heading}");
            continue;
        }
        let mut at = 0;
        for before in [format!("\n### {heading}\n").as_str(), "\n```sh\n", "\n```text\n"] {
            at += text[at..].find(before).unwrap() + before.len();
        }
        text.replace_range(at..at + shown.len(), &printed);
    }
    if is_update {
        std::fs::write(COOKBOOK, text).unwrap();
    }
}

#[test]
fn every_twin_has_an_entry() {
    let text = std::fs::read_to_string(COOKBOOK).unwrap();
    let headings: Vec<&str> = entries(&text).iter().map(|entry| entry.heading).collect();
    for (at, heading) in headings.iter().enumerate() {
        assert!(!headings[..at].contains(heading), "{heading} is there twice");
    }
    assert_eq!(headings.len(), twin::QUESTIONS);
}

#[test]
fn the_excerpt_of_a_long_text() {
    assert_eq!(excerpt("a\nb  \n"), "a\nb\n");
    let long: String = (0..13).map(|n| format!("{n}\n")).collect();
    assert_eq!(excerpt(&long), "0\n1\n2\n3\n4\n5\n6\n...\n9\n10\n11\n12\n");
}
