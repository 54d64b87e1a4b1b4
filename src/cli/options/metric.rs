//! What can be typed after `metric` and `test-pattern`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use flowagg::metric::{Alarm, DefaultFor};

use super::{Common, EventOptions, Output, period};

const METRIC_HELP: &str = "\
A PATTERN is one of CloudWatch Logs: terms such as 'ERROR -timeout', fields of a line such as
'[..., dstport=22, protocol, packets, bytes, start, end, action=REJECT, status]', or a test of
JSON events such as '{ $.level = \"error\" }'. Each event that matches adds the value; with a
default, each that does not match adds that, as CloudWatch was seen to do.

A FILE has a filter as `aws logs put-metric-filter --cli-input-json` takes it, several in an
array, what `aws logs describe-metric-filters` prints, or a CloudFormation template; or it is a
folder of such files. All are answered in one pass.

An ALARM is a statistic (Sum unless another is named), a comparison, a number, and in how many
periods it has to hold: '>= 10 for 3', 'Maximum > 1e6 for 2 of 3'. Periods without a data point
do not breach. The exit code is 1 if the alarm is in ALARM in any period.

Examples:
  flowagg metric --filter rules/accept_bytes_filter.json logs/
  flowagg metric --pattern '[..., action=REJECT, status]' --period 300 logs/
  flowagg metric --pattern '[..., bytes, start, end, action, status]' --value '$bytes' logs/
  flowagg metric --pattern ERROR --format clf --alarm '> 0' app.log
  flowagg metric --check --filter template.json";

const METRIC_USAGE: &str = "\
flowagg metric [OPTIONS] --pattern <PATTERN> [PATH]...
       flowagg metric [OPTIONS] --filter <FILE> [PATH]...";

const METRIC_LIMIT_HELP: &str =
    "How many combinations of dimensions' values are listed; 0 for all [default: 10]";

/// `flowagg metric`.
#[derive(Debug, Args)]
#[command(override_usage = METRIC_USAGE, after_long_help = METRIC_HELP)]
#[command(mut_arg("limit", |arg| arg.help(METRIC_LIMIT_HELP)))]
pub struct MetricOptions {
    /// Files, plain or compressed, and folders; `-`, or none, is standard input
    #[arg(value_name = "PATH", help_heading = "Input", display_order = 1)]
    pub paths: Vec<PathBuf>,

    /// Which events count.
    #[command(flatten)]
    pub events: EventOptions,

    /// Events that match, as CloudWatch writes it
    #[arg(
        short,
        long,
        value_name = "PATTERN",
        help_heading = "Filter",
        allow_hyphen_values = true
    )]
    pub pattern: Option<String>,

    /// Metric filters, as aws or CloudFormation have them; may be repeated
    #[arg(short, long, value_name = "FILE", help_heading = "Filter", conflicts_with_all = [
        "pattern", "value", "default", "unit", "dimension", "name",
    ])]
    pub filter: Vec<PathBuf>,

    /// What a match adds: a number, '$bytes' or '$.bytes' [default: 1]
    #[arg(long, value_name = "VALUE", help_heading = "Filter", allow_hyphen_values = true)]
    pub value: Option<String>,

    /// What every other event adds; without it, nothing
    #[arg(long, value_name = "NUMBER", value_parser = number, help_heading = "Filter")]
    #[arg(allow_negative_numbers = true)]
    pub default: Option<f64>,

    /// A series for each value: NAME='$field'; up to three
    #[arg(long, value_name = "NAME=VALUE", value_parser = dimension, help_heading = "Filter")]
    pub dimension: Vec<(String, String)>,

    /// The metric's unit, such as Bytes [default: None]
    #[arg(long, value_name = "UNIT", help_heading = "Filter", hide_short_help = true)]
    pub unit: Option<String>,

    /// The metric's name [default: that of the value]
    #[arg(long, value_name = "NAME", help_heading = "Filter", hide_short_help = true)]
    pub name: Option<String>,

    /// Who adds the default: every other `event`, or a `minute` without a match
    #[arg(long, value_name = "EACH", help_heading = "Filter", hide_possible_values = true)]
    #[arg(hide_short_help = true)]
    pub default_for: Option<DefaultEach>,

    /// The length of a period, a multiple of 60 [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = period, help_heading = "Output")]
    pub period: Option<u32>,

    /// Mark periods in ALARM, such as '>= 10 for 3'; exit with 1 if any
    #[arg(long, value_name = "ALARM", value_parser = Alarm::parse, help_heading = "Output")]
    pub alarm: Option<Alarm>,

    /// Only check filters, as strictly as CloudWatch
    #[arg(long, help_heading = "Diagnostics", conflicts_with_all = [
        "paths", "format", "by_name", "start", "end", "last", "expressions", "period", "alarm",
        "default_for", "explain",
    ])]
    pub check: bool,

    /// What can be typed before the command too.
    #[command(flatten)]
    pub common: Common,
}

/// What the default of a metric filter is added for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DefaultEach {
    /// Every event that does not match, as CloudWatch was seen to do
    Event,
    /// Every minute with events of which none matches, as its guide says
    Minute,
}

impl From<DefaultEach> for DefaultFor {
    fn from(each: DefaultEach) -> Self {
        match each {
            DefaultEach::Event => Self::Event,
            DefaultEach::Minute => Self::Minute,
        }
    }
}

/// A number that a metric may have.
fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "expected a number such as 0 or 1.5".to_owned())
}

/// `NAME=VALUE`.
fn dimension(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| {
        "expected a name and a selector such as Action='$action' (in quotes, since shells take \
         `$action` for a variable)"
            .to_owned()
    })
}

const TEST_HELP: &str = "\
Every line of FILE is an event, except empty ones. The numbers of events count from 1. A line of
1 MiB or more is no event but a fault, exit code 1; those after it are tested.

Examples:
  flowagg test-pattern '[ip, ..., status=4*, bytes]' access.log
  echo '[ERROR 401] UNAUTHORIZED' | flowagg test-pattern 'ERROR -timeout' -o json";

/// `flowagg test-pattern`.
#[derive(Debug, Args)]
#[command(after_long_help = TEST_HELP, mut_arg("columns", |arg| arg.hide(true)))]
pub struct TestOptions {
    /// A metric filter pattern, as CloudWatch writes it
    #[arg(value_name = "PATTERN", help_heading = "Input", allow_hyphen_values = true)]
    pub pattern: String,

    /// A file with an event on each line, plain, gzip or zstd; `-`, or none, is standard input
    #[arg(value_name = "FILE", help_heading = "Input")]
    pub file: Option<PathBuf>,

    /// How matches are written.
    #[command(flatten)]
    pub output: Output,
}
