//! What can be typed. The doc comments here are the help.

mod metric;
mod size;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use flowagg::generate::Options;
use flowagg::{Error, Layout, Order, PERIOD_SECONDS, Selection};

use super::when::When;
pub use metric::{MetricOptions, TestOptions};

const EXAMPLES: &str = "\
Examples:
  flowagg logs/                          a folder, with the folders in it, plain and .gz
  zcat *.log.gz | flowagg                standard input
  flowagg -n 3 -o json flows.log         three contributors, as JSON
  flowagg rule rules/top_srcaddr_rule.json logs/
                                         a Contributor Insights rule
  flowagg rule --check template.json     the rules of a CloudFormation template, checked only
  flowagg metric --pattern '[..., action=REJECT, status]' logs/
                                         a metric filter, minute by minute
  flowagg test-pattern ERROR app.log     the lines that a metric filter pattern matches
  flowagg info logs/                     what the logs are, and what they lack
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

Environment:
  TMPDIR        where temporary files are made, without --temp-dir
  FLOWAGG_SIMD  portable, neon, avx2 or avx512: use these instructions instead of the best ones
  NO_COLOR      if set and not empty, no colours; there are none but on a terminal";

const ABOUT: &str = "Question AWS VPC flow logs: bytes accepted, bytes rejected, top contributors";

const USAGE: &str = "\
flowagg [OPTIONS] [PATH]...
       flowagg rule [OPTIONS] RULE [PATH]...
       flowagg metric [OPTIONS] --pattern <PATTERN> | --filter <FILE> [PATH]...
       flowagg test-pattern [OPTIONS] PATTERN [FILE]
       flowagg info [OPTIONS] [PATH]...
       flowagg gen [OPTIONS] --lines <N>";

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

    /// Files and folders, plain, gzip, zstd or Parquet; `-`, or none, is standard input
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
    /// Run a CloudWatch Contributor Insights rule
    Rule(RuleOptions),
    /// Run CloudWatch metric filters: the series that they would have published
    Metric(MetricOptions),
    /// Test a metric filter pattern: the events of a file that match
    TestPattern(TestOptions),
    /// Tell what logs are: layouts, accounts, times, gaps, what they lack
    Info(SurveyOptions),
    /// Write made-up flow logs to standard output
    Gen(GenerateOptions),
}

const SURVEY_HELP: &str = "\
Tells of the logs: what they are wrapped in and their columns, versions, accounts, regions and
interfaces; the time they span and its gaps; flows that may be counted twice; and what cannot be
told for want of fields. With -o json also each file with its tally.

Of more than 16 MiB, flows of every 64th source port are looked at for doubles.

Examples:
  flowagg info logs/
  flowagg info -o json logs/ | jq '.files[] | {path, container, malformed: .tally.malformed}'";

/// `flowagg info`.
#[derive(Debug, Args)]
#[command(after_long_help = SURVEY_HELP)]
pub struct SurveyOptions {
    /// Files and folders, plain or gzip; `-`, or none, is standard input
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

const RULE_HELP: &str = "\
A RULE is a JSON file with a rule as CloudWatch takes it, or with several in an array; a
CloudFormation template (`cdk synth --json`); what `aws cloudwatch describe-insight-rules` prints
or `put-insight-rule --cli-input-json` takes; a folder of such files; or `-`, standard input.
Many rules are answered in one pass.

Times are 2026-01-31, 2026-01-31T12:00:00Z, 2026-01-31T12:00:00+01:00, seconds since 1970, or
back from the newest record: 90m, 2h, 7d. A record's time is its `start`, that of a JSON event
its `timestamp`.

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
pub struct RuleOptions {
    /// A rule or many: JSON of CloudWatch, CloudFormation or aws, or a folder
    #[arg(value_name = "RULE", help_heading = "Input", display_order = 0)]
    pub rule: PathBuf,

    /// Files and folders, plain, gzip, zstd or Parquet; `-`, or none, is standard input
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
        "explain", "format", "by_name", "start", "end", "period", "order_by",
    ])]
    pub check: bool,

    /// Only tell the plan, and the same question in SQL and to CloudWatch Logs
    #[arg(long, help_heading = "Diagnostics", conflicts_with_all = [
        "format", "start", "end", "period", "order_by",
    ])]
    pub explain: bool,

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

    /// Only records from this time on
    #[arg(long, value_name = "TIME", value_parser = When::parse, help_heading = "Input")]
    #[arg(display_order = 5)]
    pub start: Option<When>,

    /// Only records before this time
    #[arg(long, value_name = "TIME", value_parser = When::parse, help_heading = "Input")]
    #[arg(display_order = 6)]
    pub end: Option<When>,
}

