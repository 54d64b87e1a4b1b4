//! The shapes of rules that AWS publishes, rules read by name, and what only CloudWatch minds.

use super::InsightRule;
use super::tests::{RULE, parse};
use crate::field::Field;
use crate::layout::{Column, Layout};
use crate::measure::Measure;
use crate::view::KeyColumn;

/// A rule of these members, without log groups.
fn rule(format: &str, fields: &str, contribution: &str, aggregate: &str) -> String {
    let schema = r#""Schema": {"Version": 1, "Name": "CloudWatchLogRule"}"#;
    let groups = r#""LogGroupNames": ["<groups>*"]"#;
    format!(
        "{{\"AggregateOn\": \"{aggregate}\", \"Contribution\": {{{contribution}}}, {fields} \
         \"LogFormat\": \"{format}\", {schema}, {groups}}}"
    )
}

#[test]
fn the_shapes_of_published_rules_are_taken() {
    let fields = r#""Fields": {"3": "interfaceID", "4": "from", "7": "its port", "8": "protocol",
        "9": "packet count", "13": "verdict"},"#;
    for (name, text, warnings) in [
        (
            "https by packets",
            rule(
                "CLF",
                fields,
                r#""Keys": ["from"], "ValueOf": "packet count",
                   "Filters": [{"Match": "its port", "EqualTo": 443}]"#,
                "Sum",
            ),
            0,
        ),
        (
            "rejected connections, a sum of nothing",
            rule(
                "CLF",
                fields,
                r#""Keys": ["interfaceID", "from"], "Filters": [
                    {"Match": "protocol", "EqualTo": 6}, {"Match": "verdict", "In": ["REJECT"]}]"#,
                "Sum",
            ),
            1,
        ),
        (
            "one key far beyond the default format",
            rule("CLF", r#""Fields": {"23": "tcp-flag"},"#, r#""Keys": ["tcp-flag"]"#, "Count"),
            0,
        ),
        (
            "aliases that look like paths",
            rule(
                "CLF",
                r#""Fields": {"2": "$2", "4": "$4"},"#,
                r#""Keys": ["$2"], "Filters": [{"Match": "$4", "EqualTo": 429}]"#,
                "Count",
            ),
            0,
        ),
        (
            "words of a Lambda log",
            rule(
                "CLF",
                r#""Fields": {"1": "kind", "4": "version", "8": "versionArn"},"#,
                r#""Keys": ["version", "versionArn"],
                   "Filters": [{"Match": "kind", "In": ["INIT_START"]}]"#,
                "Count",
            ),
            0,
        ),
        (
            "answers of a resolver",
            rule(
                "JSON",
                "",
                r#""Keys": ["$.query_type", "$.srcaddr"],
                   "Filters": [{"Match": "$.rcode", "StartsWith": ["NXDOMAIN"]}]"#,
                "Count",
            ),
            0,
        ),
        (
            "presence in a JSON event",
            rule(
                "JSON",
                "",
                r#""Keys": ["$.owner"], "ValueOf": "$.tokens[0].total",
                   "Filters": [{"Match": "$.owner", "IsPresent": true}]"#,
                "Sum",
            ),
            0,
        ),
    ] {
        let rule = parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rule.warnings().len(), warnings, "{name}: {:?}", rule.warnings());
        assert!(InsightRule::check(text.as_bytes()).is_ok(), "{name}");
    }
}

