//! `flowagg rule RULE.json PATH...`: a Contributor Insights rule.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flowagg::dialect::InsightRule;
use flowagg::render::{Ranking, csv, json, table};
use flowagg::{Error, ErrorKind};

use super::answer::{self, is_coloured};
use super::exit::Exit;
use super::options::{Common, Format};
use super::{input, say};

/// A file longer than this is no rule: CloudWatch takes 8,192 characters.
const RULE_BYTES_MAX: u64 = 1 << 20;

/// Runs the rule over the paths.
pub fn run(path: &Path, paths: &[PathBuf], common: &Common) -> Exit {
    let shown = input::shown(path);
    let read = read(path).and_then(|text| InsightRule::parse(&text));
    let rule = match read {
        Ok(rule) => rule,
        Err(error) => {
            // One line for each thing that is wrong with the rule.
            for line in error.to_string().lines() {
                say::error(format_args!("{shown}: {line}"));
            }
            return Exit::Usage;
        }
    };
    if !common.is_quiet() {
        for warning in rule.warnings() {
            say::warning(format_args!("{shown}: {warning}"));
        }
    }
    let query = rule.to_query(common.top());
    answer::run(&[query], paths, common, |out, report| {
        let rankings = [Ranking {
            name: None,
            answer: &report.answers[0],
            statistic: rule.statistic(),
            measured: rule.measured(),
            period: None,
        }];
        match common.format() {
            Format::Table => table::rules(out, &rankings, is_coloured()),
            Format::Json => json::rules(out, &rankings),
            Format::Csv => csv::rules(out, &rankings),
        }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    File::open(path)?.take(RULE_BYTES_MAX + 1).read_to_end(&mut text)?;
    match text.len() as u64 > RULE_BYTES_MAX {
        true => Err(Error::new(ErrorKind::Rule, "longer than 1 MiB, which no rule is")),
        false => Ok(text),
    }
}
