//! Rules that compile, and every way to get one wrong, with its message.

use super::InsightRule;
use crate::amount::Comparison;
use crate::batch::Form;
use crate::error::ErrorKind;
use crate::filter::Filter;
use crate::json::JsonPath;
use crate::layout::Column;
use crate::measure::Measure;
use crate::query::{Query, QueryBuilder, Scope};

pub const RULE: &str = r#"{
  "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
  "LogGroupNames": ["/vpc/flow-logs*"],
  "LogFormat": "CLF",
  "Fields": {"4": "srcaddr", "10": "bytes"},
  "Contribution": {"Keys": ["srcaddr"], "ValueOf": "bytes", "Filters": []},
  "AggregateOn": "Sum"
}"#;

pub fn parse(text: &str) -> Result<InsightRule, String> {
    InsightRule::parse(text.as_bytes()).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Rule);
        error.to_string()
    })
}

/// What is wrong with the rule once `old` is replaced by `new`.
pub fn error(old: &str, new: &str) -> String {
    assert!(RULE.contains(old), "{old}");
    parse(&RULE.replacen(old, new, 1)).expect_err(new)
}

pub fn error_of_filters(filters: &str) -> String {
    error("\"Filters\": []", &format!("\"Filters\": {filters}"))
}

pub fn rule(old: &str, new: &str) -> InsightRule {
    assert!(RULE.contains(old), "{old}");
    parse(&RULE.replacen(old, new, 1)).unwrap()
}

pub fn expected(keys: &[(usize, &str)]) -> QueryBuilder {
    Query::builder()
        .scope(Scope::All)
        .group_by(keys.iter().map(|&(key, _)| Column::Position(key)))
        .labels(keys.iter().map(|&(_, label)| label))
}

#[test]
fn a_rule_becomes_a_query() {
    let sum = Measure::Sum(Column::Position(10));
    let whole = parse(RULE).unwrap();
    let query = expected(&[(4, "srcaddr")]).measure(sum.clone()).top(7).build().unwrap();
    assert_eq!(whole.to_query(7), query);
    assert_eq!(whole.key_labels(), ["srcaddr"]);
    assert_eq!(whole.statistic(), "Sum");
    assert!(whole.warnings().is_empty());

    let tests = r#""Filters": [
        {"Match": "13", "In": ["ACCEPT"]}, {"NotIn": ["1", "2"], "Match": "srcaddr"}]"#;
    let filter = Filter::new()
        .and_in(Column::Position(13), ["ACCEPT"])
        .and_not_in(Column::Position(4), ["1", "2"]);
    let query = expected(&[(4, "srcaddr")]).measure(sum.clone()).filter(filter).build().unwrap();
    assert_eq!(rule("\"Filters\": []", tests).to_query(10), query);

    let four = rule("[\"srcaddr\"]", "[\"5\", \"srcaddr\", \"bytes\", \"1\"]");
    let keys = [(5, "5"), (4, "srcaddr"), (10, "bytes"), (1, "1")];
    assert_eq!(four.to_query(10), expected(&keys).measure(sum).build().unwrap());
}

