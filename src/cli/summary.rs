//! `flowagg PATH...`: the summary.

use std::path::PathBuf;

use flowagg::Form;
use flowagg::render::{json, sheets, table};
use flowagg::summary::{Summary, queries};

use super::answer::{self, usage};
use super::considered::Considered;
use super::exit::Exit;
use super::options::{Common, Format, LineFormat};
use super::{events, explain, input, written};

/// Sums the paths up.
pub fn run(paths: &[PathBuf], format: Option<&LineFormat>, common: &Common) -> Exit {
    if let Some(message) = input::mistyped(paths) {
        return usage(message);
    }
    if format == Some(&LineFormat::Clf) {
        return usage(
            "with --format clf lines are any words, and a summary is one of flow logs; type the \
             layout, such as --format v5, or leave it out",
        );
    }
    let own = [Format::Table, Format::Json];
    if let Err(message) = written::check(&[sheets::summary_columns()], &own, &common.output) {
        return usage(message);
    }
    let queries = match queries(common.top()) {
        Ok(queries) => queries,
        Err(error) => return usage(error),
    };
    let considered = match Considered::new([Form::Records], format, paths, common) {
        Ok(considered) => considered,
        Err(message) => return usage(message),
    };
    if common.explains() {
        return explain::run(&considered, format, paths, common, |logs| {
            flowagg::explain::summary(common.top(), logs)
        });
    }
    let queries = match considered.narrow_all(&queries) {
        Ok(queries) => queries,
        Err(error) => return usage(error),
    };
    answer::run(events::engine(format), &queries, paths, common, |out, report| {
        considered.tell(&report.answers[0], common);
        let summary = Summary::new(report);
        match common.format() {
            Format::Table => table::summary(out, &summary, &common.output.style()),
            Format::Json => json::summary(out, &summary),
            format => {
                let sheet = sheets::summary(&summary, format.into());
                written::write(out, vec![sheet], &common.output)
            }
        }
    })
}
