//! Options of everything that reads flow logs.

use std::path::{Path, PathBuf};

use clap::Args;
use flowagg::Selection;

use super::{Format, Output, size};
use crate::cli::when::Typed;

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
    #[arg(hide_short_help = true)]
    include: Vec<String>,

    /// Of folders, no files of this name or path, even if included; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Input")]
    #[arg(hide_short_help = true)]
    exclude: Vec<String>,

    /// Give no answer if a line is malformed or an input cannot be read
    #[arg(long, help_heading = "Input")]
    strict: bool,

    /// Number of threads; 0 for one per core [default: 0]
    #[arg(long, value_name = "N", value_parser = size::threads, allow_negative_numbers = true)]
    #[arg(help_heading = "Input", hide_short_help = true)]
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

    /// Only records of which this holds: 'src net 10.0.0.0/8 and port 22'
    ///
    /// Tests are `FIELD OPERATOR VALUE`, joined by and, or, not and parentheses: = != < <= > >= of
    /// numbers (with k, m, g, t, or ki and so on), `in [22 80 1024-65535]`, `in @FILE`, ~ and !~
    /// for 'regular expressions', `tcp-flags has syn,ack`. Fields are called as in headers, or as
    /// keys are: sport, dport, interface. `src`, `dst` or `either` before net, host, port or an
    /// address; `host`, `net` and `port` alone are either. May be repeated: then all have to hold.
    /// A value that is not there passes no test
    #[arg(long = "where", value_name = "EXPR", help_heading = "Filter")]
    expressions: Vec<String>,

    /// Only records from this time on; also --end and --last
    ///
    /// Times are 2026-01-31, 2026-01-31T12:00:00Z, 2026-01-31T12:00:00+01:00, seconds since 1970,
    /// or back from the newest record: 90m, 2h, 7d. A record belongs where its `start` lies, also
    /// if it ends later
    #[arg(long, value_name = "TIME", value_parser = Typed::parse, help_heading = "Filter")]
    #[arg(allow_hyphen_values = true)]
    start: Option<Typed>,

    /// Only records that start before this time
    #[arg(long, value_name = "TIME", value_parser = Typed::parse, help_heading = "Filter")]
    #[arg(hide_short_help = true, allow_hyphen_values = true)]
    end: Option<Typed>,

    /// Only records from so long before the newest on, such as 90m, 2h or 7d
    #[arg(long, value_name = "TIME", value_parser = Typed::parse_back, help_heading = "Filter")]
    #[arg(hide_short_help = true, allow_hyphen_values = true)]
    last: Option<Typed>,

    /// How the answer is written.
    #[command(flatten)]
    pub output: Output,

    /// How many contributors are listed; 0 for all [default: 10]
    #[arg(short = 'n', long, alias = "limit", value_name = "N", help_heading = "Output")]
    #[arg(value_parser = size::limit, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// No progress, warnings and tally on standard error; errors stay
    #[arg(short, long, help_heading = "Diagnostics")]
    quiet: bool,

    /// Only tell the plan: what is read, what counts, and the same question in DuckDB's SQL
    #[arg(long, help_heading = "Diagnostics", hide_short_help = true)]
    explain: bool,

    /// Write a manifest: JSON of what was read, what became of it, and what was answered
    ///
    /// Version, arguments and folder; the files of rules, filters, addresses and names; each input
    /// with its bytes, containers, columns, tally, the span of its records' start and its faults;
    /// the whole tally; and the SHA-256 of what was written to standard output. It is written when
    /// the run ends, at once. A file with anything in it that is no manifest is not overwritten.
    /// Best outside of the folders of logs, where the next run would read it
    #[arg(long, value_name = "FILE", help_heading = "Diagnostics", hide_short_help = true)]
    manifest: Option<PathBuf>,

    /// In the manifest, also the SHA-256 of each file
    ///
    /// Files are read once more for that, after the run. One that is not the same any more by its
    /// length, inode and time of change is a fault. Pipes and standard input have none, as they
    /// can be read once
    #[arg(long, help_heading = "Diagnostics", hide_short_help = true)]
    checksums: bool,
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
            expressions: [before.expressions, self.expressions].concat(),
            start: self.start.or(before.start),
            end: self.end.or(before.end),
            last: self.last.or(before.last),
            output: self.output.or(before.output),
            limit: self.limit.or(before.limit),
            quiet: self.quiet || before.quiet,
            explain: self.explain || before.explain,
            manifest: self.manifest.or(before.manifest),
            checksums: self.checksums || before.checksums,
        }
    }

    /// Whether none was typed but how the answer is written.
    pub fn is_of_output(&self) -> bool {
        Self { output: Output::default(), ..self.clone() }.is_unset()
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

    /// What has to hold of records, as it was typed.
    pub fn expressions(&self) -> &[String] {
        &self.expressions
    }

    /// Where the time begins that was asked for.
    pub fn start(&self) -> Option<&Typed> {
        self.start.as_ref()
    }

    /// Where it ends.
    pub fn end(&self) -> Option<&Typed> {
        self.end.as_ref()
    }

    /// How long before the newest record it begins.
    pub fn last(&self) -> Option<&Typed> {
        self.last.as_ref()
    }

    /// Whether a time was asked for.
    pub fn has_times(&self) -> bool {
        self.start.is_some() || self.end.is_some() || self.last.is_some()
    }

    /// Whether only a whole answer is one.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Whether only errors are to be told.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether the question is told instead of asked.
    pub fn explains(&self) -> bool {
        self.explain
    }

    /// Where the manifest is written, if that was typed.
    pub fn manifest(&self) -> Option<&Path> {
        self.manifest.as_deref()
    }

    /// Whether the manifest has checksums of files.
    pub fn has_checksums(&self) -> bool {
        self.checksums
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
        self.output.format()
    }

    /// How many contributors are listed, unless it was typed.
    pub fn top_or(&self, top: usize) -> usize {
        self.limit.unwrap_or(top)
    }

    /// Whether it was typed how many contributors are listed.
    pub fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    /// How many contributors are listed; 0 for all.
    pub fn top(&self) -> usize {
        self.limit.unwrap_or(10)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::options::{Cli, Command};

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