#[test]
fn published_mistakes_are_told_with_a_way_out() {
    let error = |format: &str, contribution: &str, aggregate: &str| {
        parse(&rule(format, "", contribution, aggregate)).unwrap_err()
    };
    // Paths and a text comparison in a rule for space-separated logs.
    let contribution = r#""Keys": ["$.srcAddr", "$.4"],
        "Filters": [{"Match": "$.action", "EqualTo": "REJECT"}]"#;
    assert_eq!(
        error("CLF", contribution, "Count"),
        "$.Contribution.Keys[0]: \"$.srcAddr\" is the notation of JSON rules, expected a position \
         such as \"4\"; the rule has no aliases\n\
         $.Contribution.Keys[1]: \"$.4\" is the notation of JSON rules; in a CLF rule write \"4\"\n\
         $.Contribution.Filters[0].Match: \"$.action\" is the notation of JSON rules, expected a \
         position such as \"4\"; the rule has no aliases\n\
         $.Contribution.Filters[0].EqualTo: \"REJECT\", expected a number; to compare text write \
         \"In\": [\"REJECT\"]"
    );
    // Names that nothing defines.
    assert_eq!(
        error("CLF", r#""Keys": ["client_ip"]"#, "Count"),
        "$.Contribution.Keys[0]: \"client_ip\" is no alias of Fields and no position, expected a \
         position such as \"4\"; the rule has no aliases"
    );
    // A statistic in capitals, and what is to be counted in the wrong place.
    assert_eq!(
        error("JSON", r#""Keys": ["$.path"], "AggregateOn": "COUNT""#, "COUNT"),
        "$.AggregateOn: \"COUNT\", expected \"Count\" or \"Sum\"; did you mean \"Count\"?\n\
         $.Contribution.AggregateOn: misplaced, it belongs to $"
    );
    // A comma before the closing bracket.
    let text = rule("JSON", "", r#""Keys": ["$.method",]"#, "Count");
    let error = parse(&text).unwrap_err();
    assert!(error.contains("trailing comma; remove the comma before this place"), "{error}");
}

#[test]
fn a_check_minds_what_a_run_only_warns_of() {
    let errors = |text: &str| InsightRule::check(text.as_bytes()).unwrap_err().to_string();
    let bare = RULE.replace("\"LogGroupNames\": [\"/vpc/flow-logs*\"],", "");
    assert_eq!(
        parse(&bare).unwrap().warnings(),
        [errors(&bare)],
        "the same words, in another weight"
    );
    assert_eq!(
        errors(&bare.replace("\"Sum\"", "\"sum\"").replace("bytes", "bÿtes")),
        "$: a character beyond ASCII at line 5, CloudWatch takes only ASCII\n\
         $: no LogGroupNames and no LogGroupARNs, CloudWatch expects one of the two\n\
         $.AggregateOn: \"sum\", expected \"Count\" or \"Sum\"; did you mean \"Sum\"?"
    );
    let long = format!("{RULE}{}", " ".repeat(8192));
    assert!(errors(&long).ends_with("characters, CloudWatch takes at most 8,192"));
    // What is only a surprise stays a warning.
    let surprising = RULE.replace("\"Sum\"", "\"Count\"");
    assert_eq!(InsightRule::check(surprising.as_bytes()).unwrap().warnings().len(), 1);
}

#[test]
fn aliases_as_names_of_fields() {
    let text = RULE
        .replace("\"4\": \"srcaddr\"", "\"4\": \"srcAddr\", \"7\": \"my-column\"")
        .replace("[\"srcaddr\"]", "[\"srcAddr\", \"5\", \"my-column\"]");
    let rule = parse(&text).unwrap();
    let by_name = rule.clone().by_name().unwrap();
    assert_eq!(by_name.key_labels(), ["srcAddr", "5", "my-column"]);
    assert_eq!(by_name.measured(), Some("bytes"));
    let columns =
        [Column::Field(Field::SrcAddr), Column::Position(5), Column::Name("my-column".to_owned())];
    let query = by_name.to_query(10);
    assert_eq!(query.keys, columns.map(KeyColumn::from));
    assert_eq!(*query.measure(), Measure::Sum(Field::Bytes.into()));
    assert_eq!(rule.to_query(10).keys[0], Column::Position(4).into());

    let error = |text: &str| parse(text).unwrap().by_name().unwrap_err().to_string();
    let twice = text.replace("\"my-column\"", "\"src_addr\"");
    assert_eq!(
        error(&twice),
        "$.Contribution.Keys[2]: by name \"src_addr\" is the same field as \"srcAddr\", expected \
         others"
    );
    assert_eq!(
        error(&RULE.replace("bytes", "action")),
        "$.Contribution.ValueOf: by name this is action, expected a number field such as bytes"
    );
}

#[test]
fn aliases_that_stand_for_other_columns() {
    let rule = parse(RULE).unwrap();
    assert!(rule.misplaced(&Layout::v2()).is_empty());
    let layout = Layout::new(["version", "bytes", "srcaddr", "dstaddr"]).unwrap();
    assert_eq!(
        rule.misplaced(&layout),
        [
            "alias \"srcaddr\" is position 4, where dstaddr stands; srcaddr is at 3",
            "alias \"bytes\" is position 10, where nothing stands; bytes is at 2",
        ]
    );
    let layout = Layout::new(["version"]).unwrap();
    assert!(rule.misplaced(&layout)[0].ends_with("; there is no srcaddr"));
    // Aliases that nothing uses, and names that are no fields, say nothing.
    let unused = RULE.replace("\"10\"", "\"5\": \"dstaddr\", \"10\"");
    assert!(parse(&unused).unwrap().misplaced(&Layout::v2()).is_empty());
    assert_eq!(parse(&unused).unwrap().misplaced(&layout).len(), 2);
    let other = RULE.replace("bytes", "traffic");
    assert_eq!(parse(&other).unwrap().misplaced(&layout).len(), 1);
    // By name there is nothing to misplace.
    assert!(rule.by_name().unwrap().misplaced(&layout).is_empty());
}