#[test]
fn counts_and_warnings() {
    let warnings = |old: &str, new: &str| rule(old, new).warnings().to_vec();
    let count = expected(&[(4, "srcaddr")]).build().unwrap();

    let counted = rule("\"Sum\"", "\"Count\"");
    assert_eq!(counted.statistic(), "Count");
    assert_eq!(counted.to_query(10), count);
    let ignored = "$.Contribution.ValueOf: ignored, only AggregateOn Sum adds values up";
    assert_eq!(counted.warnings(), [ignored]);

    let ones = rule("\"ValueOf\": \"bytes\", ", "");
    assert_eq!(ones.statistic(), "Sum");
    assert_eq!(ones.to_query(10), count);
    let missing =
        "$.Contribution.ValueOf: missing, AggregateOn Sum adds 1 for each event without it";
    assert_eq!(ones.warnings(), [missing]);

    let groups = "\"LogGroupNames\": [\"/vpc/flow-logs*\"],";
    assert_eq!(
        warnings(groups, ""),
        ["$: no LogGroupNames and no LogGroupARNs, CloudWatch expects one of the two"]
    );
    assert!(warnings("Names\": [\"/vpc/flow-logs*\"]", "ARNs\": [\"arn:*:x\"]").is_empty());
    assert_eq!(
        warnings(groups, &format!("{groups}\"LogGroupARNs\": [\"arn:x\"],")),
        ["$: both LogGroupNames and LogGroupARNs, CloudWatch expects one of the two"]
    );
    assert_eq!(
        warnings("/vpc/", "/vpç/"),
        ["$: a character beyond ASCII at line 3, CloudWatch takes only ASCII"]
    );
    let long = warnings("\"Sum\"", &format!("{}\"Sum\"", " ".repeat(8192 - RULE.len() + 1)));
    assert_eq!(long, ["$: 8193 characters, CloudWatch takes at most 8,192"]);
    assert!(warnings("\"Sum\"", &format!("{}\"Sum\"", " ".repeat(8192 - RULE.len()))).is_empty());
}

#[test]
fn what_is_no_rule_at_all() {
    let error = |text: &str| parse(text).unwrap_err();
    assert_eq!(error(" \n"), "$: nothing, expected the JSON object of a rule");
    assert_eq!(error("7"), "$: 7, expected an object");
    assert_eq!(error("null"), "$: null, expected an object");
    assert_eq!(
        error("{\"Schema\": {},\n}"),
        "$: not JSON at line 2 column 1: trailing comma; remove the comma before this place"
    );
    assert_eq!(
        error("{} {}"),
        "$: not JSON at line 1 column 4: trailing characters; one file holds one JSON value, for \
         several rules write an array"
    );
    assert_eq!(error("{\"Schema\""), "$: not JSON at line 1 column 9: eof while parsing an object");
    assert_eq!(
        error(&"[".repeat(1000)),
        "$: nested too deeply at line 1 column 128, a rule has a few levels"
    );
    assert_eq!(
        error(&" ".repeat(256 * 1024 + 1)),
        "$: 262145 bytes, a rule has at most 8,192 characters"
    );
    assert_eq!(
        error("\u{feff}{}"),
        "$: a byte order mark, expected {; save the rule as plain text"
    );
    assert!(
        InsightRule::parse(b"{\"\xff\": 1}").unwrap_err().to_string().starts_with("$: not JSON")
    );
}

#[test]
fn an_empty_object_lacks_everything() {
    assert_eq!(
        parse("{}").unwrap_err(),
        "$.Schema: missing, expected {\"Name\": \"CloudWatchLogRule\", \"Version\": 1}\n\
         $.LogFormat: missing, expected \"JSON\" or \"CLF\"\n\
         $.AggregateOn: missing, expected \"Count\" or \"Sum\"\n\
         $.Contribution: missing, expected an object with Keys"
    );
}

#[test]
fn hostile_rules_get_few_lines() {
    let many: Vec<String> = (0..5000).map(|at| format!("\"x{at}\": 1")).collect();
    let text = parse(&format!("{{{}}}", many.join(", "))).unwrap_err();
    assert_eq!(text.lines().count(), 101);
    assert_eq!(text.lines().last(), Some("$: 4904 more errors"));
}

