//! What can be typed. The doc comments here are the help.

mod common;
mod cut;
mod generate;
mod lists;
mod metric;
mod naming;
mod output;
mod rule;
mod setup;
mod size;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use flowagg::{Error, Layout};

pub use common::Common;
pub use cut::CutOptions;
pub use generate::GenerateOptions;
pub use lists::{
    Count, FindOptions, ListArgs, MergeOptions, SeriesOptions, SumOptions, TopOptions,
};
pub use metric::{MetricOptions, TestOptions};
pub use output::{Format, Output};
use output::{SHEETS, formats};
use rule::period;
pub use rule::{EventOptions, RuleOptions};
pub use setup::{CompletionsOptions, ManOptions};

const EXAMPLES: &str = "\
Examples:
  flowagg logs/                          a folder, with the folders in it, plain and .gz
  zcat *.log.gz | flowagg                standard input
  flowagg -n 3 -o json flows.log         three contributors, as JSON
  flowagg top src,dstport logs/          who sent most, over which port
  flowagg sum action,protocol-name logs/ all of it, by keys
  flowagg series action --bin 1h logs/   hour by hour
  flowagg find 203.0.113.7 logs/         whether, when and with whom an address talked
  flowagg merge logs/ > flows.log        a record for each flow
  flowagg rule rules/top_srcaddr_rule.json logs/
                                         a Contributor Insights rule
  flowagg rule --check template.json     the rules of a CloudFormation template, checked only
  flowagg metric --pattern '[..., action=REJECT, status]' logs/
                                         a metric filter, minute by minute
  flowagg test-pattern ERROR app.log     the lines that a metric filter pattern matches
  flowagg info logs/                     what the logs are, and what they lack
  flowagg cut srcaddr,dstport -o csv logs/
                                         records out again, as CSV
  flowagg gen --lines 1000000 > try.log  made-up flow logs

A file that is called like a command, such as `rule`, is read as ./rule.

Exit codes:
  0  the answer is whole (malformed lines are counted, and do not change that); or all rules
     are valid
  1  something could not be read, used or written; whatever could be is answered.
     Nothing is printed if no line could be read, if contributors outgrew the memory and could
     not be written to a temporary file either, or if --strict found a malformed line;
     also 1 if all records were malformed, if --check found a rule or filter that is not
     valid, or if an --alarm is in ALARM
  2  wrong usage, a bad rule or a bad pattern: nothing was run
  130, 143  stopped by Ctrl-C (SIGINT) or SIGTERM: standard output holds no answer, or only the
     beginning of one; standard error says which

Environment:
  TMPDIR        where temporary files are made, without --temp-dir
  FLOWAGG_SIMD  portable, neon, avx2 or avx512: use these instructions instead of the best ones
  NO_COLOR      if set and not empty, no colours; there are none but on a terminal, or with
                --color always";

const ABOUT: &str = "Question AWS VPC flow logs: bytes accepted, bytes rejected, top contributors";

const USAGE: &str = "\
flowagg [OPTIONS] [PATH]...
       flowagg COMMAND [OPTIONS] ...";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "flowagg",
    version,
    about = ABOUT,
    override_usage = USAGE,
    after_long_help = EXAMPLES,
    subcommand_help_heading = "Commands (without one: a summary)",
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do instead of a summary.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Files, plain or compressed, and folders; `-`, or none, is standard input
    #[arg(value_name = "PATH", help_heading = "Input", display_order = 1)]
    pub paths: Vec<PathBuf>,

    /// What a line is.
    #[arg(long, value_name = "FORMAT", value_parser = LineFormat::parse, help_heading = "Input")]
    #[arg(help = FORMAT_HELP, display_order = 3)]
    pub format: Option<LineFormat>,

    /// What can be typed before a command and after it.
    #[command(flatten)]
    pub common: Common,
}

/// What to do instead of a summary.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Rank who sent most, to whom, over which port
    Top(TopOptions),
    /// Add up records, packets and bytes by any keys
    Sum(SumOptions),
    /// Show values over time
    Series(SeriesOptions),
    /// Tell where addresses and prefixes occur
    Find(FindOptions),
    /// Run a CloudWatch Contributor Insights rule
    Rule(RuleOptions),
    /// Run CloudWatch metric filters: the series that they would have published
    Metric(MetricOptions),
    /// Test a metric filter pattern: the events of a file that match
    TestPattern(TestOptions),
    /// Tell what logs are: layouts, accounts, times, gaps, what they lack
    Info(SurveyOptions),
    /// Write records out again: filtered, some columns, as text, CSV, JSON or Parquet
    Cut(CutOptions),
    /// Write one record for each flow
    Merge(MergeOptions),
    /// Write made-up flow logs to standard output
    Gen(GenerateOptions),
    /// Write what a shell needs to complete this command
    Completions(CompletionsOptions),
    /// Write the manual
    Man(ManOptions),
}

const SURVEY_HELP: &str = "\
Tells of the logs: what they are wrapped in and their columns, versions, accounts, regions and
interfaces; the time they span and its gaps; flows that may be counted twice; and what cannot be
told for want of fields. With -o json also each file with its tally.

