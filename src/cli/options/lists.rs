//! What can be typed after `top`, `sum`, `series`, `merge` and `find`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use flowagg::lists::Condition;
use flowagg::{Counting, PERIOD_SECONDS};

use super::naming::NamingOptions;
use super::{Common, FORMAT_HELP, Format, LineFormat, SHEETS, formats};

const KEYS_HELP: &str = "\
KEYS are fields by any of their names, with commas between: srcaddr,dstport; short words: src, dst,
sport, dport, proto, interface, account; several at once: pair (srcaddr,dstaddr), 5tuple, svc
(protocol-name,dstport); prefixes: src/24, dst/16/48 (IPv6 then has 48 bits, else 64); and names:
protocol-name, srcport-name, dstport-name, and with --names, --geoip, --asn and --aws-ranges
src-name, interface-name, src-country, dst-asn, dst-aws-service and so on. The first argument is
KEYS if it can be read so (a file that is called like a key is read as ./src); or type -k KEYS.
";

const MEASURES_HELP: &str = "\
Measures are bytes, packets, records, unique(KEY) for the number of different values, and max, min,
avg or sum of a number field: max(bytes). Several with commas between are columns beside the first.
";

const SCOPE_HELP: &str = "\
Records without traffic (NODATA, SKIPDATA) are left out, unless --where asks for log-status.
";

const TOP_HELP: &str = "\
Ranks contributors: who sent most, to whom, over which port. Without KEYS it is srcaddr, without
--by it is bytes. Below the list stand all others together, and all of them.

{KEYS}
{MEASURES}
With --count once, flows that more than one interface recorded count once: of the records of equal
addresses, ports, protocol and action only those of one interface do, the one with the larger sum.
Without it every record counts, as CloudWatch does.

Examples:
  flowagg top src,dstport logs/
  flowagg top dst/16 --by 'unique(src),bytes' --where 'action reject' logs/
  flowagg top --top src --top dst,dstport --top svc logs/
  flowagg top pair --by records --having 'bytes > 1g' -o csv logs/";

const SUM_HELP: &str = "\
Adds up records, packets and bytes by KEYS, all of them, in the order of the keys' texts. Without
KEYS it is one row of everything.

{KEYS}
{MEASURES}
Examples:
  flowagg sum action,protocol-name logs/
  flowagg sum dst-country --geoip GeoLite2-Country.mmdb --where outbound logs/
  flowagg sum src --by 'min(start),max(end),records' -o parquet logs/ > seen.parquet";

const SERIES_HELP: &str = "\
Values over time: in tables a line for each contributor with its course in a few characters, in all
other formats a row for each bin in which it has a value. Without KEYS all records together. A bin
begins at a multiple of its length since 1970; a record belongs to the bin that its `start` lies
in. Bins without records are not listed.

{KEYS}
A measure is bytes, packets, records, unique(KEY) for the number of different values, or max, min
or sum of a number field: max(bytes). A series is of one.

{SCOPE}
Examples:
  flowagg series --bin 1h logs/
  flowagg series action --bin 5m -o csv logs/
  flowagg series dst-name --names hosts.csv --by 'unique(src)' --bin 1d logs/";

const MERGE_HELP: &str = "\
Writes one record for each flow: the packets and bytes of all its records, the first start and the
last end, in the order in which they begin. A flow is what has equal FIELDS; without FIELDS that is
interface-id, both addresses and ports, protocol and action. As text it is a flow log with a header
again, in which a blank in a name is %20, and prefixes and names are columns of text, but no keys.

Examples:
  flowagg merge logs/ > flows.log
  flowagg merge srcaddr,dstaddr -o csv logs/";

const FIND_HELP: &str = "\
Tells of addresses and prefixes whether and when they occur, what they sent and received, how much
of that was accepted and rejected, with how many peers and over how many destination ports.
@FILE is a list of them, one a line; what follows a blank or # is a remark. All leading arguments
that are addresses, prefixes or @FILE are looked for, what follows are paths.

With --records the records themselves are written, as text, csv, tsv, json, ndjson or parquet. As
text these have a header only where they would be read as others without: before records of any
layout but version 2 and those that show theirs by their values, and again where it changes. What
is not found is named on standard error, unless -n ends the run before all is read.

