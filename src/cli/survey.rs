//! `flowagg info`: what the logs are.

use flowagg::Engine;
use flowagg::render::survey;
use flowagg::survey::{Survey, queries};

use super::answer::{self, is_coloured, usage};
use super::exit::Exit;
use super::input;
use super::options::{Common, Format, SurveyOptions};

/// Accounts, interfaces and so on that are listed.
const LISTED: usize = 5;

/// Looks at the paths.
pub fn run(options: &SurveyOptions, common: &Common) -> Exit {
    if common.format() == Format::Csv {
        return usage("info is a page or JSON; type -o table or -o json");
    }
    let sources = match input::sources(&options.paths) {
        Ok(sources) => sources,
        Err(message) => return usage(message),
    };
    let engine = Engine::new().by_file(true);
    let bytes = engine.bytes(&sources);
    let queries = match queries(common.top_or(LISTED), bytes) {
        Ok(queries) => queries,
        Err(error) => return usage(error),
    };
    answer::run(engine, &queries, &options.paths, common, |out, report| {
        let survey = Survey::new(report, bytes);
        match common.format() {
            Format::Json => survey::json(out, &survey, report),
            Format::Table | Format::Csv => survey::table(out, &survey, is_coloured()),
        }
    })
}
