//! `flowagg PATH...`: the summary.

use std::path::PathBuf;

use flowagg::Engine;
use flowagg::render::{csv, json, table};
use flowagg::summary::{Summary, queries};

use super::answer::{self, is_coloured, usage};
use super::exit::Exit;
use super::input;
use super::options::{Common, Format};

/// Sums the paths up.
pub fn run(paths: &[PathBuf], common: &Common) -> Exit {
    if let Some(message) = input::mistyped(paths) {
        return usage(message);
    }
    let queries = match queries(common.top()) {
        Ok(queries) => queries,
        Err(error) => return usage(error),
    };
    answer::run(Engine::new(), &queries, paths, common, |out, report| {
        let summary = Summary::new(report);
        match common.format() {
            Format::Table => table::summary(out, &summary, is_coloured()),
            Format::Json => json::summary(out, &summary),
            Format::Csv => csv::summary(out, &summary),
        }
    })
}