#[test]
fn members_of_the_rule() {
    for (old, new, message) in [
        ("\"Version\": 1", "\"Version\": 2", "$.Schema.Version: 2, expected the number 1"),
        (
            "\"Version\": 1",
            "\"Version\": \"1\"",
            "$.Schema.Version: \"1\", expected the number 1; write it without quotes",
        ),
        (", \"Version\": 1", "", "$.Schema.Version: missing, expected the number 1"),
        (
            "CloudWatchLogRule",
            "cloudwatchlogrule",
            "$.Schema.Name: \"cloudwatchlogrule\", expected \"CloudWatchLogRule\"",
        ),
        (
            "CloudWatchLogRule",
            "ServiceLogRule",
            "$.Schema.Name: \"ServiceLogRule\", expected \"CloudWatchLogRule\"; an AWS service \
             makes and manages such rules, and they read its own logs",
        ),
        (
            "{\"Name\": \"CloudWatchLogRule\", \"Version\": 1}",
            "\"CloudWatchLogRule\"",
            "$.Schema: \"CloudWatchLogRule\", expected an object",
        ),
        (
            "[\"/vpc/flow-logs*\"]",
            "\"/vpc/flow-logs\"",
            "$.LogGroupNames: \"/vpc/flow-logs\", expected an array of strings",
        ),
        ("\"/vpc/flow-logs*\"", "5", "$.LogGroupNames[0]: 5, expected a string"),
        (
            "/vpc/flow-logs*",
            "/vpc/*/x",
            "$.LogGroupNames[0]: \"/vpc/*/x\", expected * only at the end",
        ),
        (
            "\"CLF\"",
            "\"clf\"",
            "$.LogFormat: \"clf\", expected \"JSON\" or \"CLF\"; did you mean \"CLF\"?",
        ),
        (
            "\"Sum\"",
            "\"sum\"",
            "$.AggregateOn: \"sum\", expected \"Count\" or \"Sum\"; did you mean \"Sum\"?",
        ),
        ("\"Sum\"", "1", "$.AggregateOn: 1, expected \"Count\" or \"Sum\""),
        (
            "\"AggregateOn\"",
            "\"AgregateOn\"",
            "$.AgregateOn: unknown member; did you mean \"AggregateOn\"?\n\
             $.AggregateOn: missing, expected \"Count\" or \"Sum\"",
        ),
        (
            "\"AggregateOn\": \"Sum\"",
            "\"AggregateOn\": \"Sum\", \"AggregateOn\": \"Count\"",
            "$.AggregateOn: the same member again, expected it once",
        ),
        (
            "\"AggregateOn\": \"Sum\"",
            "\"AggregateOn\": \"Sum\", \"x\\n\": 1",
            "$[\"x\\n\"]: unknown member, expected one of Schema, LogGroupNames, LogGroupARNs, \
             LogFormat, Fields, Contribution, AggregateOn",
        ),
        (
            "\"Filters\": []",
            "\"AggregateOn\": \"Sum\"",
            "$.Contribution.AggregateOn: misplaced, it belongs to $",
        ),
    ] {
        assert_eq!(error(old, new), message, "{new}");
    }
}

const JSON_RULE: &str = r#"{
  "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
  "LogGroupNames": ["api-access"],
  "LogFormat": "JSON",
  "Contribution": {
    "Keys": ["$.ip", "$.users[1].name"],
    "ValueOf": "$.bytes.sent",
    "Filters": [{"Match": "$.status", "GreaterThan": 499}]
  },
  "AggregateOn": "Sum"
}"#;

