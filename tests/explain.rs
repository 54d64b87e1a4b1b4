//! What a rule says in other languages: DuckDB, where it is installed, must find what flowagg
//! finds. `FLOWAGG_PYTHON` names a Python that has it; else `python3` is asked.

#[path = "common/duckdb.rs"]
mod duckdb;
#[path = "common/folder.rs"]
mod folder;

use duckdb::{duckdb, has_duckdb};
use flowagg::dialect::InsightRule;
use flowagg::generate::{Generator, Options};
use flowagg::{Engine, Source};
use folder::Folder;

/// The rows that flowagg finds.
fn flowagg(rule: &InsightRule, top: usize, path: &str) -> Vec<Vec<String>> {
    let report = Engine::new().run(&rule.to_query(top), &[Source::path(path)]).unwrap();
    assert!(report.faults.is_empty());
    assert_eq!(report.tally.malformed, 0);
    let contributors = report.answers[0].contributors();
    let rows = contributors.map(|contributor| {
        contributor.key_texts().chain([contributor.value.to_string()]).collect()
    });
    rows.collect()
}

fn rule(format: &str, fields: &str, contribution: &str, aggregate_on: &str) -> InsightRule {
    let text = format!(
        r#"{{"Schema": {{"Name": "CloudWatchLogRule", "Version": 1}}, "LogGroupNames": ["g"],
            "LogFormat": "{format}", {fields} "Contribution": {{{contribution}}},
            "AggregateOn": "{aggregate_on}"}}"#
    );
    InsightRule::parse(text.as_bytes()).unwrap()
}

fn clf(contribution: &str, aggregate_on: &str) -> InsightRule {
    let fields = r#""Fields": {"4": "srcaddr", "5": "the \"destination\"", "6": "dstport",
        "10": "bytes", "13": "action", "20": "beyond"},"#;
    rule("CLF", fields, contribution, aggregate_on)
}

/// Holds DuckDB's rows against flowagg's for each rule.
fn compare(rules: &[InsightRule], top: usize, path: &str) {
    let paths = [path.to_owned()];
    let statements: Vec<String> = rules.iter().map(|rule| rule.duckdb(top, &paths)).collect();
    let mut answered = 0;
    for ((rule, statement), rows) in rules.iter().zip(&statements).zip(duckdb(&statements)) {
        assert_eq!(rows, flowagg(rule, top, path), "{statement}");
        answered += usize::from(!rows.is_empty());
    }
    assert!(answered + 3 > rules.len(), "{answered} of {} rules find something", rules.len());
}

const ODD_LINES: &str = "\
2 1 eni-1 010.0.0.1 10.0.0.2 0443 443 6 1 18446744073709551615 1 2 ACCEPT OK
2 1 eni-1 010.0.0.1 10.0.0.2 443 0443 6 1 18446744073709551615 1 2 ACCEPT OK
2 1 eni-1 10.0.0.1 10.0.0.2 443 443 6 1 - 1 2 ACCEPT OK

2 1 eni-1 10.0.0.1 2001:DB8::1 443 443 6 1 7 1 2 ACCEPT OK x
2 1 eni-1 2001:db8::1 10.0.0.2 443 443 6 1 007 1 2 it's \"OK\" OK x y z 5 -1.5e1
version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
action log-status
2 1 eni-2 - - - - - - - 1 2 - NODATA
2 1 eni-2 - - - - - - - 1 2 - SKIPDATA
";

