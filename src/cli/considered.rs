//! Which records count at all: `--where`, `--start`, `--end` and `--last`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flowagg::dialect::Expression;
use flowagg::{Answer, Error, Field, Form, Measure, Query, QueryBuilder, Scope};

use super::events::{engine, reads_stdin};
use super::options::{Common, LineFormat};
use super::when::When;
use super::{answer, input, manifest, say, stop};

/// The most bytes that are read of a file of values; one that is longer is refused.
const FILE_BYTES_MAX: u64 = (64 << 20) + 1;

/// Which records count.
#[derive(Debug)]
pub struct Considered {
    expression: Option<Expression>,
    /// The first second that counts.
    pub start: Option<u64>,
    /// The first that does not any more.
    pub end: Option<u64>,
}

impl Considered {
    /// What was typed, for questions about events of these `forms`; or why it makes no sense.
    pub fn new(
        forms: impl IntoIterator<Item = Form>,
        format: Option<&LineFormat>,
        paths: &[PathBuf],
        common: &Common,
    ) -> Result<Self, String> {
        let mut distinct: Vec<Form> = Vec::new();
        for form in forms {
            if !distinct.contains(&form) {
                distinct.push(form);
            }
        }
        let expression = expression(common)?;
        if expression.is_some() && distinct.contains(&Form::Json) {
            return Err("--where is for flow-log records, and JSON events are asked for too; \
                        leave out --where, or the rules and filters for JSON"
                .to_owned());
        }
        if common.last().is_some() && common.start().is_some() {
            return Err("--start and --last both say where it begins; type one of them".to_owned());
        }
        let typed = [common.start().or(common.last()), common.end()];
        let whens = typed.map(|typed| typed.map(|typed| typed.when));
        let is_back = whens.iter().any(|when| matches!(when, Some(When::Back(_))));
        if is_back && reads_stdin(paths) {
            return Err("a time back from the newest record takes two passes, and standard input \
                        can be read once; type a date, or name files"
                .to_owned());
        }
        let newest = if is_back { newest(&distinct, format, paths, common)? } else { 0 };
        let [start, end] = whens.map(|when| when.map(|when| when.second(newest)));
        match (start, end) {
            (Some(start), Some(end)) if start >= end => {
                let option = if common.start().is_some() { "--start" } else { "--last" };
                let [start, end] = typed.map(|typed| typed.map_or("", |typed| &typed.text));
                Err(format!(
                    "{option} {start} does not begin before --end {end}, expected a start before \
                     the end"
                ))
            }
            _ => Ok(Self { expression, start, end }),
        }
    }

    /// What has to hold of records, if anything was typed.
    pub fn expression(&self) -> Option<&Expression> {
        self.expression.as_ref()
    }

    /// A question about these records only.
    pub fn narrow(&self, builder: QueryBuilder) -> QueryBuilder {
        let builder = builder.between(self.start, self.end);
        match &self.expression {
            Some(expression) => builder.and_where(expression),
            None => builder,
        }
    }

    /// Questions about these records only.
    pub fn narrow_all(&self, queries: &[Query]) -> Result<Vec<Query>, Error> {
        queries.iter().map(|query| self.narrow(query.to_builder()).build()).collect()
    }

    /// Says how many records count, by the answer to a question about all records, if not all do.
    pub fn tell(&self, answer: &Answer, common: &Common) {
        let is_all = self.expression.is_none() && self.start.is_none() && self.end.is_none();
        if is_all || common.is_quiet() {
            return;
        }
        let uses = answer.uses();
        let counted = uses.added + uses.no_key + uses.no_value;
        let all = counted + uses.filtered_out;
        say::line(format_args!("flowagg: {counted} of {all} records pass the filter"));
    }
}

/// All of these expressions as one.
fn expression(common: &Common) -> Result<Option<Expression>, String> {
    let mut all: Option<Expression> = None;
    let mut read = |name: &str| {
        let bytes = read(name)?;
        manifest::asked_with(Path::new(name), &bytes, common);
        Ok(bytes)
    };
    for text in common.expressions() {
        let one =
            Expression::parse(text, &mut read).map_err(|error| format!("--where: {error}"))?;
        all = Some(match all {
            Some(all) => all.and(one),
            None => one,
        });
    }
    Ok(all)
}

/// The bytes of a file of values.
fn read(name: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(Path::new(name))?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The time of the newest record; 0 if there is none. What cannot be read is told by the next
/// pass.
fn newest(
    forms: &[Form],
    format: Option<&LineFormat>,
    paths: &[PathBuf],
    common: &Common,
) -> Result<u64, String> {
    let told = |error: Error| error.to_string();
    let (sources, selection) = (input::sources(paths)?, common.selection()?);
    let from = selection.newest_from(&sources);
    let engine = answer::limited(engine(format), common)?;
    let engine = engine.threads(common.threads()).select(selection);
    stop::watch(engine.progress());
    let newest = |from: Option<u64>| {
        let query = |&form: &Form| {
            let start = Measure::Max(Field::Start.into());
            Query::builder().form(form).scope(Scope::All).measure(start).between(from, None).build()
        };
        let queries: Vec<Query> =
            forms.iter().map(query).collect::<Result<_, _>>().map_err(told)?;
        let report = engine.run_all(&queries, &sources).map_err(told)?;
        let newest = report.answers.iter().filter_map(|answer| answer.total()?.whole()).max();
        Ok::<_, String>(newest.and_then(|newest| newest.try_into().ok()))
    };
    // The newest objects say it, if there is anything in them.
    let found = match from {
        Some(_) => newest(from)?,
        None => None,
    };
    Ok(found.map_or_else(|| newest(None), |found| Ok(Some(found)))?.unwrap_or(0))
}
