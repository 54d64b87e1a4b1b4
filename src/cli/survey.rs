//! `flowagg info`: what the logs are.

use flowagg::Form;
use flowagg::render::survey;
use flowagg::survey::{Survey, queries};

use super::answer::{self, usage};
use super::considered::Considered;
use super::exit::Exit;
use super::options::{Common, Format, LineFormat, SurveyOptions};
use super::{events, explain, input};

/// Accounts, interfaces and so on that are listed.
const LISTED: usize = 5;

/// Looks at the paths.
pub fn run(options: &SurveyOptions, common: &Common) -> Exit {
    if !matches!(common.format(), Format::Table | Format::Json) {
        return usage("info is a page or JSON; type -o table or -o json");
    }
    if let Some(option) = common.output.of_columns() {
        return usage(format_args!("{option}: info is a page or JSON, and has no columns"));
    }
    if options.format == Some(LineFormat::Clf) {
        return usage("info tells what flow logs are; type their layout, such as --format v5");
    }
    let sources = match input::sources(&options.paths) {
        Ok(sources) => sources,
        Err(message) => return usage(message),
    };
    let engine = events::engine(options.format.as_ref()).by_file(true);
    let bytes = engine.bytes(&sources);
    let queries = match queries(common.top_or(LISTED), bytes) {
        Ok(queries) => queries,
        Err(error) => return usage(error),
    };
    let format = options.format.as_ref();
    let considered = match Considered::new([Form::Records], format, &options.paths, common) {
        Ok(considered) => considered,
        Err(message) => return usage(message),
    };
    if common.explains() {
        return explain::run(&considered, format, &options.paths, common, |logs| {
            flowagg::explain::survey(common.top_or(LISTED), logs)
        });
    }
    let queries = match considered.narrow_all(&queries) {
        Ok(queries) => queries,
        Err(error) => return usage(error),
    };
    answer::run(engine, &queries, &options.paths, common, |out, report| {
        considered.tell(&report.answers[0], common);
        let survey = Survey::new(report, bytes);
        match common.format() {
            Format::Json => survey::json(out, &survey, report),
            _ => survey::table(out, &survey, common.output.is_coloured()),
        }
    })
}
