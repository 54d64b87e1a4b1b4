//! Words for keys, measures and a condition, and records.

#![no_main]

#[path = "../../tests/fuzz_corpus/main.rs"]
mod fuzz_corpus;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_corpus::run("keys", input));
