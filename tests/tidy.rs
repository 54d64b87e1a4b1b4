//! Keeps the house in order: the list of floors below is the architecture.

use std::path::{Path, PathBuf};

/// The rooms, lowest floor first. A room uses those of lower floors and, on its own floor, those
/// to its left. `record` and `layout` share a place: a header is a line, and a line has a layout.
const FLOORS: [&[&str]; 8] = [
    &["error", "field", "value", "prefixes", "amount", "nearest", "calendar", "memory", "iana"],
    &["scan", "source"],
    &["json", "record layout", "container", "tally", "batch"],
    // The filter names columns only; `query` is to its right.
    &["pattern", "filter", "labels", "view", "intern", "key", "measure", "query", "plan"],
    &["spill", "cut", "group", "rank", "report", "engine"],
    &["generate", "names", "dialect", "metric", "summary", "survey", "lists", "find", "explain"],
    &["render"],
    &["cli", "main", "lib"],
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    found.into_iter().map(read).collect()
}

fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

fn place(room: &str) -> (usize, usize) {
    for (floor, rooms) in FLOORS.iter().enumerate() {
        if let Some(at) = rooms.iter().position(|rooms| rooms.split(' ').any(|r| r == room)) {
            return (floor, at);
        }
    }
    panic!("{room} has no place in the house: add it to the floors");
}

#[test]
fn rooms_use_lower_floors_and_their_left() {
    // Tests ask from above what a room does below.
    let is_test = |file: &str| file.ends_with("tests.rs");
    for (file, text) in sources().into_iter().filter(|(file, _)| !is_test(file)) {
        let own = place(room(&file));
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                let used: &str =
                    used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                let is_room = FLOORS.iter().any(|rooms| {
                    rooms.iter().any(|rooms| rooms.split(' ').any(|room| room == used))
                });
                if is_room && room(&file) != "cli" && room(&file) != "main" {
                    assert!(place(used) <= own, "{file} must not use {used}");
                }
            }
        }
    }
}

#[test]
fn every_file_is_tidy() {
    for (file, text) in sources() {
        let room = room(&file);
        let has = |word: &str| {
            text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word))
        };
        assert!(text.starts_with("//!"), "{file} lacks a module doc");
        for (number, line) in text.lines().enumerate() {
            assert!(line.chars().count() <= 100, "{file}:{} is too long", number + 1);
        }
        assert!(!has("unsafe ") || room == "scan", "{file} has unsafe code");
        assert!(!has("clap::") || room == "cli", "{file} knows clap");
        let prints = has("println!") || has("eprint") || has(" print!");
        assert!(!prints || matches!(room, "cli" | "main"), "{file} prints");
        assert!(!has("todo!") && !has("dbg!"), "{file} is not done");
    }
}