#[test]
fn duckdb_agrees_over_flow_logs() {
    if !has_duckdb() {
        return;
    }
    let options = Options {
        lines: 3_000,
        contributors: 60,
        ipv6: 0.2,
        no_data: 0.1,
        header: true,
        ..Options::default()
    };
    let mut generator = Generator::new(options).unwrap();
    let mut log = Vec::new();
    while generator.fill(&mut log) {}
    let odd = ODD_LINES.replace("it's \"OK\"", "it's\"OK\"");
    log.extend_from_slice(odd.as_bytes());
    let folder = Folder::new("what's in logs");
    folder.file("log.log", &log);
    let path = folder.0.to_str().unwrap();

    let keys = r#""Keys": ["srcaddr"]"#;
    let filtered = |filters: &str| format!(r#"{keys}, "Filters": [{filters}]"#);
    let counts = [
        keys.to_owned(),
        r#""Keys": ["the \"destination\"", "7"]"#.to_owned(),
        r#""Keys": ["3", "8", "dstport", "13"]"#.to_owned(),
        r#""Keys": ["beyond"]"#.to_owned(),
        filtered(r#"{"Match": "7", "In": ["443", "53", "-"]}"#),
        filtered(r#"{"Match": "action", "NotIn": ["ACCEPT", "it's\"OK\""]}"#),
        filtered(r#"{"Match": "action", "In": ["it's\"OK\""]}"#),
        filtered(r#"{"Match": "srcaddr", "StartsWith": ["10.", "2001:db8", "%"]}"#),
        filtered(r#"{"Match": "bytes", "GreaterThan": 1000.5}"#),
        filtered(r#"{"Match": "bytes", "LessThan": 1e4}"#),
        filtered(r#"{"Match": "7", "EqualTo": 443.0}, {"Match": "8", "EqualTo": 6}"#),
        filtered(r#"{"Match": "7", "NotEqualTo": 443}"#),
        filtered(r#"{"Match": "15", "IsPresent": true}"#),
        filtered(r#"{"Match": "15", "IsPresent": false}"#),
        filtered(r#"{"Match": "15", "NotIn": ["y"]}"#),
        filtered(r#"{"Match": "19", "LessThan": -14.9}"#),
        filtered(r#"{"Match": "bytes", "GreaterThan": 123456789012345678901234567890}"#),
    ];
    let sums = [
        r#""Keys": ["srcaddr"], "ValueOf": "bytes""#,
        r#""Keys": ["srcaddr", "5"], "ValueOf": "9",
            "Filters": [{"Match": "action", "In": ["ACCEPT"]}]"#,
        r#""Keys": ["3"], "ValueOf": "18""#,
        r#""Keys": ["3"], "ValueOf": "19""#,
        r#""Keys": ["3", "8"]"#,
    ];
    let rules: Vec<InsightRule> = counts
        .iter()
        .map(|contribution| clf(contribution, "Count"))
        .chain(sums.iter().map(|contribution| clf(contribution, "Sum")))
        .collect();
    compare(&rules, 0, path);
    compare(&rules, 7, path);
}

#[test]
fn duckdb_agrees_over_json_events() {
    if !has_duckdb() {
        return;
    }
    let mut log = String::new();
    let statuses = ["200", "\"200\"", "404", "200.5", "null", "\"x\"", "{}", "[1]", "true", "-7"];
    for at in 0..600_usize {
        let status = statuses[at % 7 % statuses.len()];
        let name = ["a", "B", "é", "a\\\"b", "\\u0041"][at / 3 % 5];
        let extra = ["", r#", "odd name": 1"#, r#", "it's": "q""#][at % 3];
        log += &format!(
            "{{\"user\": {{\"name\": \"{name}\", \"tags\": [\"t{}\", {{\"n\": {}}}]}}, \
             \"status\": {status}, \"bytes\": {}{extra}}}\n",
            at % 4,
            statuses[at % 10],
            at * 37 % 101
        );
    }
    let folder = Folder::new("what's in events");
    let path = folder.file("events.json", log.as_bytes());
    let path = path.to_str().unwrap();
    let json =
        |contribution: &str, aggregate_on: &str| rule("JSON", "", contribution, aggregate_on);
    let rules = [
        json(r#""Keys": ["$.user.name"]"#, "Count"),
        json(r#""Keys": ["$.user.name", "$.user.tags[0]"], "ValueOf": "$.bytes""#, "Sum"),
        json(r#""Keys": ["$.user.tags[1].n"]"#, "Count"),
        json(r#""Keys": ["$.status"], "ValueOf": "$.user.tags[1].n""#, "Sum"),
        json(r#""Keys": ["$.user"]"#, "Count"),
        json(
            r#""Keys": ["$.user.name"], "Filters": [{"Match": "$.status", "In": ["200"]}]"#,
            "Count",
        ),
        json(
            r#""Keys": ["$.user.tags[0]"], "Filters": [{"Match": "$.status", "EqualTo": 200}]"#,
            "Count",
        ),
        json(
            r#""Keys": ["$.user.tags[0]"], "Filters": [
                {"Match": "$.odd name", "IsPresent": false},
                {"Match": "$.it's", "IsPresent": true}]"#,
            "Count",
        ),
    ];
    compare(&rules, 0, path);
}

#[test]
fn the_texts_hold_what_the_rule_asks() {
    let rule = clf(
        r#""Keys": ["srcaddr", "dstport"], "ValueOf": "bytes", "Filters": [
            {"Match": "action", "NotIn": ["REJECT", "it's"]},
            {"Match": "srcaddr", "StartsWith": ["10.0/"]},
            {"Match": "7", "GreaterThan": 1023}, {"Match": "beyond", "IsPresent": false}]"#,
        "Sum",
    );
    let plan = "\
events   values between blanks; positions are named as in version 2
reads    srcaddr (4), srcport (6), dstport (7), bytes (10), action (13), position 20
keeps    action (13) is there and not \"REJECT\" or \"it's\"
and      srcaddr (4) begins with \"10.0/\"
and      dstport (7) is a number, greater than 1023
and      position 20 is not there
keys     srcaddr (4), srcport (6), in 64 bits
value    the sum of bytes (10)
lists    the first 5, largest value first, equal values by the bytes of their keys
";
    assert_eq!(rule.plan(5), plan);
    let insights = rule.insights(5);
    for line in [
        "| filter ispresent(action) and action not in [\"REJECT\", \"it's\"]",
        r"| filter srcaddr like /^(10\.0\/)/",
        "| filter not ispresent(value20)",
        "| stats sum(bytes) as total by srcaddr, srcport",
        "| limit 5",
    ] {
        assert!(insights.lines().any(|other| other == line), "{line}\n{insights}");
    }
    assert_eq!(insights.matches('*').count(), 20);
    // What no event has is not written out value by value.
    for position in [1024, 1025, 999_999_913] {
        let fields = format!(r#""Fields": {{"4": "srcaddr", "{position}": "beyond"}},"#);
        let rule = self::rule("CLF", &fields, r#""Keys": ["srcaddr", "beyond"]"#, "Count");
        for text in [rule.duckdb(5, &[]), rule.insights(5)] {
            let is_beyond = text.contains("no more than 1024 are written out");
            assert_eq!(is_beyond, position > 1024, "{position}");
            assert_eq!(is_beyond, text.lines().count() == 1, "{position}");
        }
    }
    let athena = rule.athena(5);
    for line in [
        "FROM vpc_flow_logs",
        "WHERE action NOT IN ('REJECT', 'it''s')",
        "  AND (starts_with(srcaddr, '10.0/'))",
        "  AND CAST(dstport AS decimal(38, 0)) > 1023",
        "  AND pkt_srcaddr IS NULL",
        "  coalesce(CAST(srcport AS varchar), '-') AS \"dstport\",",
        "  sum(CAST(bytes AS decimal(38, 0))) AS value",
        "LIMIT 5",
    ] {
        assert!(athena.lines().any(|other| other == line), "{line}\n{athena}");
    }
    let all = rule.explain(0, &["a".to_owned()]);
    for part in ["Plan\n----\n", "DuckDB\n", "CloudWatch Logs Insights\n", "Athena\n"] {
        assert!(all.contains(part), "{part}");
    }
    assert!(!all.contains("LIMIT") && all.contains("| limit 10000"));
}

/// Whatever a rule says, its explanation does nothing to a terminal.
#[test]
fn explanations_show_nothing_raw() {
    let rule = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogFormat": "JSON",
        "AggregateOn": "Count", "Contribution": {"Keys": ["$.a\u001bJb"], "Filters": [
            {"Match": "$.c", "In": ["x\u0007y", "\u001b"]},
            {"Match": "$.d", "StartsWith": ["\u009bz"]}]}}"#;
    let rule = InsightRule::parse(rule.as_bytes()).unwrap();
    let text = rule.explain(10, &["a\u{1b}.log".to_owned()]);
    let raw = text.find(|character: char| character.is_control() && character != '\n');
    assert_eq!(raw, None, "{}", text.escape_debug());
    assert!(text.contains("('x' || chr(7) || 'y')") && text.contains("(chr(27))"), "{text}");
}
