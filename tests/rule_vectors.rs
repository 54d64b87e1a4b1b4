//! Contributor Insights rules against events whose answer is known.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowagg::dialect::InsightRule;
use flowagg::{Answer, Engine, Source};

const EVENTS: [&str; 5] = [
    "2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 1600000030 ACCEPT OK",
    "2 123456789010 eni-1 10.0.0.2 10.0.0.9 40001 443 6 5 500 1600000010 1600000040 ACCEPT OK",
    "2 123456789010 eni-1 10.0.0.1 10.0.0.8 40002 22 6 1 40 1600000070 1600000080 REJECT OK",
    "2 123456789010 eni-2 - - - - - - - 1600000000 1600000060 - NODATA",
    "2 123456789010 eni-1 10.0.0.3 10.0.0.9 5353 53 17 2 160 1600000065 1600000066 ACCEPT OK",
];

const FIELDS: &str = r#"{"3": "interface-id", "4": "srcaddr", "5": "dstaddr", "7": "dstport",
    "8": "protocol", "9": "packets", "10": "bytes", "13": "action"}"#;

fn rule(fields: &str, contribution: &str, aggregate_on: &str) -> InsightRule {
    let text = format!(
        r#"{{"Schema": {{"Name": "CloudWatchLogRule", "Version": 1}},
            "LogGroupNames": ["/vpc/flow-logs"], "LogFormat": "CLF", "Fields": {fields},
            "Contribution": {{{contribution}}}, "AggregateOn": "{aggregate_on}"}}"#
    );
    InsightRule::parse(text.as_bytes()).unwrap()
}

/// The rule's answer over events, which lie in a file.
fn answer(rule: &InsightRule, top: usize, events: &[&str]) -> Answer {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let name = format!("flowagg-rule-vectors-{}-{number}.log", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, events.join("\n") + "\n").unwrap();
    let report = Engine::new().run(&rule.to_query(top), &[Source::path(&path)]);
    fs::remove_file(&path).unwrap();
    let mut report = report.unwrap();
    assert!(report.faults.is_empty() && report.tally.is_balanced());
    assert_eq!(report.tally.records(), events.len() as u64);
    report.answers.remove(0)
}

/// The contributors as `key,key (value)`.
fn contributors(answer: &Answer) -> Vec<String> {
    let shown = answer.contributors().map(|contributor| {
        let keys: Vec<String> = contributor.key_texts().collect();
        format!("{} ({})", keys.join(","), contributor.value)
    });
    shown.collect()
}

/// The contributors, the total and how many contributors there are over all events.
fn found(contribution: &str, aggregate_on: &str) -> (Vec<String>, u128, u64) {
    let rule = rule(FIELDS, contribution, aggregate_on);
    let answer = answer(&rule, 10, &EVENTS);
    (contributors(&answer), answer.total().map_or(0, |t| t.floor() as u128), answer.unique())
}

fn expected(listed: &[&str], total: u128) -> (Vec<String>, u128, u64) {
    (listed.iter().map(|&text| text.to_owned()).collect(), total, listed.len() as u64)
}

#[test]
fn bytes_are_summed_by_source() {
    let sums = expected(&["10.0.0.1 (1040)", "10.0.0.2 (500)", "10.0.0.3 (160)"], 1700);
    let contribution = r#""Keys": ["srcaddr"], "ValueOf": "bytes""#;
    assert_eq!(found(contribution, "Sum"), sums);
    let uses = answer(&rule(FIELDS, contribution, "Sum"), 10, &EVENTS).uses();
    assert_eq!((uses.added, uses.no_value, uses.no_key, uses.filtered_out), (4, 1, 0, 0));
}

