//! Folders: what is skipped by the time in its name never changes an answer, and what is not
//! read is counted.

#[path = "common/folder.rs"]
mod folder;

use flowagg::{
    Amount, Engine, ErrorKind, Field, Measure, Query, QueryBuilder, Report, Scope, Selection,
    Source,
};
use folder::Folder;

/// The folder, to be read.
fn source(folder: &Folder) -> [Source; 1] {
    [Source::path(&folder.0)]
}

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % limit
    }
}

/// 2023-11-14T22:00:00Z.
const HOUR: u64 = 1_699_999_200;

/// Three hours of objects from 22:00: in each slot one of many rows and a straggler of one row.
fn delivered(folder: &Folder) {
    let mut numbers = Numbers(11);
    for nth in 0..36 {
        let slot = HOUR + nth * 300;
        let (day, hour, minute) = (14 + (22 + nth / 12) / 24, (22 + nth / 12) % 24, nth % 12 * 5);
        for (part, rows) in [(0, 20), (1, 1)] {
            let mut text = String::from("start end srcaddr bytes log-status\n");
            for _ in 0..rows {
                let late = if part == 0 { 0 } else { numbers.below(1_201) };
                // The ends of what is possible come often.
                let edge = numbers.below(4);
                let end = if edge == 0 { slot + 299 } else { slot + numbers.below(300) } - late;
                let length = if edge == 1 { 600 } else { numbers.below(61) };
                let (source, bytes) = (numbers.below(9), numbers.below(1_000));
                text += &format!("{} {end} 10.0.0.{source} {bytes} OK\n", end - length);
            }
            folder.file(
                format!(
                    "2023/11/{day}/{hour:02}/123456789010_vpcflowlogs_us-east-1_fl-0a1b_\
                     202311{day}T{hour:02}{minute:02}Z_{nth:04x}000{part}.log"
                ),
                &text,
            );
        }
    }
}

fn bytes_by_source() -> QueryBuilder {
    Query::builder().group_by([Field::SrcAddr]).measure(Measure::Sum(Field::Bytes.into())).top(0)
}

type Contributors = Vec<(Vec<Vec<u8>>, Amount)>;

fn answers(report: &Report) -> Vec<(Contributors, Option<Amount>)> {
    let answer = |answer: &flowagg::Answer| {
        (answer.contributors().map(|c| (c.keys, c.value)).collect(), answer.total())
    };
    report.answers.iter().map(answer).collect()
}

#[test]
fn skipping_by_name_changes_no_answer() {
    let folder = Folder::new("skip");
    delivered(&folder);
    let all = Engine::new().select(Selection::new().skip_by_name(false));
    let mut numbers = Numbers(5);
    let mut skipped = 0;
    for _ in 0..200 {
        let start = HOUR - 3_000 + numbers.below(15_000);
        let end = start + 1 + numbers.below(2_000);
        let (start, end) = match numbers.below(4) {
            0 => (Some(start), None),
            1 => (None, Some(end)),
            _ => (Some(start), Some(end)),
        };
        let query = bytes_by_source().between(start, end).build().unwrap();
        let whole = all.run(&query, &source(&folder)).unwrap();
        let found = Engine::new().run(&query, &source(&folder)).unwrap();
        assert_eq!(answers(&found), answers(&whole), "{start:?} to {end:?}");
        assert_eq!((whole.skipped, whole.inputs), (0, 72));
        assert_eq!(found.inputs + found.skipped, 72);
        skipped += found.skipped;
    }
    assert!(skipped > 72 * 200 / 4, "only {skipped} files were skipped");
}

#[test]
fn the_newest_objects_have_the_newest_record() {
    let folder = Folder::new("newest");
    delivered(&folder);
    let from = Selection::new().newest_from(&source(&folder));
    assert_eq!(from, Some(HOUR + 35 * 300 - 2_100));
    let newest = |from| {
        let query = Query::builder().measure(Measure::Max(Field::Start.into()));
        Engine::new().run(&query.between(from, None).build().unwrap(), &source(&folder)).unwrap()
    };
    let (few, all) = (newest(from), newest(None));
    assert_eq!(few.answers[0].total(), all.answers[0].total());
    assert!(few.inputs <= 20 && all.inputs == 72, "{}", few.inputs);
    let unnamed = Selection::new().exclude("*_fl-*").unwrap();
    assert_eq!(unnamed.newest_from(&source(&folder)), None);
}

#[test]
fn a_file_that_one_of_many_questions_needs_is_read() {
    let folder = Folder::new("many");
    delivered(&folder);
    let between =
        |start, end| bytes_by_source().scope(Scope::All).between(start, end).build().unwrap();
    let (early, late) = (Some(HOUR + 600), Some(HOUR + 9_000));
    let skipped = |queries: &[Query]| {
        let found = Engine::new().run_all(queries, &source(&folder)).unwrap();
        let all = Engine::new().select(Selection::new().skip_by_name(false));
        assert_eq!(answers(&found), answers(&all.run_all(queries, &source(&folder)).unwrap()));
        found.skipped
    };
    let (first, last) = (between(None, early), between(late, None));
    assert!(
        skipped(std::slice::from_ref(&first)) > 40 && skipped(std::slice::from_ref(&last)) > 40
    );
    assert_eq!(skipped(&[first.clone(), last]), 0);
    assert_eq!(skipped(&[first, bytes_by_source().build().unwrap()]), 0);
}

#[test]
fn a_file_that_is_named_itself_is_read() {
    let folder = Folder::new("named");
    let name = "1_vpcflowlogs_us-east-1_fl-0a_20231114T2200Z_0000000a.log";
    folder.file(name, "start end bytes\n1800000000 1800000001 7\n");
    folder.file("empty.log", "");
    folder.file("aws-logs-write-test", "Permission Check Successful");
    let query = Query::builder().scope(Scope::All).between(Some(1_750_000_000), None);
    let query = query.measure(Measure::Sum(Field::Bytes.into())).build().unwrap();
    let report = Engine::new().run(&query, &source(&folder)).unwrap();
    assert_eq!((report.inputs, report.skipped, report.answers[0].total()), (1, 1, None));
    let test = folder.0.join("aws-logs-write-test").display().to_string();
    assert_eq!(report.passed_over, [test]);
    assert!(report.faults.is_empty() && report.tally.lines == 0);
    let named = [Source::path(folder.0.join(name))];
    let selection = Selection::new().exclude("*").unwrap();
    let report = Engine::new().select(selection).run(&query, &named).unwrap();
    assert_eq!(report.answers[0].total(), Some(7u64.into()));
}

#[test]
fn a_folder_of_which_nothing_is_selected_is_a_fault() {
    let folder = Folder::new("none");
    for name in ["a/1.log", "a/2.log", "b.log.gz"] {
        folder.file(name, "");
    }
    let query = Query::builder().build().unwrap();
    let run = |glob: &str| {
        let selection = Selection::new().include(glob).unwrap();
        Engine::new().select(selection).run(&query, &source(&folder)).unwrap()
    };
    let report = run("a/*.log");
    assert_eq!((report.inputs, report.unselected, report.faults.len()), (2, 1, 0));
    let report = run("1.log.gz");
    assert_eq!((report.inputs, report.unselected, report.faults.len()), (0, 3, 1));
    assert_eq!(report.faults[0].error.kind(), ErrorKind::Selection);
    let said = report.faults[0].to_string();
    assert!(said.contains("3 files, and none of them") && said.ends_with("a/1.log"), "{said}");
}
