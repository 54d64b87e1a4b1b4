//! What can be typed after `flowagg cut`.

use std::path::PathBuf;

use clap::Args;

use super::{Common, FORMAT_HELP, Format, LineFormat, formats};

const CUT_HELP: &str = "\
Writes the records of logs out again, in the order in which they were read: a grep that knows flow
logs, and a converter of all that flowagg reads. Without FIELDS whole lines leave as they stand,
with the header that they need; as csv, tsv or parquet they have the columns of the first record,
as json and ndjson each has its own.

FIELDS are names such as srcaddr,bytes in any spelling that flowagg reads, or short: src,dport.
The first argument is FIELDS if it can be read so (a file that is called like a field is read as
./bytes); or type -f FIELDS.

What is written is read again by flowagg, but for csv and tsv of one column alone: that is a text to
it, and quotes in it stay. Where there is no value, text has `-`, csv and tsv have nothing, json and
ndjson null. Times are seconds. Records of no traffic (NODATA, SKIPDATA) are records too. With -n
the first N records are written, and no more is read. Records leave as they are read, also with
--strict: then the exit code is 1 if something was wrong. Exit codes are otherwise those of
`flowagg --help`: 0 also if there was no record.

Examples:
  flowagg cut logs/ > one.log
  flowagg cut srcaddr,dstaddr,dstport,bytes -o csv logs/ > flows.csv
  flowagg cut -o parquet logs/ > flows.parquet
  zcat *.gz | flowagg cut srcaddr -n 10 --no-header | sort | uniq -c";

const LIMIT_HELP: &str = "How many records are written, the first ones [default: all]";

const OUTPUT_HELP: &str =
    "text, csv, tsv, json, ndjson, parquet [default: text]; --no-header, --csv-safe";

/// What records are written as.
const RECORDS: [Format; 6] =
    [Format::Text, Format::Csv, Format::Tsv, Format::Json, Format::Ndjson, Format::Parquet];

/// `flowagg cut`.
#[derive(Debug, Args)]
#[command(after_long_help = CUT_HELP, override_usage = "flowagg cut [OPTIONS] [FIELDS] [PATH]...")]
#[command(mut_arg("limit", |arg| arg.help(LIMIT_HELP)))]
#[command(mut_arg("output", |arg| {
    arg.help(OUTPUT_HELP).long_help(OUTPUT_HELP).value_parser(formats(&RECORDS))
}))]
// Fields are the columns, and numbers stand as in the log.
#[command(mut_arg("columns", |arg| arg.hide(true)), mut_arg("units", |arg| arg.hide(true)))]
#[command(mut_arg("color", |arg| arg.hide(true)))]
pub struct CutOptions {
    /// Fields such as srcaddr,bytes; then files and folders; `-` or none: standard input
    #[arg(value_name = "FIELDS|PATH", help_heading = "Input", display_order = 1)]
    pub arguments: Vec<PathBuf>,

    /// The fields, where the first argument is a path
    #[arg(short, long, value_name = "FIELDS", help_heading = "Output")]
    pub fields: Option<String>,

    /// What a line is.
    #[arg(long, value_name = "FORMAT", value_parser = LineFormat::parse, help_heading = "Input")]
    #[arg(help = FORMAT_HELP, display_order = 2)]
    pub format: Option<LineFormat>,

    /// What can be typed before the command too.
    #[command(flatten)]
    pub common: Common,
}
