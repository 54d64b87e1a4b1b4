//! The README says what the program does: its first command prints what stands there.

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
fn every_rule_it_names_runs() {
    for word in README.split([' ', '\n', '`']).filter(|word| word.starts_with("rules/")) {
        if word.ends_with(".json") {
            let report = flowagg(&["rule", word, "-q", "-o", "json", "testdata/sample.log"]);
            assert!(report.contains("AggregateValue"), "{word}");
        }
    }
}
