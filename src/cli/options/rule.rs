//! What can be typed after `flowagg rule`, and which events it and `flowagg metric` count.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use flowagg::{Order, PERIOD_SECONDS};

use super::{Common, EVENT_FORMAT_HELP, LineFormat};

const RULE_HELP: &str = "\
A RULE is a JSON file with a rule as CloudWatch takes it, or with several in an array; a
CloudFormation template (`cdk synth --json`); what `aws cloudwatch describe-insight-rules` prints
or `put-insight-rule --cli-input-json` takes; a folder of such files; or `-`, standard input.
Many rules are answered in one pass.

A record's time is its `start`, that of a JSON event the `timestamp` of its envelope or its `start`.

Examples:
  flowagg rule rules/top_srcaddr_rule.json logs/
  flowagg rule rules/ logs/ --period 300 --start 2h
  flowagg rule --check cdk.out/Stack.template.json
  aws cloudwatch describe-insight-rules | flowagg rule - logs/";

const RULE_USAGE: &str = "\
flowagg rule [OPTIONS] RULE [PATH]...
       flowagg rule --check RULE...";

/// `flowagg rule`.
#[derive(Debug, Args)]
#[command(override_usage = RULE_USAGE, after_long_help = RULE_HELP)]
#[command(mut_arg("explain", |arg| {
    arg.help("Only tell the plan, and the same question in SQL and to CloudWatch Logs")
        .conflicts_with_all([
            "format", "start", "end", "last", "expressions", "period", "order_by",
        ])
}))]
pub struct RuleOptions {
    /// A rule or many: JSON of CloudWatch, CloudFormation or aws, or a folder
    #[arg(value_name = "RULE", help_heading = "Input", display_order = 0)]
    pub rule: PathBuf,

    /// Files and folders, plain, gzip, zstd or Parquet; `-` or none: standard input
    #[arg(value_name = "PATH", help_heading = "Input", display_order = 1)]
    pub paths: Vec<PathBuf>,

    /// More rules, answered in the same pass; may be repeated
    #[arg(
        short = 'r',
        long = "rule",
        value_name = "RULE",
        help_heading = "Input",
        display_order = 2
    )]
    pub more: Vec<PathBuf>,

    /// Which events count.
    #[command(flatten)]
    pub events: EventOptions,

    /// Also tell the values of every period, a multiple of 60 seconds
    #[arg(long, value_name = "SECONDS", value_parser = period, help_heading = "Output")]
    pub period: Option<u32>,

    /// Rank by Sum, or by the Maximum of single records [default: Sum]
    #[arg(long, value_name = "STATISTIC", help_heading = "Output", ignore_case = true)]
    #[arg(hide_possible_values = true)]
    pub order_by: Option<OrderBy>,

    /// Only check rules, as strictly as CloudWatch; every argument is one
    #[arg(long, help_heading = "Diagnostics", conflicts_with_all = [
        "explain", "format", "by_name", "start", "end", "last", "expressions", "period", "order_by",
    ])]
    pub check: bool,

    /// What can be typed before the command too.
    #[command(flatten)]
    pub common: Common,
}

/// Which events rules and metric filters count.
#[derive(Debug, Args)]
pub struct EventOptions {
    /// What a line is.
    #[arg(long, value_name = "FORMAT", value_parser = LineFormat::parse, help_heading = "Input")]
    #[arg(help = EVENT_FORMAT_HELP, display_order = 3)]
    pub format: Option<LineFormat>,

    /// Take the names of fields as names of columns, wherever a log has them
    #[arg(long, help_heading = "Input", display_order = 4)]
    pub by_name: bool,
}

/// What contributors are ranked by; the names are those of CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OrderBy {
    /// The sum of all records
    #[value(name = "Sum")]
    Sum,
    /// The largest single record
    #[value(name = "Maximum")]
    Maximum,
}

impl From<OrderBy> for Order {
    fn from(order: OrderBy) -> Self {
        match order {
            OrderBy::Sum => Self::Sum,
            OrderBy::Maximum => Self::Maximum,
        }
    }
}

/// A period that CloudWatch takes.
pub(super) fn period(text: &str) -> Result<u32, String> {
    let is_valid = |seconds: &u32| PERIOD_SECONDS.contains(seconds) && seconds.is_multiple_of(60);
    let seconds = text.parse().ok().filter(is_valid);
    seconds.ok_or_else(|| {
        let (first, last) = (PERIOD_SECONDS.start(), PERIOD_SECONDS.end());
        format!("expected seconds, a multiple of 60 from {first} to {last} such as 300")
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::options::{Cli, Command};
    use crate::cli::when::When;

    #[test]
    fn rules_and_what_is_asked_of_them() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        let rule = |line: &str| match parse(line).unwrap().command {
            Some(Command::Rule(rule)) => rule,
            _ => panic!("no rule"),
        };
        let asked = rule(
            "flowagg rule a.json -r b.json -r c --period 300 --start 2h \
                          --end 2026-01-31 --order-by maximum --format clf logs",
        );
        assert_eq!(asked.rule, PathBuf::from("a.json"));
        assert_eq!(asked.more, [PathBuf::from("b.json"), PathBuf::from("c")]);
        assert_eq!(asked.paths, [PathBuf::from("logs")]);
        assert_eq!(
            (asked.period, asked.common.start().unwrap().when),
            (Some(300), When::Back(7_200))
        );
        assert_eq!(asked.order_by, Some(OrderBy::Maximum));
        assert_eq!(asked.events.format, Some(LineFormat::Clf));
        let named = rule("flowagg rule a.json --by-name --format srcaddr,bytes");
        assert_eq!(named.events.format, Some(LineFormat::parse("${srcaddr} ${bytes}").unwrap()));
        assert!(rule("flowagg rule --check a.json b.json").check);
        for wrong in [
            "--period 0",
            "--period 90",
            "--period -60",
            "--period 1m",
            "--order-by Average",
            "--start soon",
            "--format json",
            "--format v6",
            "--format srcadr,bytes",
            "--check --explain",
            "--check --period 60",
            "--explain --start 1h",
        ] {
            assert!(parse(&format!("flowagg rule a.json {wrong}")).is_err(), "{wrong}");
        }
    }
}