#[test]
fn one_contributor_listed_leaves_the_totals_whole() {
    let rule = rule(FIELDS, r#""Keys": ["srcaddr"], "ValueOf": "bytes""#, "Sum");
    let answer = answer(&rule, 1, &EVENTS);
    assert_eq!(contributors(&answer), ["10.0.0.1 (1040)"]);
    assert_eq!((answer.total(), answer.unique()), (Some(1700u64.into()), 3));
}

#[test]
fn bytes_are_summed_by_pair() {
    let pairs = [
        "10.0.0.1,10.0.0.9 (1000)",
        "10.0.0.2,10.0.0.9 (500)",
        "10.0.0.3,10.0.0.9 (160)",
        "10.0.0.1,10.0.0.8 (40)",
    ];
    let contribution = r#""Keys": ["srcaddr", "dstaddr"], "ValueOf": "bytes""#;
    assert_eq!(found(contribution, "Sum"), expected(&pairs, 1700));
}

#[test]
fn a_dash_is_a_contributor_like_any_other() {
    let counts = expected(&["10.0.0.1 (2)", "- (1)", "10.0.0.2 (1)", "10.0.0.3 (1)"], 5);
    assert_eq!(found(r#""Keys": ["srcaddr"]"#, "Count"), counts);
}

#[test]
fn filters_compare_text_and_its_case() {
    let found = |values: &str| {
        let filters = format!(r#""Filters": [{{"Match": "action", "In": [{values}]}}]"#);
        found(&format!(r#""Keys": ["srcaddr"], "ValueOf": "bytes", {filters}"#), "Sum")
    };
    let accepted = expected(&["10.0.0.1 (1000)", "10.0.0.2 (500)", "10.0.0.3 (160)"], 1660);
    assert_eq!(found(r#""ACCEPT""#), accepted);
    assert_eq!(found(r#""accept""#), expected(&[], 0));
    assert_eq!(found(r#""accept", "REJECT""#), expected(&["10.0.0.1 (40)"], 40));
}

#[test]
fn not_in_keeps_the_dash() {
    let filters = r#""Keys": ["srcaddr"], "Filters": [{"Match": "action", "NotIn": ["ACCEPT"]}]"#;
    assert_eq!(found(filters, "Count"), expected(&["- (1)", "10.0.0.1 (1)"], 2));
}

#[test]
fn a_value_that_is_not_there_passes_no_filter() {
    let filters = r#""Keys": ["srcaddr"], "Filters": [{"Match": "15", "NotIn": ["x"]}]"#;
    assert_eq!(found(filters, "Count"), expected(&[], 0));
}

#[test]
fn a_sum_without_a_value_adds_ones() {
    let fields = r#"{"3": "interfaceID", "4": "sourceAddress", "8": "protocol", "13": "action"}"#;
    let contribution = r#""Keys": ["interfaceID", "sourceAddress"], "Filters": [
        {"Match": "protocol", "In": ["6"]}, {"Match": "action", "In": ["REJECT"]}]"#;
    let rule = rule(fields, contribution, "Sum");
    let answer = answer(&rule, 10, &EVENTS);
    assert_eq!(rule.statistic(), "Sum");
    assert_eq!(answer.labels(), ["interfaceID", "sourceAddress"]);
    assert_eq!(contributors(&answer), ["eni-1,10.0.0.1 (1)"]);
}

#[test]
fn aliases_may_hold_blanks() {
    let fields = r#"{"5": "destination address", "7": "destination port", "9": "packet count"}"#;
    let contribution = r#""Keys": ["destination address"], "ValueOf": "packet count",
        "Filters": [{"Match": "destination port", "In": ["443"]}]"#;
    let answer = answer(&rule(fields, contribution, "Sum"), 10, &EVENTS);
    assert_eq!(contributors(&answer), ["10.0.0.9 (15)"]);
}

#[test]
fn positions_need_no_fields() {
    let text = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogFormat": "CLF",
        "Contribution": {"Keys": ["4"]}, "AggregateOn": "Count"}"#;
    let rule = InsightRule::parse(text.as_bytes()).unwrap();
    assert_eq!(rule.key_labels(), ["4"]);
    let answer = answer(&rule, 10, &EVENTS[..2]);
    assert_eq!(contributors(&answer), ["10.0.0.1 (1)", "10.0.0.2 (1)"]);
}

#[test]
fn shipped_rules_are_rules_without_a_warning() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let listed = |path: &PathBuf| {
        let rule = InsightRule::parse(&fs::read(path).unwrap()).unwrap();
        assert!(rule.warnings().is_empty(), "{path:?} {:?}", rule.warnings());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, contributors(&answer(&rule, 1, &EVENTS)).concat())
    };
    let found: Vec<(String, String)> = files.iter().map(listed).collect();
    let expected = [
        ("data_transfer_rule", "10.0.0.1,10.0.0.9 (1000)"),
        ("https_dstaddr_rule", "10.0.0.9 (15)"),
        ("rejected_tcp_rule", "eni-1,10.0.0.1 (1)"),
        ("top_srcaddr_accept_rule", "10.0.0.1 (1000)"),
        ("top_srcaddr_reject_rule", "10.0.0.1 (40)"),
        ("top_srcaddr_rule", "10.0.0.1 (1040)"),
    ];
    let expected = expected.map(|(name, first)| (name.to_owned(), first.to_owned()));
    assert_eq!(found, expected);
}
