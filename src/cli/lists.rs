//! `flowagg top`, `sum`, `series` and `merge`: lists of one pass.

use std::path::{Path, PathBuf};

use flowagg::dialect::Keys;
use flowagg::lists::{List, ListKind, ListOptions, NamedKey, NamedMeasure};
use flowagg::render::lists::{ONCE, columns, sheet};
use flowagg::{Counting, Error, ErrorKind, Field, Form, Naming, Query, Scope};

use super::answer::{self, usage};
use super::considered::Considered;
use super::exit::Exit;
use super::options::{
    Common, Count, Format, LineFormat, ListArgs, MergeOptions, SeriesOptions, SumOptions,
    TopOptions,
};
use super::{events, explain, manifest, say, words, written};

/// The keys of a list of nothing else.
const USUAL_KEYS: &str = "srcaddr";

/// What tells flows apart when nothing else is said.
const FLOW: [Field; 7] = [
    Field::InterfaceId,
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::Action,
];

/// The seconds of a bin when nothing else is said.
const USUAL_BIN: u32 = 60;

/// Lists the top of one or several kinds of contributors.
pub fn top(options: &TopOptions, common: &Common) -> Exit {
    let list = &options.list;
    let asked = Asked::new(list, options.by.by.as_deref(), common).and_then(|asked| {
        let mut lists: Vec<Vec<NamedKey>> = asked.keys.iter().cloned().collect();
        for typed in &options.top {
            let keys = asked.parse(typed).map_err(|error| format!("--top: {error}"))?;
            lists.push(keys);
        }
        if lists.is_empty() {
            lists.push(asked.parse(USUAL_KEYS).map_err(|error| error.to_string())?);
        }
        let lists = lists.into_iter().map(|keys| {
            let options = asked.options(keys, common.top())?.ascending(options.asc);
            options.top()
        });
        let lists = lists.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        Ok((asked, lists))
    });
    run(asked, list, common, Format::Table)
}

/// Adds up by key.
pub fn sum(options: &SumOptions, common: &Common) -> Exit {
    let list = &options.list;
    let asked = Asked::new(list, options.by.by.as_deref(), common).and_then(|asked| {
        let keys = asked.keys.clone().unwrap_or_default();
        let options = asked.options(keys, common.top_or(0));
        let list = options.and_then(ListOptions::sum).map_err(|error| error.to_string())?;
        Ok((asked, vec![list]))
    });
    run(asked, list, common, Format::Table)
}

/// Values over time.
pub fn series(options: &SeriesOptions, common: &Common) -> Exit {
    let list = &options.list;
    let asked = Asked::new(list, options.by.by.as_deref(), common).and_then(|asked| {
        let keys = asked.keys.clone().unwrap_or_default();
        let bin = options.bin.unwrap_or(USUAL_BIN);
        let built = asked
            .options(keys, common.top())
            .and_then(|built| built.ascending(options.asc).series(bin));
        Ok((asked, vec![built.map_err(|error| error.to_string())?]))
    });
    run(asked, list, common, Format::Table)
}

/// Flows as one record each.
pub fn merge(options: &MergeOptions, common: &Common) -> Exit {
    let list = &options.list;
    let asked = Asked::new(list, None, common).and_then(|asked| {
        // Where flows count once, it does not matter at which interface.
        let is_once = list.count == Some(Count::Once);
        let flow = if is_once { &FLOW[1..] } else { &FLOW[..] };
        let flow = || flow.iter().map(|&field| (field.into(), field.name().to_owned())).collect();
        let keys = asked.keys.clone().unwrap_or_else(flow);
        let built = asked.options(keys, common.top_or(0)).and_then(ListOptions::merge);
        Ok((asked, vec![built.map_err(|error| error.to_string())?]))
    });
    run(asked, list, common, Format::Text)
}

/// What was typed, read.
struct Asked<'o> {
    list: &'o ListArgs,
    naming: Naming,
    keys: Option<Vec<NamedKey>>,
    paths: &'o [PathBuf],
    measures: Vec<NamedMeasure>,
}

impl<'o> Asked<'o> {
    fn new(list: &'o ListArgs, by: Option<&str>, common: &Common) -> Result<Self, String> {
        if list.format == Some(LineFormat::Clf) {
            return Err("with --format clf lines are any words, and this is for flow logs; type \
                        their layout, such as --format v5, or leave it out"
                .to_owned());
        }
        let noted = |path: &Path, file: &[u8]| manifest::asked_with(path, file, common);
        let naming = list.naming.load(noted)?;
        if !common.is_quiet() {
            naming.warnings().iter().for_each(say::warning);
        }
        let read = |text: &str| keys(text, &naming);
        let option = list.keys.as_deref().map(|typed| ("--keys", typed));
        let (keys, paths) = words::split(option, &list.arguments, read)?;
        if !common.is_quiet() && list.keys.is_none() {
            words::hint(&list.arguments, paths).iter().for_each(say::warning);
        }
        let measures = match by {
            Some(typed) => NamedMeasure::parse_list(typed, |text| one_key(text, &naming))
                .map_err(|error| format!("--by: {error}"))?,
            None => Vec::new(),
        };
        Ok(Self { list, naming, keys, paths, measures })
    }

