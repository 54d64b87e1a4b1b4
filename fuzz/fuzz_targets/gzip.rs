//! Compressed input; the first byte says how, and what is done to it then.

#![no_main]

#[path = "../../tests/fuzz_corpus/main.rs"]
mod fuzz_corpus;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_corpus::run("gzip", input));