Exit codes: 0 if any is found, 1 if none is, as grep has it; 2 for wrong usage, or if something
could not be read or written.

Examples:
  flowagg find 203.0.113.7 logs/
  flowagg find 10.0.0.0/24 @iocs.txt --last 7d -o json logs/
  flowagg find 203.0.113.7 --records logs/";

/// What all lists have in common.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Keys such as src,dstport; then files and folders; `-` or none: standard input
    #[arg(value_name = "KEYS|PATH", help_heading = "Input", display_order = 1)]
    pub arguments: Vec<PathBuf>,

    /// The keys, where the first argument is a path
    #[arg(short, long, value_name = "KEYS", help_heading = "List")]
    pub keys: Option<String>,

    /// What a line is.
    #[arg(long, value_name = "FORMAT", value_parser = LineFormat::parse, help_heading = "Input")]
    #[arg(help = FORMAT_HELP, display_order = 2)]
    pub format: Option<LineFormat>,

    /// List only what this holds of, such as 'bytes > 1g'; may be repeated
    #[arg(long, value_name = "CONDITION", value_parser = condition, help_heading = "List")]
    pub having: Vec<Condition>,

    /// Flows seen by several interfaces: every record or once [default: every]
    #[arg(long, value_name = "HOW", help_heading = "List", hide_possible_values = true)]
    pub count: Option<Count>,

    /// Where names come from.
    #[command(flatten)]
    pub naming: NamingOptions,

    /// What can be typed before the command too.
    #[command(flatten)]
    pub common: Common,
}

/// What lists measure.
#[derive(Debug, Args)]
pub struct ByArgs {
    /// Measures: bytes, packets, records, unique(KEY), max(bytes), ...
    #[arg(long, value_name = "MEASURES", help_heading = "List")]
    pub by: Option<String>,
}

/// How often flows count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Count {
    /// Every record
    Every,
    /// At one interface
    Once,
}

impl From<Count> for Counting {
    fn from(count: Count) -> Self {
        match count {
            Count::Every => Self::Every,
            Count::Once => Self::Once,
        }
    }
}

fn condition(text: &str) -> Result<Condition, String> {
    Condition::parse(text).map_err(|error| error.to_string())
}

/// Seconds of a bin: `60`, `5m`, `1h`, `1d`.
fn bin(text: &str) -> Result<u32, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "" | "s" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let seconds = unit.and_then(|unit| number.parse::<u32>().ok()?.checked_mul(unit));
    let is_valid = |seconds: &u32| PERIOD_SECONDS.contains(seconds) && seconds.is_multiple_of(60);
    seconds.filter(is_valid).ok_or_else(|| {
        "expected a bin of whole minutes up to a day, such as 1m, 5m, 1h or 1d".to_owned()
    })
}

/// `flowagg top`.
#[derive(Debug, Args)]
#[command(after_long_help = text(TOP_HELP), override_usage = usage("top", "KEYS"))]
pub struct TopOptions {
    /// What all lists have.
    #[command(flatten)]
    pub list: ListArgs,

    /// A list by these keys; may be repeated, for several lists in one pass
    #[arg(long, value_name = "KEYS", help_heading = "List")]
    pub top: Vec<String>,

    /// The smallest first
    #[arg(long, help_heading = "List")]
    pub asc: bool,

    /// What is measured.
    #[command(flatten)]
    pub by: ByArgs,
}

/// `flowagg sum`.
#[derive(Debug, Args)]
#[command(after_long_help = text(SUM_HELP), override_usage = usage("sum", "KEYS"))]
#[command(mut_arg("limit", |arg| arg.help("How many rows are listed, the first [default: all]")))]
pub struct SumOptions {
    /// What all lists have.
    #[command(flatten)]
    pub list: ListArgs,

    /// What is measured.
    #[command(flatten)]
    pub by: ByArgs,
}

/// `flowagg series`.
#[derive(Debug, Args)]
#[command(after_long_help = text(SERIES_HELP), override_usage = usage("series", "KEYS"))]
#[command(mut_arg("by", |arg| {
    arg.value_name("MEASURE").help("Of what: bytes, packets, records, unique(KEY), max(bytes)")
}))]
pub struct SeriesOptions {
    /// What all lists have.
    #[command(flatten)]
    pub list: ListArgs,