    fn parse(&self, text: &str) -> Result<Vec<NamedKey>, Error> {
        keys(text, &self.naming)
    }

    /// A list by these keys.
    fn options(&self, keys: Vec<NamedKey>, limit: usize) -> Result<ListOptions, Error> {
        let mut options = ListOptions::new().keys(keys).limit(limit);
        options = options.counting(self.list.count.map_or(Counting::Every, Counting::from));
        for measure in &self.measures {
            options = options.measure(measure.clone());
        }
        for condition in &self.list.having {
            let key = |text: &str| one_key(text, &self.naming);
            options = options
                .having(condition.clone(), key)
                .map_err(|error| Error::new(ErrorKind::Query, format!("--having: {error}")))?;
        }
        Ok(options)
    }
}

fn keys(text: &str, naming: &Naming) -> Result<Vec<NamedKey>, Error> {
    Ok(Keys::parse(text, naming)?.into_iter().collect())
}

/// The key that stands in `unique(...)`.
fn one_key(text: &str, naming: &Naming) -> Result<NamedKey, Error> {
    let mut keys = keys(text, naming)?;
    match (keys.len(), keys.pop()) {
        (1, Some(key)) => Ok(key),
        (count, _) => {
            let text = text.escape_debug();
            let text = format!("unique({text}) is one of {count} keys, expected one");
            Err(Error::new(ErrorKind::Query, text))
        }
    }
}

/// Asks for lists, and writes them; `usual` is how, if nothing else is said.
fn run(
    asked: Result<(Asked<'_>, Vec<List>), String>,
    args: &ListArgs,
    common: &Common,
    usual: Format,
) -> Exit {
    let (asked, lists) = match asked {
        Ok(asked) => asked,
        Err(message) => return usage(message),
    };
    let format = common.output.typed().unwrap_or(usual);
    let checked = match lists.as_slice() {
        _ if format == Format::Text && usual != Format::Text => {
            Err("-o text is for records, which `flowagg cut` writes; type -o table".to_owned())
        }
        _ => {
            let columns: Vec<_> = lists.iter().map(|list| columns(list, format.into())).collect();
            written::check_as(&columns, format, &common.output)
        }
    };
    if let Err(message) = checked {
        return usage(message);
    }
    let line_format = args.format.as_ref();
    let lists =
        Considered::new([Form::Records], line_format, asked.paths, common).and_then(|considered| {
            // Who asks for a status asks for records without traffic too.
            let is_of_status =
                considered.expression().is_some_and(|all| all.tests(Field::LogStatus));
            let scope = if is_of_status { Scope::All } else { Scope::Traffic };
            let lists = lists.into_iter().map(|list| {
                let builder = considered.narrow(list.query().to_builder());
                let query = builder.scope(scope).build()?;
                Ok(list.with_query(query))
            });
            let lists: Result<Vec<List>, Error> = lists.collect();
            Ok((considered, lists.map_err(|error| error.to_string())?))
        });
    let (considered, lists) = match lists {
        Ok(lists) => lists,
        Err(message) => return usage(message),
    };
    if common.explains() {
        return explain::run(&considered, line_format, asked.paths, common, |logs| {
            let told: Vec<String> =
                lists.iter().map(|list| flowagg::explain::list(list, logs)).collect();
            Ok(told.join("\n"))
        });
    }
    let queries: Vec<Query> = lists.iter().map(|list| list.query().clone()).collect();
    let engine = events::engine(line_format);
    answer::run(engine, &queries, asked.paths, common, |out, report| {
        answer::tell_untimed(&queries, report, common);
        let is_once = args.count == Some(Count::Once);
        if is_once && !common.is_quiet() && !format.is_for_people() {
            say::line(format_args!("flowagg: {ONCE}"));
        }
        let names: Vec<String> = match &lists[..] {
            [_] => vec![String::new()],
            lists => lists.iter().map(|list| list.query().labels().join(",")).collect(),
        };
        answer::tell_in_no_row(names.iter().map(String::as_str), report, 0, format, common);
        for (list, answer) in lists.iter().zip(&report.answers) {
            // Of a top people know, by its name.
            if matches!(list.kind(), ListKind::Series(_)) && !format.is_for_people() {
                let (listed, what) = (answer.contributors().len(), answer.labels().join(", "));
                answer::tell_unlisted("", listed, answer.passed(), &what, common);
            }
        }
        let answered = lists.iter().zip(&report.answers).zip(names);
        let sheets = answered.map(|((list, answer), name)| {
            let sheet = sheet(list, answer, format.into());
            // For people they stand in the titles.
            match lists.len() == 1 || format.is_for_people() {
                true => sheet,
                false => sheet.named("list", name),
            }
        });
        written::write_as(out, sheets.collect(), format, &common.output)
    })
}