#[test]
fn json_rules_name_paths() {
    let path = |text: &str| Column::Path(JsonPath::parse(text).unwrap());
    let rule = parse(JSON_RULE).unwrap();
    assert_eq!(rule.form(), Form::Json);
    assert_eq!(rule.key_labels(), ["$.ip", "$.users[1].name"]);
    assert_eq!(rule.measured(), Some("$.bytes.sent"));
    assert!(rule.warnings().is_empty());
    let filter = Filter::new().and_number(path("$.status"), Comparison::Greater, 499u64.into());
    let query = Query::builder()
        .form(Form::Json)
        .scope(Scope::All)
        .filter(filter)
        .group_by([path("$.ip"), path("$.users[1].name")])
        .labels(["$.ip", "$.users[1].name"])
        .measure(Measure::Sum(path("$.bytes.sent")))
        .build();
    assert_eq!(rule.to_query(10), query.unwrap());

    let error = |old: &str, new: &str| {
        assert!(JSON_RULE.contains(old), "{old}");
        parse(&JSON_RULE.replacen(old, new, 1)).unwrap_err()
    };
    let keys = "$.Contribution.Keys[0]";
    assert_eq!(
        error("\"$.ip\"", "\"ip\""),
        format!("{keys}: \"ip\" does not begin with $., expected a path such as \"$.ip\"")
    );
    assert_eq!(
        error("\"$.ip\"", "\"$.a..b\""),
        format!("{keys}: {}", JsonPath::parse("$.a..b").unwrap_err())
    );
    assert_eq!(error("\"$.ip\"", "4"), format!("{keys}: 4, expected a field name, a string"));
    assert_eq!(
        error("$.users[1].name", "$.ip"),
        "$.Contribution.Keys[1]: \"$.ip\" is the same field as the key \"$.ip\", expected others"
    );
    assert_eq!(
        error("\"JSON\"", "\"JSON\", \"Fields\": {\"4\": \"srcaddr\"}"),
        "$.Fields: only CLF rules have this member; remove it"
    );
    // A format in the wrong case is one mistake, not one for each name.
    assert_eq!(
        error("\"JSON\"", "\"json\""),
        "$.LogFormat: \"json\", expected \"JSON\" or \"CLF\"; did you mean \"JSON\"?"
    );
    assert_eq!(
        error("\"LogFormat\": \"JSON\",", ""),
        "$.LogFormat: missing, expected \"JSON\" or \"CLF\""
    );
}

#[test]
fn fields_and_their_aliases() {
    let position = "not a position, expected one from \"1\" such as \"4\"";
    for bad in ["0", "-1", "x", "01", "4294967296", ""] {
        let message = format!("$.Fields[\"{bad}\"]: {position}");
        let message = message.replace("[\"x\"]", ".x");
        assert_eq!(
            error("\"10\": \"bytes\"", &format!("\"10\": \"bytes\", \"{bad}\": \"b\"")),
            message
        );
    }
    let fields = "{\"4\": \"srcaddr\", \"10\": \"bytes\"}";
    for (old, new, message) in [
        (
            "\"4\": \"srcaddr\"",
            "\"4\": \"srcaddr\", \"5\": \"srcaddr\"",
            "$.Fields[\"5\"]: alias \"srcaddr\" already means position 4, expected another alias",
        ),
        (
            "\"4\": \"srcaddr\"",
            "\"4\": \"srcaddr\", \"4\": \"source\"",
            "$.Fields[\"4\"]: the same member again, expected it once",
        ),
        (
            "\"4\": \"srcaddr\"",
            "\"4\": \"srcaddr\", \"5\": \"\"",
            "$.Fields[\"5\"]: \"\", expected an alias, a string that is not empty",
        ),
        (
            "\"4\": \"srcaddr\"",
            "\"4\": \"srcaddr\", \"5\": 5",
            "$.Fields[\"5\"]: 5, expected an alias, a string that is not empty",
        ),
        (
            fields,
            "[]",
            "$.Fields: an array, expected an object such as {\"4\": \"srcaddr\"}\n\
             $.Contribution.Keys[0]: \"srcaddr\" is no alias of Fields and no position; add \
             \"4\": \"srcaddr\" to Fields, or write \"4\"\n\
             $.Contribution.ValueOf: \"bytes\" is no alias of Fields and no position; add \
             \"10\": \"bytes\" to Fields, or write \"10\"",
        ),
    ] {
        assert_eq!(error(old, new), message, "{new}");
    }
}

