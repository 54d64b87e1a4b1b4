//! A file that says what addresses are called.

#![no_main]

#[path = "../../tests/fuzz_corpus/main.rs"]
mod fuzz_corpus;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_corpus::run("names", input));
