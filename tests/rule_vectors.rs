//! Contributor Insights rules against events whose answer is known, and rules that are wrong.
//! The numbers are those of the vectors that rules are specified by.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowagg::dialect::InsightRule;
use flowagg::{Amount, Answer, Engine, Order, QueryBuilder, Source};

const EVENTS: [&str; 5] = [
    "2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 1600000030 ACCEPT OK",
    "2 123456789010 eni-1 10.0.0.2 10.0.0.9 40001 443 6 5 500 1600000010 1600000040 ACCEPT OK",
    "2 123456789010 eni-1 10.0.0.1 10.0.0.8 40002 22 6 1 40 1600000070 1600000080 REJECT OK",
    "2 123456789010 eni-2 - - - - - - - 1600000000 1600000060 - NODATA",
    "2 123456789010 eni-1 10.0.0.3 10.0.0.9 5353 53 17 2 160 1600000065 1600000066 ACCEPT OK",
];

/// 12:26 and 12:27 of 13 September 2020, at the minute.
const MINUTES: [u64; 2] = [1_599_999_960, 1_600_000_020];

const FIELDS: &str = r#"{"3": "interface-id", "4": "srcaddr", "5": "dstaddr", "7": "dstport",
    "8": "protocol", "9": "packets", "10": "bytes", "13": "action"}"#;

const BYTES: &str = r#""Keys": ["srcaddr"], "ValueOf": "bytes""#;

fn rule(format: &str, contribution: &str, aggregate_on: &str) -> InsightRule {
    let text = format!(
        r#"{{"Schema": {{"Name": "CloudWatchLogRule", "Version": 1}},
            "LogGroupNames": ["/vpc/flow-logs"], "LogFormat": {format},
            "Contribution": {{{contribution}}}, "AggregateOn": "{aggregate_on}"}}"#
    );
    InsightRule::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// A rule for lines of values, whose positions have the flow-log names.