#[test]
fn keys() {
    let path = "$.Contribution.Keys";
    let keys = "[\"srcaddr\"]";
    for (new, message) in [
        ("[]", ": 0 keys, expected 1 to 4"),
        ("[\"1\", \"2\", \"3\", \"4\", \"5\"]", ": 5 keys, expected 1 to 4"),
        (
            "\"srcaddr\"",
            ": \"srcaddr\", expected an array of 1 to 4 field names; write [\"srcaddr\"]",
        ),
        ("[4]", "[0]: 4, expected a field name, a string; write \"4\""),
        ("[null]", "[0]: null, expected a field name, a string"),
        (
            "[\"srcaddr\", \"srcaddr\"]",
            "[1]: \"srcaddr\" is the same field as the key \"srcaddr\", expected others",
        ),
        (
            "[\"4\", \"srcaddr\"]",
            "[1]: \"srcaddr\" is the same field as the key \"4\", expected others",
        ),
        (
            "[\"srcadr\"]",
            "[0]: \"srcadr\" is no alias of Fields and no position; did you mean \"srcaddr\"?",
        ),
        (
            "[\"Srcaddr\"]",
            "[0]: \"Srcaddr\" is no alias of Fields and no position; did you mean \"srcaddr\"?",
        ),
        (
            "[\"dstaddr\"]",
            "[0]: \"dstaddr\" is no alias of Fields and no position; add \"5\": \"dstaddr\" to \
             Fields, or write \"5\"",
        ),
        (
            "[\"somewhere\"]",
            "[0]: \"somewhere\" is no alias of Fields and no position, expected one of \
             \"srcaddr\", \"bytes\" or a position such as \"4\"",
        ),
        (
            "[\"0\"]",
            "[0]: \"0\" is no alias of Fields and no position, expected one of \"srcaddr\", \
             \"bytes\" or a position such as \"4\"",
        ),
        (
            "[\"$.srcaddr\"]",
            "[0]: \"$.srcaddr\" is the notation of JSON rules; in a CLF rule write \"srcaddr\"",
        ),
        (
            "[\"$.ip\"]",
            "[0]: \"$.ip\" is the notation of JSON rules, expected one of \"srcaddr\", \
             \"bytes\" or a position such as \"4\"",
        ),
    ] {
        assert_eq!(error(keys, new), format!("{path}{message}"), "{new}");
    }
    assert_eq!(
        error("\"Keys\": [\"srcaddr\"], ", ""),
        "$.Contribution.Keys: missing, expected 1 to 4 field names"
    );
    assert_eq!(
        error("\"ValueOf\": \"bytes\"", "\"ValueOf\": 10"),
        "$.Contribution.ValueOf: 10, expected a field name, a string; write \"10\""
    );
    let renamed = RULE.replacen("\"4\": \"srcaddr\"", "\"4\": \"from\"", 1);
    assert_eq!(
        parse(&renamed).unwrap_err(),
        "$.Contribution.Keys[0]: \"srcaddr\" is no alias of Fields and no position; \
         did you mean \"from\"?"
    );
    let bare = RULE.replace("\"Fields\": {\"4\": \"srcaddr\", \"10\": \"bytes\"},", "");
    let bare = bare.replace("\"srcaddr\"", "\"x\"").replace("\"bytes\"", "\"10\"");
    assert_eq!(
        parse(&bare).unwrap_err(),
        "$.Contribution.Keys[0]: \"x\" is no alias of Fields and no position, expected a position \
         such as \"4\"; the rule has no aliases"
    );
}

#[test]
fn all_violations_are_said_at_once() {
    let text = RULE
        .replace("\"Version\": 1", "\"Version\": 2")
        .replace("\"CLF\"", "\"clf\"")
        .replace("[\"srcaddr\"]", "[]")
        .replace("\"Sum\"", "\"sum\"");
    let message = parse(&text).unwrap_err();
    let places: Vec<&str> = message.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["$.Schema.Version", "$.LogFormat", "$.AggregateOn", "$.Contribution.Keys"]);
}
