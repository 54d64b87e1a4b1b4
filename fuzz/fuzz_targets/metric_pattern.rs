//! A metric filter pattern in the first line, an event in the rest.

#![no_main]

#[path = "../../tests/fuzz_corpus/main.rs"]
mod fuzz_corpus;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_corpus::run("metric_pattern", input));