const FORMAT_HELP: &str = "Columns where no header is: v2 to v11, tgw, '${srcaddr} ...'";
const EVENT_FORMAT_HELP: &str =
    "Columns where no header is: v2 to v11, tgw, '${srcaddr} ...'; clf: words";

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
    fn parse(text: &str) -> Result<Self, Error> {
        match text.trim() {
            "flow" => Ok(Self::Flow),
            "clf" => Ok(Self::Clf),
            text => Layout::parse(text).map(Self::Layout),
        }
    }
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
fn period(text: &str) -> Result<u32, String> {
    let is_valid = |seconds: &u32| PERIOD_SECONDS.contains(seconds) && seconds.is_multiple_of(60);
    let seconds = text.parse().ok().filter(is_valid);
    seconds.ok_or_else(|| {
        let (first, last) = (PERIOD_SECONDS.start(), PERIOD_SECONDS.end());
        format!("expected seconds, a multiple of 60 from {first} to {last} such as 300")
    })
}

/// A glob, as it is typed.
fn glob(text: &str) -> Result<String, String> {
    let checked = Selection::new().include(text);
    checked.map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Options of everything that reads flow logs. All are optional, so that what is typed after a
/// command can win over what is typed before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Common {
    /// Of folders, only files of this name or path; also --exclude
    ///
    /// A glob such as '*.log.gz' is one of names, one such as '2026/01/**' of paths within the
    /// folder. There are *, ?, [a-z], {a,b} and, for folders, **. May be repeated; a file that
    /// matches any of them is read
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Input")]
    include: Vec<String>,

    /// Of folders, no files of this name or path, even if included; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Input")]
    #[arg(hide_short_help = true)]
    exclude: Vec<String>,

    /// Give no answer if a line is malformed or an input cannot be read
    #[arg(long, help_heading = "Input")]
    strict: bool,

    /// Number of threads; 0 for one per core [default: 0]; also --memory
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(..=1024))]
    #[arg(help_heading = "Input")]
    threads: Option<u16>,

    /// Memory, such as 512MiB or 4g [default: half of what there is]
    ///
    /// Contributors that outgrow it go to a temporary file; the answer is the same, to the byte.
    /// Half of what there is means of the machine, or of the control group that this runs in. With
    /// little memory fewer threads run. k, m, g and t, also as KiB and so on, are powers of 1024;
    /// KB, MB, GB and TB of 1000. At least 32MiB
    #[arg(long, value_name = "SIZE", value_parser = size::memory, help_heading = "Input")]
    #[arg(hide_short_help = true)]
    memory: Option<u64>,

    /// Where temporary files are made [default: the system's folder for them]
    ///
    /// They have no names there, and vanish with the program, however it ends
    #[arg(long, value_name = "DIR", help_heading = "Input", hide_short_help = true)]
    temp_dir: Option<PathBuf>,

    /// How the answer is written: table, json or csv [default: table]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    #[arg(hide_possible_values = true)]
    output: Option<Format>,

    /// How many contributors are listed; 0 for all [default: 10]
    #[arg(short = 'n', long, value_name = "N", help_heading = "Output")]
    top: Option<usize>,

    /// No progress, warnings and tally on standard error; errors stay
    #[arg(short, long, help_heading = "Diagnostics")]
    quiet: bool,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: aligned, with rounded numbers beside the exact ones
    Table,
    /// For programs: exact integers
    Json,
    /// For spreadsheets and databases: exact integers
    Csv,
}

impl Common {
    /// These options, and `before` where they say nothing.
    pub fn or(self, before: Self) -> Self {
        Self {
            include: [before.include, self.include].concat(),
            exclude: [before.exclude, self.exclude].concat(),
            strict: self.strict || before.strict,
            threads: self.threads.or(before.threads),
            memory: self.memory.or(before.memory),
            temp_dir: self.temp_dir.or(before.temp_dir),
            output: self.output.or(before.output),
            top: self.top.or(before.top),
            quiet: self.quiet || before.quiet,
        }
    }

    /// Whether none was typed but how the answer is written.
    pub fn is_of_output(&self) -> bool {
        Self { output: None, ..self.clone() }.is_unset()
    }

    /// Whether none was typed.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }

    /// The files of folders that are read.
    pub fn selection(&self) -> Result<Selection, String> {
        let mut selection = Selection::new();
        for glob in &self.include {
            selection = selection.include(glob).map_err(|e| format!("--include {glob}: {e}"))?;
        }
        for glob in &self.exclude {
            selection = selection.exclude(glob).map_err(|e| format!("--exclude {glob}: {e}"))?;
        }
        Ok(selection)
    }

    /// Whether only a whole answer is one.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Whether only errors are to be told.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// How many threads; 0 for one per core.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or(0).into()
    }

    /// How much memory the run takes, if that was typed.
    pub fn memory(&self) -> Option<u64> {
        self.memory
    }

    /// Where temporary files are made, if that was typed.
    pub fn temp_dir(&self) -> Option<&Path> {
        self.temp_dir.as_deref()
    }

    /// How the answer is written.
    pub fn format(&self) -> Format {
        self.output.unwrap_or(Format::Table)
    }

    /// How many contributors are listed, unless it was typed.
    pub fn top_or(&self, top: usize) -> usize {
        self.top.unwrap_or(top)
    }

    /// How many contributors are listed; 0 for all.
    pub fn top(&self) -> usize {
        self.top.unwrap_or(10)
    }
}

/// `flowagg gen`.
#[derive(Debug, Args)]
pub struct GenerateOptions {
    /// How many records
    #[arg(long, value_name = "N")]
    pub lines: u64,

    /// Another seed gives another log; the same one gives the same bytes everywhere
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// Share of records with IPv6 addresses, such as 0.05 or 5%
    #[arg(long, value_name = "P", value_parser = share, default_value = "0")]
    pub ipv6: f64,

    /// Share of NODATA (and a few SKIPDATA) records
    #[arg(long, value_name = "P", value_parser = share, default_value = "2%")]
    pub nodata: f64,

    /// Share of REJECT among the others
    #[arg(long, value_name = "P", value_parser = share, default_value = "30%")]
    pub reject: f64,

    /// How many addresses there are to send from
    #[arg(long, value_name = "N", default_value_t = Options::default().contributors)]
    pub contributors: u32,

    /// Write a header line first
    #[arg(long)]
    pub header: bool,
}

/// A share: `0.05` or `5%`.
fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    let share = number.parse::<f64>().map(|number| number / unit);
    share
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a share such as 0.05 or 5%".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_accepts_the_definition() {
        Cli::command().debug_assert();
    }

    #[test]
    fn short_help_fits_a_screen() {
        let mut command = Cli::command();
        command.build();
        let [rule, metric, test, info] = ["rule", "metric", "test-pattern", "info"]
            .map(|name| command.find_subcommand_mut(name).unwrap().render_help());
        for help in [command.render_help(), rule, metric, test, info] {
            let help = help.to_string();
            assert!(help.lines().count() <= 34, "{help}");
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        }
    }

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
        assert_eq!((asked.period, asked.events.start), (Some(300), Some(When::Back(7_200))));
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

    #[test]
    fn the_defaults_are_the_generator_s() {
        let cli = Cli::try_parse_from(["flowagg", "gen", "--lines", "1"]).unwrap();
        let Some(Command::Gen(typed)) = cli.command else { panic!("no gen") };
        let defaults = Options::default();
        assert_eq!(typed.seed, defaults.seed);
        assert_eq!(
            (typed.ipv6, typed.nodata, typed.reject),
            (defaults.ipv6, defaults.no_data, defaults.reject)
        );
    }

    #[test]
    fn shares() {
        assert_eq!(share("0.05"), Ok(0.05));
        assert_eq!(share("5%"), Ok(0.05));
        assert_eq!(share("100%"), Ok(1.0));
        for wrong in ["", "%", "5", "-1%", "101%", "NaN", "x"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_stands_after_the_command_wins() {
        let parsed = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap();
        let cli = parsed("flowagg -n 3 --strict rule r.json -n 5 a.log");
        let Some(Command::Rule(rule)) = cli.command else { panic!("no rule") };
        let common = rule.common.or(cli.common);
        assert_eq!((common.top(), common.is_strict()), (5, true));
        assert_eq!(rule.paths, [PathBuf::from("a.log")]);
        let cli = parsed("flowagg --memory 2g --temp-dir /a rule r.json --memory 64MiB a.log");
        let Some(Command::Rule(rule)) = cli.command else { panic!("no rule") };
        let common = rule.common.or(cli.common);
        assert_eq!((common.memory(), common.temp_dir()), (Some(64 << 20), Some(Path::new("/a"))));
    }
}