Of more than 16 MiB, flows of every 64th source port are looked at for doubles.

Examples:
  flowagg info logs/
  flowagg info -o json logs/ | jq '.files[] | {path, container, malformed: .tally.malformed}'";

const SURVEY_OUTPUT_HELP: &str = "table, which is a page, or json [default: table]";
const SURVEY_LIMIT_HELP: &str =
    "How many accounts, interfaces and so on are listed; 0 for all [default: 5]";
const SURVEY_EXPLAIN_HELP: &str = "Only tell the plan: what is read, what counts, what is told";

/// `flowagg info`.
#[derive(Debug, Args)]
#[command(after_long_help = SURVEY_HELP)]
#[command(mut_arg("output", |arg| {
    let arg = arg.help(SURVEY_OUTPUT_HELP).long_help(SURVEY_OUTPUT_HELP);
    arg.value_parser(formats(&[Format::Table, Format::Json]))
}))]
#[command(mut_arg("columns", |arg| arg.hide(true)), mut_arg("no_header", |arg| arg.hide(true)))]
#[command(mut_arg("units", |arg| arg.hide(true)), mut_arg("csv_safe", |arg| arg.hide(true)))]
#[command(mut_arg("limit", |arg| arg.help(SURVEY_LIMIT_HELP)))]
#[command(mut_arg("explain", |arg| arg.help(SURVEY_EXPLAIN_HELP)))]
pub struct SurveyOptions {
    /// Files, plain or compressed, and folders; `-`, or none, is standard input
    #[arg(value_name = "PATH", help_heading = "Input", display_order = 1)]
    pub paths: Vec<PathBuf>,

    /// What a line is.
    #[arg(long, value_name = "FORMAT", value_parser = LineFormat::parse, help_heading = "Input")]
    #[arg(help = FORMAT_HELP, display_order = 2)]
    pub format: Option<LineFormat>,

    /// What can be typed before the command too.
    #[command(flatten)]
    pub common: Common,
}

const FORMAT_HELP: &str = "Columns where no header is: v2-v5, v7-v11, tgw, '${srcaddr} ...'";
const EVENT_FORMAT_HELP: &str =
    "Columns where no header is: v2-v5, v7-v11, tgw, '${srcaddr} ...'; clf: words";

/// What a line of a log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFormat {
    /// A flow-log record, whose columns its file says.
    Flow,
    /// Words, quoted texts and texts in brackets.
    Clf,
    /// A flow-log record with these columns, where no header says others.
    Layout(Layout),
}

impl LineFormat {
    /// Reads what was typed.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        match text.trim() {
            "flow" => Ok(Self::Flow),
            "clf" => Ok(Self::Clf),
            text => Layout::parse(text).map(Self::Layout),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::builder::PossibleValue;

    use super::*;

    #[test]
    fn clap_accepts_the_definition() {
        Cli::command().debug_assert();
    }

    /// What is refused anyway is not offered.
    #[test]
    fn help_offers_what_there_is() {
        let mut command = Cli::command();
        command.build();
        let mut check = |verb: &str, has: &[&str], lacks: &[&str]| {
            let verb = command.find_subcommand_mut(verb).unwrap();
            let output = verb.get_arguments().find(|argument| argument.get_id() == "output");
            let values = output.unwrap().get_possible_values();
            let values = values.iter().filter(|value| !value.is_hide_set());
            let values: Vec<&str> = values.map(PossibleValue::get_name).collect();
            let texts = [verb.render_help().to_string(), verb.render_long_help().to_string()];
            for text in texts {
                let text = format!("{text}\n -o {}", values.join(" -o "));
                for word in has {
                    assert!(text.contains(word), "{word}: {text}");
                }
                for word in lacks {
                    assert!(!text.contains(word), "{word}: {text}");
                }
            }
        };
        let page = ["-o csv", "-o text", "--columns", "--no-header", "SQL", "plain or gzip"];
        check("info", &["-o table -o json", "[default: 5]"], &page);
        let records = ["--columns", "--units", "--color", "-o table", "-o markdown"];
        check("cut", &["-o text", "-o parquet"], &records);
        let other = ["[default: table]", "KEYS|PATH", "<KEYS>"];
        check("merge", &["[default: text]", "[FIELDS|PATH]", "-o text", "-o table"], &other);
        check("series", &["<MEASURE>"], &["-o text", "avg", "Several with commas"]);
        check("top", &["-o table"], &["-o text"]);
        check("metric", &["combinations"], &["plain, gzip or zstd", "contributors", "-o text"]);
        check("test-pattern", &["-o table"], &["--columns", "-o text"]);
    }

    #[test]
    fn short_help_fits_a_screen() {
        let mut command = Cli::command();
        command.build();
        let mut all = vec![command.render_help()];
        all.extend(command.get_subcommands_mut().map(|command| command.render_help()));
        for help in all {
            let help = help.to_string();
            assert!(help.lines().count() <= 42, "{help}");
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        }
    }
}
