//! flowagg questions AWS VPC flow logs on your own machine: what was accepted, what was rejected,
//! and who moved the bytes. This page is the tour of the house.
//!
//! Bytes flow one way; no room calls back, and only the plan and the engine know the order:
//!
//! 1. `source` finds files, folders and standard input, leaves out what nobody asks for, and cuts
//!    the rest, plain, gzip or zstd by content, into blocks of whole lines.
//! 2. `scan` finds every separator of a block in one sweep (the unsafe room, with AVX-512, AVX2,
//!    NEON and portable twins, chosen at run time).
//! 3. `layout` says which field stands in which column; a header counts for the lines after it.
//!    `record` reads one line the plain way: it is the definition of what a record is. `json`
//!    finds the events in a JSON text, and the values in an event.
//!    `container` unwraps what lines come in: it finds out by content, and gives lines.
//! 4. `batch` checks some five hundred lines at a time and decodes the columns that are needed.
//! 5. `filter`, `key`, `query`: a question; `view` and `labels` are what its keys see of columns;
//!    `pattern` has what metric filters test, `intern` the numbers of texts, `prefixes` sets of
//!    addresses. `plan`: the treaty of all questions with a layout.
//! 6. `group` turns selected rows into totals by contributor, `rank` orders them, `report` holds
//!    the answer; what outgrows the `memory` that a run may take goes to a file of `spill` and is
//!    merged from there; `engine` has the only threads, one pass for any number of questions.
//!    `cut` writes selected rows out again, in the order in which they were read.
//! 7. [`dialect`] compiles CloudWatch's languages, and those of `--where` and of keys, to queries;
//!    [`lists`] makes queries of what is measured by keys; [`metric`] makes series of the
//!    answers to metric filters; [`summary`] is what the command asks when it is asked nothing,
//!    [`survey`] what it asks first of logs that nobody knows; [`explain`] tells all of them in
//!    words and in SQL instead of asking; [`render`] writes answers: what is rows is a
//!    [`render::sheet`], which is a table, JSON, CSV, Markdown or Parquet.
//! 8. `names` reads what people call addresses, for the words of keys; [`iana`] has the names of
//!    protocols and ports.
//! 9. [`generate`] makes logs up, for measuring and for trying out.
//!
//! A module uses rooms of lower floors, and on its own floor those to its left:
//!
//! | floor | rooms |
//! |---|---|
//! | words | error, field, value, prefixes, amount, nearest, calendar, memory, iana |
//! | bytes | scan, source |
//! | records | json, record and layout (a header is a line), container, tally, batch |
//! | questions | pattern, filter, labels, view, intern, key, measure, query, plan |
//! | work | spill, cut, group, rank, report, engine |
//! | dialects | names, dialect, metric, summary, survey, lists, find, explain |
//! | answers | render |
//!
//! State is exact numbers and merging is associative, so the answer does not depend on threads,
//! block size, compression or the order of files. Every line is accounted for in the [`Tally`].
//!
//! ```
//! use flowagg::{Engine, Field, Filter, Measure, Query, Source};
//! let query = Query::builder()
//!     .filter(Filter::new().and_in(Field::Action, ["ACCEPT"]))
//!     .group_by([Field::SrcAddr])
//!     .measure(Measure::Sum(Field::Bytes.into()))
//!     .build()?;
//! let report = Engine::new().run(&query, &[Source::path("testdata/sample.log")])?;
//! assert_eq!(report.answers[0].unique(), 272);
//! assert!(report.faults.is_empty());
//! # Ok::<(), flowagg::Error>(())
//! ```

mod amount;
mod batch;
mod calendar;
mod container;
mod cut;
pub mod dialect;
mod engine;
mod error;
pub mod explain;
mod field;
mod filter;
pub mod find;
pub mod generate;
mod group;
pub mod iana;
mod intern;
mod json;
mod key;
mod labels;
mod layout;
pub mod lists;
mod measure;
mod memory;
pub mod metric;
mod names;
mod nearest;
mod pattern;
mod plan;
mod prefixes;
mod query;
mod rank;
mod record;
pub mod render;
mod report;
mod scan;
mod source;
mod spill;
pub mod summary;
pub mod survey;
mod tally;
mod value;
mod view;

pub use amount::{Amount, Comparison};
pub use batch::Form;
pub use calendar::{date_of_digits, seconds_since_1970};
pub use cut::{Cut, CutStyle};
pub use engine::{Cutting, Engine, Progress};
pub use error::{Error, ErrorKind};
pub use field::{Field, Kind};
pub use filter::Filter;
pub use group::Uses;
pub use json::JsonPath;
pub use labels::Labels;
pub use layout::{Column, Layout};
pub use measure::{Counting, Having, Measure, Order};
pub use names::Naming;
pub use prefixes::{Prefix, Prefixes};
pub use query::{KEYS_MAX, PERIOD_SECONDS, Query, QueryBuilder, Scope};
pub use record::{LINE_BYTES_MAX, Line, Reason, Record, Records, clf_tokens, tokens};
pub use report::{
    Answer, Contributor, Datapoint, Fault, FileAccount, MalformedLine, PeriodMetrics, Report,
};
pub use scan::{LEVEL_VARIABLE, Level};
pub use source::{Selection, Source, Stamp, messages};
pub use tally::Tally;
pub use value::{Address, Number, Status};
pub use view::{KeyColumn, View};

/// The rooms between bytes and totals, for this repository's own benches: no promise is made
/// about anything in here.
#[doc(hidden)]
pub mod rooms {
    pub use crate::batch::{Batch, Lines, Notes};
    pub use crate::filter::Scratch as FilterScratch;
    pub use crate::group::{Fold, Groups, Scratch, Seeds, Shared, Totals};
    pub use crate::intern::Texts;
    pub use crate::plan::Plan;
    pub use crate::scan::{ColumnShape, Limit, Literal, Marks, PAD, Padded, Scanner, Shape};
    pub use crate::spill::Spill;
}