fn clf(contribution: &str, aggregate_on: &str) -> InsightRule {
    rule(&format!(r#""CLF", "Fields": {FIELDS}"#), contribution, aggregate_on)
}

/// A rule for JSON events.
fn json(contribution: &str, aggregate_on: &str) -> InsightRule {
    rule("\"JSON\"", contribution, aggregate_on)
}

/// The rule's answer over events, which lie in a file.
fn answer(rule: &InsightRule, events: &[&str]) -> Answer {
    refined(rule, events, |query| query)
}

/// The same, asked otherwise than by default.
fn refined(
    rule: &InsightRule,
    events: &[&str],
    refine: impl FnOnce(QueryBuilder) -> QueryBuilder,
) -> Answer {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let name = format!("flowagg-rule-vectors-{}-{number}.log", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, events.join("\n") + "\n").unwrap();
    let query = refine(rule.to_query(10).to_builder()).build().unwrap();
    let report = Engine::new().run(&query, &[Source::path(&path)]);
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

fn total(answer: &Answer) -> String {
    answer.total().map_or("none".to_owned(), |total| total.to_string())
}

/// The contributors of a CLF rule over all events.
fn found(contribution: &str, aggregate_on: &str) -> Vec<String> {
    contributors(&answer(&clf(contribution, aggregate_on), &EVENTS))
}

/// The contributors of a count by source over all events that pass a filter.
fn counted(filter: &str) -> Vec<String> {
    found(&format!(r#""Keys": ["srcaddr"], "Filters": [{{{filter}}}]"#), "Count")
}

#[test]
fn bytes_are_summed_by_source() {
    // 1: a NODATA record is an event; its `-` is no number.
    let answer = answer(&clf(BYTES, "Sum"), &EVENTS);
    assert_eq!(contributors(&answer), ["10.0.0.1 (1040)", "10.0.0.2 (500)", "10.0.0.3 (160)"]);
    assert_eq!((total(&answer).as_str(), answer.unique()), ("1700", 3));
    let uses = answer.uses();
    assert_eq!((uses.added, uses.no_value, uses.no_key, uses.filtered_out), (4, 1, 0, 0));
    assert_eq!(answer.labels(), ["srcaddr"]);
    assert!(answer.periods().is_empty());
}

#[test]
fn bytes_are_summed_by_pair() {
    // 2: two keys.
    let pairs = found(r#""Keys": ["srcaddr", "dstaddr"], "ValueOf": "bytes""#, "Sum");
    let expected = [
        "10.0.0.1,10.0.0.9 (1000)",
        "10.0.0.2,10.0.0.9 (500)",
        "10.0.0.3,10.0.0.9 (160)",
        "10.0.0.1,10.0.0.8 (40)",
    ];
    assert_eq!(pairs, expected);
}

#[test]
fn a_dash_is_a_contributor_like_any_other() {
    // 3: equal values are in the order of their keys' bytes, `-` first.
    let counts = found(r#""Keys": ["srcaddr"]"#, "Count");
    assert_eq!(counts, ["10.0.0.1 (2)", "- (1)", "10.0.0.2 (1)", "10.0.0.3 (1)"]);
}

#[test]
fn in_compares_text_and_its_case() {
    let filtered = |values: &str| {
        let filters = format!(r#""Filters": [{{"Match": "action", "In": [{values}]}}]"#);
        answer(&clf(&format!("{BYTES}, {filters}"), "Sum"), &EVENTS)
    };
    // 4: In.
    let accepted = filtered("\"ACCEPT\"");
    assert_eq!(contributors(&accepted), ["10.0.0.1 (1000)", "10.0.0.2 (500)", "10.0.0.3 (160)"]);
    assert_eq!((total(&accepted).as_str(), accepted.uses().filtered_out), ("1660", 2));
    // 5: in another case nothing matches.
    let nothing = filtered("\"accept\"");
    assert!(contributors(&nothing).is_empty());
    assert_eq!((nothing.total().unwrap_or_default(), nothing.unique()), (Amount::default(), 0));
    // One of several values is enough.
    assert_eq!(contributors(&filtered(r#""accept", "REJECT""#)), ["10.0.0.1 (40)"]);
}

#[test]
fn not_in_keeps_the_dash() {
    // 6: NotIn.
    let counts = counted(r#""Match": "action", "NotIn": ["ACCEPT"]"#);
    assert_eq!(counts, ["- (1)", "10.0.0.1 (1)"]);
}

#[test]
fn numbers_compare_by_value_and_a_dash_never_does() {
    // 7: EqualTo, in any spelling of the number.
    for six in ["6", "6.0", "6e0", "0.6e1", "60E-1"] {
        let counts = counted(&format!(r#""Match": "protocol", "EqualTo": {six}"#));
        assert_eq!(counts, ["10.0.0.1 (2)", "10.0.0.2 (1)"], "{six}");
    }
    // 8: NotEqualTo; `-` is no number.
    assert_eq!(counted(r#""Match": "protocol", "NotEqualTo": 6"#), ["10.0.0.3 (1)"]);
    // 9: GreaterThan leaves equals out.
    let large = counted(r#""Match": "bytes", "GreaterThan": 160"#);
    assert_eq!(large, ["10.0.0.1 (1)", "10.0.0.2 (1)"]);
    // 10: LessThan, with a fraction.
    let small = counted(r#""Match": "bytes", "LessThan": 160.5"#);
    assert_eq!(small, ["10.0.0.1 (1)", "10.0.0.3 (1)"]);
}

#[test]
fn starts_with_compares_the_beginnings_of_text() {
    // 11: one of two beginnings, of which one is also the beginning of others.
    let two = counted(r#""Match": "srcaddr", "StartsWith": ["10.0.0.1", "10.0.0.3"]"#);
    assert_eq!(two, ["10.0.0.1 (2)", "10.0.0.3 (1)"]);
    // 12: all but `-`.
    let all = counted(r#""Match": "srcaddr", "StartsWith": ["10."]"#);
    assert_eq!(all, ["10.0.0.1 (2)", "10.0.0.2 (1)", "10.0.0.3 (1)"]);
}

#[test]
fn what_is_not_there_passes_nothing_but_is_present_false() {
    // 13: no record has a fifteenth value.
    assert!(counted(r#""Match": "15", "IsPresent": true"#).is_empty());
    // 14, 15: which only IsPresent can ask for.
    let one = |filter: &str| {
        let contribution = format!(r#""Keys": ["srcaddr"], "Filters": [{{{filter}}}]"#);
        contributors(&answer(&clf(&contribution, "Count"), &EVENTS[..1]))
    };
    assert_eq!(one(r#""Match": "15", "IsPresent": false"#), ["10.0.0.1 (1)"]);
    assert!(one(r#""Match": "15", "NotIn": ["x"]"#).is_empty());
    assert!(one(r#""Match": "15", "NotEqualTo": 1"#).is_empty());
    // `-` is there.
    assert_eq!(counted(r#""Match": "action", "IsPresent": true"#).len(), 4);
}

#[test]
fn a_sum_without_a_value_adds_ones() {
    // 16: AWS's sample of rejected TCP connections.
    let format = r#""CLF", "Fields": {"3": "interfaceID", "4": "sourceAddress", "8": "protocol",
        "13": "action"}"#;
    let contribution = r#""Keys": ["interfaceID", "sourceAddress"], "Filters": [
        {"Match": "protocol", "EqualTo": 6}, {"Match": "action", "In": ["REJECT"]}]"#;
    let rule = rule(format, contribution, "Sum");
    let answer = answer(&rule, &EVENTS);
    assert_eq!(rule.statistic(), "Sum");
    assert_eq!(answer.labels(), ["interfaceID", "sourceAddress"]);
    assert_eq!(contributors(&answer), ["eni-1,10.0.0.1 (1)"]);
}

#[test]
fn aliases_may_hold_blanks() {
    // 17: AWS's sample of packets to port 443.
    let format = r#""CLF", "Fields": {"5": "destination address", "7": "destination port",
        "9": "packet count"}"#;
    let contribution = r#""Keys": ["destination address"], "ValueOf": "packet count",
        "Filters": [{"Match": "destination port", "EqualTo": 443}]"#;
    let answer = answer(&rule(format, contribution, "Sum"), &EVENTS);
    assert_eq!(contributors(&answer), ["10.0.0.9 (15)"]);
}

#[test]
fn positions_need_no_fields() {
    // 18: a key by its position.
    let rule = rule("\"CLF\"", r#""Keys": ["4"]"#, "Count");
    assert_eq!(rule.key_labels(), ["4"]);
    let answer = answer(&rule, &EVENTS[..2]);
    assert_eq!(contributors(&answer), ["10.0.0.1 (1)", "10.0.0.2 (1)"]);
    assert_eq!(answer.labels(), ["4"]);
}

#[test]
fn periods_have_datapoints_and_metrics() {
    // 19: by minutes.
    let answer = refined(&clf(BYTES, "Sum"), &EVENTS, |query| query.period(60));
    let points: Vec<Vec<(u64, String)>> = answer
        .contributors()
        .map(|one| one.datapoints.iter().map(|p| (p.start, p.value.to_string())).collect())
        .collect();
    let [first, second] = MINUTES;
    assert_eq!(points[0], [(first, "1000".to_owned()), (second, "40".to_owned())]);
    assert_eq!(points[1], [(first, "500".to_owned())]);
    assert_eq!(points[2], [(second, "160".to_owned())]);
    let metrics: Vec<_> = answer
        .periods()
        .iter()
        .map(|period| {
            let numbers =
                [period.max_contributor_value, period.sum, period.minimum, period.maximum];
            let numbers = numbers.map(|number| number.to_f64());
            (
                period.start,
                period.unique_contributors,
                period.sample_count,
                numbers,
                period.average(),
            )
        })
        .collect();
    let expected = [
        (first, 2, 2, [1000.0, 1500.0, 500.0, 1000.0], 750.0),
        (second, 2, 2, [160.0, 200.0, 40.0, 160.0], 100.0),
    ];
    assert_eq!(metrics, expected);
}

#[test]
fn the_largest_single_value_can_decide_the_order() {
    // 20: one event of 1500 bytes against two of 1000.
    let large = EVENTS[1].replace(" 500 ", " 1500 ");
    let events = [EVENTS[0], EVENTS[0], &large];
    let by_sum = answer(&clf(BYTES, "Sum"), &events);
    assert_eq!(contributors(&by_sum), ["10.0.0.1 (2000)", "10.0.0.2 (1500)"]);
    let by_maximum = refined(&clf(BYTES, "Sum"), &events, |query| query.order(Order::Maximum));
    assert_eq!(contributors(&by_maximum), ["10.0.0.2 (1500)", "10.0.0.1 (2000)"]);
    let largest: Vec<_> =
        by_maximum.contributors().map(|one| one.maximum.unwrap().to_string()).collect();
    assert_eq!(largest, ["1500", "1000"]);
}

#[test]
fn start_is_included_and_end_is_not() {
    let between = |start: Option<u64>, end: Option<u64>| {
        let answer = refined(&clf(BYTES, "Sum"), &EVENTS, |query| query.between(start, end));
        contributors(&answer)
    };
    // 21: from the second minute on.
    assert_eq!(between(Some(MINUTES[1]), None), ["10.0.0.3 (160)", "10.0.0.1 (40)"]);
    assert_eq!(between(Some(1_600_000_065), Some(1_600_000_070)), ["10.0.0.3 (160)"]);
    assert_eq!(between(None, Some(1_600_000_010)), ["10.0.0.1 (1000)"]);
    assert_eq!(between(Some(1_600_000_070), Some(1_600_000_071)), ["10.0.0.1 (40)"]);
}

#[test]
fn one_contributor_listed_leaves_the_totals_whole() {
    // 22: the aggregate is that of all contributors.
    let answer = refined(&clf(BYTES, "Sum"), &EVENTS, |query| query.top(1));
    assert_eq!(contributors(&answer), ["10.0.0.1 (1040)"]);
    assert_eq!((total(&answer).as_str(), answer.unique()), ("1700", 3));
}

#[test]
fn json_numbers_add_up_also_in_strings() {
    // 23: a missing value and one that is no number add nothing.
    let events = [
        r#"{"ip":"a","n":2}"#,
        r#"{"ip":"a","n":"3"}"#,
        r#"{"ip":"b","n":1.5}"#,
        r#"{"ip":"c"}"#,
        r#"{"ip":"d","n":"x"}"#,
    ];
    let answer = answer(&json(r#""Keys": ["$.ip"], "ValueOf": "$.n""#, "Sum"), &events);
    assert_eq!(contributors(&answer), ["a (5)", "b (1.5)"]);
    assert_eq!((total(&answer).as_str(), answer.uses().no_value), ("6.5", 2));
}

#[test]
fn json_paths_reach_into_arrays() {
    // 24: the event without a second user has no key.
    let events = [r#"{"u":[{"name":"x"},{"name":"y"}]}"#, r#"{"u":[]}"#];
    let answer = answer(&json(r#""Keys": ["$.u[1].name"]"#, "Count"), &events);
    assert_eq!(contributors(&answer), ["y (1)"]);
    assert_eq!((answer.uses().no_key, answer.labels()), (1, &["$.u[1].name".to_owned()][..]));
}

/// The contributors of a count by `$.k` over JSON events that pass a filter.
fn counted_json(filter: &str, events: &[&str]) -> Vec<String> {
    let contribution = format!(r#""Keys": ["$.k"], "Filters": [{{"Match": {filter}}}]"#);
    contributors(&answer(&json(&contribution, "Count"), events))
}

#[test]
fn only_leaves_of_json_are_present() {
    let events = [
        r#"{"k":"1","a":{"b":1}}"#,
        r#"{"k":"2","a":0}"#,
        r#"{"k":"3","a":null}"#,
        r#"{"k":"4","a":""}"#,
    ];
    // 25: objects and null are not there.
    assert_eq!(counted_json(r#""$.a", "IsPresent": true"#, &events), ["2 (1)", "4 (1)"]);
    assert_eq!(counted_json(r#""$.a", "IsPresent": false"#, &events), ["1 (1)", "3 (1)"]);
}

#[test]
fn json_numbers_have_a_text_and_a_value() {
    let events =
        [r#"{"k":"x","status":200}"#, r#"{"k":"y","status":"200"}"#, r#"{"k":"z","status":200.0}"#];
    // 26: In compares the spelling.
    assert_eq!(counted_json(r#""$.status", "In": ["200"]"#, &events), ["x (1)", "y (1)"]);
    // 27: EqualTo compares the number.
    let equal = counted_json(r#""$.status", "EqualTo": 200"#, &events);
    assert_eq!(equal, ["x (1)", "y (1)", "z (1)"]);
}

const RULE: &str = r#"{
  "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
  "LogGroupNames": ["/vpc/flow-logs"],
  "LogFormat": "CLF",
  "Fields": {"4": "srcaddr", "10": "bytes"},
  "Contribution": {"Keys": ["srcaddr"], "ValueOf": "bytes", "Filters": []},
  "AggregateOn": "Sum"
}"#;

/// The places of the errors of the rule once `old` is replaced by `new`.
fn places_of_errors(old: &str, new: &str) -> Vec<String> {
    assert_eq!(RULE.matches(old).count(), 1, "{old}");
    let text = RULE.replace(old, new);
    let Err(error) = InsightRule::parse(text.as_bytes()) else { panic!("accepted: {text}") };
    let place = |line: &str| line.split(": ").next().unwrap().to_owned();
    error.to_string().lines().map(place).collect()
}

#[test]
fn rules_that_are_none_say_where() {
    assert!(InsightRule::parse(RULE.as_bytes()).unwrap().warnings().is_empty());
    for (old, new, place) in [
        // A trailing comma, as in one of AWS's samples.
        ("\"bytes\"}", "\"bytes\",}", "$"),
        ("\"Keys\": [\"srcaddr\"], ", "", "$.Contribution.Keys"),
        ("[\"srcaddr\"]", "[]", "$.Contribution.Keys"),
        ("[\"srcaddr\"]", r#"["1", "2", "3", "4", "5"]"#, "$.Contribution.Keys"),
        ("\"Sum\"", "\"sum\"", "$.AggregateOn"),
        ("\"CLF\"", "\"clf\"", "$.LogFormat"),
        ("\"Version\": 1", "\"Version\": 2", "$.Schema.Version"),
        ("\"Version\": 1", "\"Version\": \"1\"", "$.Schema.Version"),
        ("{\"4\": \"srcaddr\"", "{\"0\": \"x\", \"4\": \"srcaddr\"", "$.Fields[\"0\"]"),
        ("{\"4\": \"srcaddr\"", "{\"-1\": \"x\", \"4\": \"srcaddr\"", "$.Fields[\"-1\"]"),
        ("{\"4\": \"srcaddr\"", "{\"x\": \"x\", \"4\": \"srcaddr\"", "$.Fields.x"),
        ("[\"srcaddr\"]", "[\"srcadr\"]", "$.Contribution.Keys[0]"),
        ("[\"srcaddr\"]", "[\"$.srcaddr\"]", "$.Contribution.Keys[0]"),
        ("\"ValueOf\": \"bytes\"", "\"ValueOf\": \"$.bytes\"", "$.Contribution.ValueOf"),
        ("[\"srcaddr\"]", "[\"srcaddr\", \"srcaddr\"]", "$.Contribution.Keys[1]"),
        ("\"10\": \"bytes\"", "\"10\": \"srcaddr\"", "$.Fields[\"10\"]"),
        ("\"LogFormat\"", "\"LogFormats\"", "$.LogFormats"),
        (
            "\"AggregateOn\": \"Sum\"",
            "\"AggregateOn\": \"Sum\", \"LogFormat\": \"CLF\"",
            "$.LogFormat",
        ),
        (
            "  \"Contribution\": {\"Keys\": [\"srcaddr\"], \"ValueOf\": \"bytes\", \
             \"Filters\": []},\n",
            "",
            "$.Contribution",
        ),
    ] {
        let places = places_of_errors(old, new);
        assert!(places.iter().any(|found| found == place), "{new}: {places:?}");
    }
    // Fields are of CLF rules only.
    let json = places_of_errors("\"CLF\"", "\"JSON\"");
    assert!(json.iter().any(|place| place == "$.Fields"), "{json:?}");
}

#[test]
fn filters_that_are_none_say_where() {
    let eleven = r#"["1","2","3","4","5","6","7","8","9","10","11"]"#;
    for (filter, place) in [
        (r#""Match": "4", "In": ["a"], "NotIn": ["b"]"#.to_owned(), ""),
        (r#""Match": "4""#.to_owned(), ""),
        (r#""In": ["a"]"#.to_owned(), ""),
        (format!(r#""Match": "4", "In": {eleven}"#), ".In"),
        (r#""Match": "4", "In": ["a", 443]"#.to_owned(), ".In[1]"),
        (r#""Match": "4", "In": []"#.to_owned(), ".In"),
        (format!(r#""Match": "4", "NotIn": {eleven}"#), ".NotIn"),
        (r#""Match": "4", "StartsWith": []"#.to_owned(), ".StartsWith"),
        (r#""Match": "4", "StartsWith": "10.""#.to_owned(), ".StartsWith"),
        (r#""Match": "4", "EqualTo": "6""#.to_owned(), ".EqualTo"),
        (r#""Match": "4", "NotEqualTo": [6]"#.to_owned(), ".NotEqualTo"),
        (r#""Match": "4", "GreaterThan": null"#.to_owned(), ".GreaterThan"),
        (r#""Match": "4", "LessThan": "x""#.to_owned(), ".LessThan"),
        (r#""Match": "4", "IsPresent": "true""#.to_owned(), ".IsPresent"),
        (r#""Match": "4", "IsPresent": 1"#.to_owned(), ".IsPresent"),
    ] {
        let places = places_of_errors("\"Filters\": []", &format!("\"Filters\": [{{{filter}}}]"));
        assert_eq!(places, [format!("$.Contribution.Filters[0]{place}")], "{filter}");
    }
    let five = [r#"{"Match": "4", "In": ["a"]}"#; 5].join(",");
    let places = places_of_errors("\"Filters\": []", &format!("\"Filters\": [{five}]"));
    assert_eq!(places, ["$.Contribution.Filters"]);
}

#[test]
fn an_error_shows_what_to_write() {
    let message = |filter: &str| {
        let text = RULE.replace("\"Filters\": []", &format!("\"Filters\": [{{{filter}}}]"));
        InsightRule::parse(text.as_bytes()).unwrap_err().to_string()
    };
    for (filter, advice) in [
        (r#""Match": "4", "EqualTo": "6""#, "6"),
        (r#""Match": "4", "IsPresent": "true""#, "true"),
        (r#""Match": "4", "In": [443]"#, "\"443\""),
        (r#""Match": "$.srcaddr", "In": ["x"]"#, "\"srcaddr\""),
    ] {
        let found = message(filter);
        assert!(found.contains(&format!("write {advice}")), "{filter}: {found}");
    }
}

#[test]
fn shipped_rules_are_rules_without_a_warning() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with("_rule.json"));
    files.sort();
    let listed = |path: &PathBuf| {
        let rule = InsightRule::parse(&fs::read(path).unwrap()).unwrap();
        assert!(rule.warnings().is_empty(), "{path:?} {:?}", rule.warnings());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let answer = refined(&rule, &EVENTS, |query| query.top(1));
        (name, contributors(&answer).concat())
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
