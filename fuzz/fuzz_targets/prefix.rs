//! Lines with something before or after the record, as `grep` and `aws logs` print them.

#![no_main]

#[path = "../../tests/fuzz_corpus/main.rs"]
mod fuzz_corpus;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_corpus::run("prefix", input));
