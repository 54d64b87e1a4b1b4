//! The README says what the program does: its commands print what stands there.

use std::process::Command;

const README: &str = include_str!("../README.md");

/// The blocks fenced with this language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let after = README.split(fence.as_str()).skip(1);
    after.map(|rest| rest.split("```").next().unwrap()).collect()
}

fn flowagg(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_flowagg"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_main_job_prints_what_the_readme_shows() {
    let command = blocks("sh")[0].trim();
    let arguments = command.strip_prefix("cargo run --release -- ").unwrap();
    let printed = flowagg(&arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(printed, blocks("text")[0]);
}

/// The words of a command; what stands in single quotes is one.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (at, part) in command.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_ascii_whitespace()),
            _ => words.push(part),
        }
    }
    words
}

#[test]
fn other_commands_print_what_it_shows() {
    let parts = README.split("```sh\nflowagg ").skip(1);
    let shown: Vec<(&str, &str)> = parts
        .map(|part| part.split_once("\n```\n\nprints\n\n```text\n").expect("what it prints"))
        .collect();
    assert!(shown.len() >= 2);
    for (command, rest) in shown {
        let printed = rest.split("```").next().unwrap();
        assert_eq!(flowagg(&words(command)), printed, "{command}");
    }
}

#[test]
fn the_test_command_is_cargos() {
    assert_eq!(blocks("sh")[1].trim(), "cargo test");
}

#[test]
fn the_sample_comes_from_the_generator() {
    let made = flowagg(&["gen", "--lines", "1000", "--seed", "7", "--header"]);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/sample.log");
    assert_eq!(made.as_bytes(), std::fs::read(sample).unwrap());
}

#[test]
fn every_rule_and_filter_it_names_runs() {
    for word in README.split([' ', '\n', '`']).filter(|word| word.starts_with("rules/")) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/").to_owned() + word;
        assert!(std::fs::exists(file).unwrap(), "{word}");
        let (command, member) = match word {
            _ if word.ends_with("_filter.json") => (&["metric", "--filter"][..], "SampleCount"),
            _ if word.ends_with(".json") => (&["rule"][..], "AggregateValue"),
            _ => continue,
        };
        let asked = [command, &[word, "-q", "-o", "json", "testdata/sample.log"]].concat();
        assert!(flowagg(&asked).contains(member), "{word}");
    }
}