    /// The length of a bin: 1m, 5m, 1h, 1d [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = bin, help_heading = "List")]
    pub bin: Option<u32>,

    /// The smallest first
    #[arg(long, help_heading = "List")]
    pub asc: bool,

    /// What is measured.
    #[command(flatten)]
    pub by: ByArgs,
}

const MERGE_OUTPUT_HELP: &str =
    "text, csv, tsv, json, ndjson, parquet, table or markdown [default: text]";

/// What flows and records that were found are written as.
const ALL: [Format; 8] = {
    let [table, json, ndjson, csv, tsv, markdown, parquet] = SHEETS;
    [Format::Text, table, json, ndjson, csv, tsv, markdown, parquet]
};

/// `flowagg merge`.
#[derive(Debug, Args)]
#[command(after_long_help = MERGE_HELP, override_usage = usage("merge", "FIELDS"))]
#[command(mut_arg("limit", |arg| arg.help("How many flows are written [default: all]")))]
#[command(mut_arg("output", |arg| {
    arg.help(MERGE_OUTPUT_HELP).long_help(MERGE_OUTPUT_HELP).value_parser(formats(&ALL))
}))]
#[command(mut_arg("arguments", |arg| {
    arg.value_name("FIELDS|PATH")
        .help("Fields such as srcaddr,dstaddr; then files and folders; `-` or none: standard input")
}))]
#[command(mut_arg("keys", |arg| {
    arg.value_name("FIELDS").help("The fields, where the first argument is a path")
}))]
pub struct MergeOptions {
    /// What all lists have.
    #[command(flatten)]
    pub list: ListArgs,
}

const FIND_OUTPUT_HELP: &str = "table, json, ndjson, csv, tsv, markdown or parquet \
     [default: table]; with --records text, csv, tsv, json, ndjson or parquet [default: text]";

const FIND_COLUMNS_HELP: &str =
    "Only these columns, in this order, such as target,bytes; not with --records";

/// `flowagg find`.
#[derive(Debug, Args)]
#[command(after_long_help = FIND_HELP)]
#[command(override_usage = "flowagg find [OPTIONS] ADDRESS|PREFIX|@FILE... [PATH]...")]
#[command(mut_arg("limit", |arg| arg.help("With --records: how many are written [default: all]")))]
#[command(mut_arg("output", |arg| {
    arg.help(FIND_OUTPUT_HELP).long_help(FIND_OUTPUT_HELP).value_parser(formats(&ALL))
}))]
#[command(mut_arg("columns", |arg| arg.help(FIND_COLUMNS_HELP).long_help(FIND_COLUMNS_HELP)))]
pub struct FindOptions {
    /// Addresses, prefixes and @FILEs; then files and folders; `-` or none: standard input
    #[arg(value_name = "TARGET|PATH", help_heading = "Input", display_order = 1)]
    #[arg(required = true)]
    pub arguments: Vec<PathBuf>,

    /// Write the records themselves, as they stand in the logs
    #[arg(long, help_heading = "Output")]
    pub records: bool,

    /// What a line is.
    #[arg(long, value_name = "FORMAT", value_parser = LineFormat::parse, help_heading = "Input")]
    #[arg(help = FORMAT_HELP, display_order = 2)]
    pub format: Option<LineFormat>,

    /// What can be typed before the command too.
    #[command(flatten)]
    pub common: Common,
}

fn text(help: &'static str) -> String {
    help.replace("{KEYS}", KEYS_HELP.trim_end())
        .replace("{MEASURES}", &format!("{MEASURES_HELP}\n{SCOPE_HELP}"))
        .replace("{SCOPE}", SCOPE_HELP)
}

fn usage(verb: &str, words: &str) -> String {
    format!("flowagg {verb} [OPTIONS] [{words}] [PATH]...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins() {
        for (text, seconds) in [("60", 60), ("5m", 300), ("1h", 3_600), ("1d", 86_400)] {
            assert_eq!(bin(text), Ok(seconds));
        }
        for wrong in ["", "0", "30", "90s", "2d", "1w", "m", "-1m", "1.5h"] {
            assert!(bin(wrong).is_err(), "{wrong}");
        }
    }
}
