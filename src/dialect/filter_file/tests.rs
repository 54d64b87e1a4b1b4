//! Every wrapping that metric filters come in, and what is wrong with some.

use super::{FilterFile, NamedFilter};
use crate::dialect::RuleFile;

const FILTER: &str = r#"{"logGroupName": "flow-logs", "filterName": "bytes",
  "filterPattern": "[..., bytes, start, end, action=ACCEPT, status]",
  "metricTransformations": [{"metricName": "Bytes", "metricNamespace": "Mine",
    "metricValue": "$bytes", "defaultValue": 0, "unit": "Bytes"}]}"#;

const PROPERTIES: &str = r#"{"LogGroupName": {"Ref": "Logs"}, "FilterName": "bytes",
  "FilterPattern": "[..., bytes, start, end, action=ACCEPT, status]",
  "MetricTransformations": [{"MetricName": "Bytes", "MetricNamespace": "Mine",
    "MetricValue": "$bytes", "Unit": "Bytes",
    "Dimensions": [{"Key": "Action", "Value": "$action"}]}]}"#;

const RULE: &str = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}}"#;

fn read(text: &str) -> FilterFile {
    FilterFile::read(text.as_bytes(), "file").unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn refused(text: &str) -> String {
    FilterFile::read(text.as_bytes(), "file").unwrap_err().to_string()
}

fn names(file: &FilterFile) -> Vec<&str> {
    file.filters.iter().map(NamedFilter::name).collect()
}

fn template(properties: &str) -> String {
    format!(
        "{{\"Resources\": {{\"B\": {{\"Type\": \"AWS::S3::Bucket\"}}, \"F\": {{\"Type\": \
         \"AWS::Logs::MetricFilter\", \"Properties\": {properties}}}}}}}"
    )
}

/// What is wrong with the only filter of a text.
fn wrong(text: &str) -> String {
    read(text).filters[0].parse().unwrap_err().to_string()
}

/// What is wrong with the filter above if one part of it is another.
fn changed(from: &str, to: &str) -> String {
    assert!(FILTER.contains(from), "{from}");
    wrong(&FILTER.replace(from, to))
}

/// What may surprise in that filter; as an error of a check, if it is one.
fn warned(from: &str, to: &str) -> (Vec<String>, Option<String>) {
    let file = read(&FILTER.replace(from, to));
    let filter = file.filters[0].parse().unwrap();
    let error = file.filters[0].check().err().map(|error| error.to_string());
    (filter.warnings().to_vec(), error)
}

#[test]
fn a_filter_alone_is_its_file() {
    let file = read(FILTER);
    assert_eq!(names(&file), ["bytes"]);
    assert!(file.filters[0].is_alone() && file.notes.is_empty());
    let filter = file.filters[0].check().unwrap();
    assert!(filter.warnings().is_empty());
    let transformation = filter.transformation();
    assert_eq!(transformation.metric_name, "Bytes");
    assert_eq!(transformation.namespace.as_deref(), Some("Mine"));
    assert_eq!(transformation.value, "$bytes");
    assert_eq!(transformation.default, Some(0.0));
    assert_eq!(transformation.unit.as_deref(), Some("Bytes"));
    assert!(transformation.dimensions.is_empty());
    assert_eq!(wrong("7"), "$: 7, expected an object");
    assert_eq!(names(&read("{\"filterPattern\": \"\"}")), ["file"]);
}

#[test]
fn the_wrappings_of_the_command_line() {
    let described = "{\"creationTime\": 1600000000000, \"applyOnTransformedLogs\": false, ";
    let described = FILTER.replacen('{', described, 1);
    let file =
        read(&format!("{{\"metricFilters\": [{described}, {FILTER}], \"nextToken\": \"\"}}"));
    assert_eq!(names(&file), ["bytes", "bytes"]);
    for filter in &file.filters {
        assert!(filter.check().unwrap().warnings().is_empty() && !filter.is_alone());
    }
    let nameless = FILTER.replace("\"filterName\": \"bytes\",", "");
    let file = read(&format!("[{FILTER}, {nameless}, {PROPERTIES}, {RULE}]"));
    assert_eq!(names(&file), ["bytes", "file[1]", "bytes"]);
    assert_eq!(
        file.notes,
        ["file[3]: left out, a rule and no metric filter; type `flowagg rule FILE`"]
    );
    assert!(file.filters.iter().all(|filter| filter.parse().is_ok()));
    // Only the command line prints the time.
    assert!(wrong(&described).starts_with("$.creationTime: unknown member"));
    // Paths are those of the file.
    let error = wrong(&format!("{{\"metricFilters\": [{}]}}", FILTER.replace("$bytes", "b")));
    let path = "$.metricFilters[0].metricTransformations[0].metricValue: ";
    assert!(error.starts_with(path), "{error}");
}

#[test]
fn templates() {
    let file = read(&template(PROPERTIES));
    assert_eq!(names(&file), ["bytes"]);
    let filter = file.filters[0].check().unwrap();
    assert!(filter.warnings().is_empty(), "{:?}", filter.warnings());
    assert_eq!(filter.transformation().dimensions, [("Action".to_owned(), "$action".to_owned())]);
    // CloudFormation makes strings and numbers of each other, and names of logical ones.
    let properties =
        PROPERTIES.replace("\"$bytes\"", "1").replace("\"FilterName\": \"bytes\",", "").replace(
            "\"Dimensions\": [{\"Key\": \"Action\", \"Value\": \"$action\"}]",
            "\"DefaultValue\": \"0.5\"",
        );
    let file = read(&template(&properties));
    assert_eq!(names(&file), ["F"]);
    let filter = file.filters[0].check().unwrap();
    assert_eq!(filter.transformation().value, "1");
    assert_eq!(filter.transformation().default, Some(0.5));
    // Functions are resolved.
    let properties = PROPERTIES
        .replace("\"$bytes\"", "{\"Fn::Join\": [\"\", [\"$\", \"bytes\"]]}")
        .replace("\"Mine\"", "{\"Fn::Sub\": \"${AWS::StackName}/Mine\"}");
    let filter = read(&template(&properties)).filters[0].check().unwrap();
    assert_eq!(filter.transformation().namespace.as_deref(), Some("${AWS::StackName}/Mine"));
    assert_eq!(
        filter.warnings(),
        ["$.Resources.F.Properties.MetricTransformations[0].MetricNamespace: \
          \"${AWS::StackName}/Mine\" refers to what only CloudFormation knows, and stays so in \
          answers"]
    );
}

#[test]
fn references_where_the_answer_depends_on_them() {
    let properties = PROPERTIES
        .replace("\"[..., bytes, start, end, action=ACCEPT, status]\"", "{\"Ref\": \"P\"}")
        .replace("\"$bytes\"", "{\"Ref\": \"V\"}")
        .replace("\"$action\"", "{\"Fn::Sub\": \"$${D}\"}");
    let advice = "which only CloudFormation knows; write its value, or take the metric filter \
                  from `aws logs describe-metric-filters`";
    let path = "$.Resources.F.Properties";
    assert_eq!(
        wrong(&template(&properties)),
        format!(
            "{path}.FilterPattern: refers to \"${{P}}\", {advice}\n\
             {path}.MetricTransformations[0].MetricValue: refers to \"${{V}}\", {advice}\n\
             {path}.MetricTransformations[0].Dimensions[0].Value: refers to \"${{D}}\", {advice}"
        )
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = FILTER
        .replace("\"logGroupName\"", "\"logGroup\"")
        .replace("\"unit\": \"Bytes\"", "\"unit\": \"bytes\", \"unit\": 5, \"filterName\": 1")
        .replace("\"Mine\"", "7")
        .replace("\"$bytes\"", "10");
    assert_eq!(
        wrong(&text).lines().collect::<Vec<_>>(),
        [
            "$.metricTransformations[0].unit: the same member again, expected it once",
            "$.logGroup: unknown member; did you mean \"logGroupName\"?",
            "$.metricTransformations[0].filterName: misplaced, it belongs to $",
            "$.metricTransformations[0].metricNamespace: 7, expected a name, a string; write \"7\"",
            "$.metricTransformations[0].metricValue: 10, expected a number or a selector, a \
             string; write \"10\"",
            "$.metricTransformations[0].unit: \"bytes\", expected a unit of CloudWatch; did you \
             mean \"Bytes\"?",
        ]
    );
    assert_eq!(
        changed("\"unit\"", "\"Unit\""),
        "$.metricTransformations[0].Unit: unknown member; did you mean \"unit\"?"
    );
    assert_eq!(
        wrong("{\"filterPattern\": null, \"metricValue\": \"1\"}"),
        "$.metricValue: misplaced, it belongs to $.metricTransformations[0]\n\
         $.filterPattern: null, expected a pattern, a string\n\
         $.metricTransformations: missing, expected an array of exactly one transformation"
    );
    assert_eq!(
        wrong("{\"metricTransformations\": [{}]}"),
        "$.filterPattern: missing, expected a pattern; \"\" takes every event\n\
         $.metricTransformations[0].metricName: missing, expected a name\n\
         $.metricTransformations[0].metricValue: missing, expected a number such as \"1\", or a \
         selector such as \"$bytes\" or \"$.bytes\""
    );
}

#[test]
fn exactly_one_transformation() {
    let (head, list) = FILTER.split_once("\"metricTransformations\": [").unwrap();
    let one = list.strip_suffix("]}").unwrap();
    let with = |value: String| wrong(&format!("{head}\"metricTransformations\": {value}}}"));
    let expected = "expected an array of exactly one transformation";
    let path = "$.metricTransformations";
    assert_eq!(with(one.to_owned()), format!("{path}: an object, {expected}"));
    for (list, count) in [(String::new(), 0), (format!("{one}, {one}"), 2)] {
        let text =
            format!("{count} transformations, expected exactly one; write a filter for each");
        assert_eq!(with(format!("[{list}]")), format!("{path}: {text}"));
    }
    assert_eq!(with("[1]".to_owned()), format!("{path}[0]: 1, expected an object"));
}

#[test]
fn a_pattern_that_is_not_valid_is_shown() {
    let error = changed("\"[..., bytes, start, end, action=ACCEPT, status]\"", "\"ERR*\"");
    let mut lines = error.lines();
    let first = "$.filterPattern: Invalid character(s) in term '*'";
    assert_eq!(lines.next(), Some(first));
    assert_eq!(lines.next(), Some("  ERR*"));
    assert!(lines.next().unwrap().starts_with("     ^ "), "{error}");
    // Whether `$bytes` fits is not known then.
    assert_eq!(lines.next(), None, "{error}");
}

#[test]
fn dimensions() {
    let with = |dimensions: &str| {
        FILTER.replace("\"defaultValue\": 0", &format!("\"dimensions\": {dimensions}"))
    };
    let filter = read(&with("{\"Ref\": \"$action\"}")).filters[0].check().unwrap();
    assert_eq!(filter.dimensions().next().unwrap().0, "Ref");
    assert!(read(&with("{}")).filters[0].check().is_ok());
    let path = "$.metricTransformations[0].dimensions";
    let error = wrong(&with("{\"a b\": \"web\"}"));
    assert!(
        error.starts_with(&format!("{path}[\"a b\"]: \"web\", expected a selector")),
        "{error}"
    );
    assert_eq!(
        wrong(&with("[]")),
        format!("{path}: an array, expected an object such as {{\"action\": \"$action\"}}")
    );
    assert_eq!(
        wrong(&with("{\"A\": \"$action\", \"A\": \"$a\"}")),
        format!("{path}.A: the same member again, expected it once")
    );
    let error = wrong(&with("{\"A\": 1}"));
    assert_eq!(error, format!("{path}.A: 1, expected a selector, a string; write \"1\""));
    let list = "\"Dimensions\": [{\"Key\": \"Action\", \"Value\": \"$action\"}]";
    let with = |to: &str| wrong(&template(&PROPERTIES.replace(list, to)));
    let path = "$.Resources.F.Properties.MetricTransformations[0].Dimensions";
    assert_eq!(
        with("\"Dimensions\": {\"A\": \"$a\"}"),
        format!(
            "{path}: an object, expected an array such as [{{\"Key\": \"action\", \"Value\": \
             \"$action\"}}]"
        )
    );
    assert_eq!(
        with("\"Dimensions\": [{\"key\": \"A\", \"Value\": \"$action\"}]"),
        format!(
            "{path}[0].key: unknown member; did you mean \"Key\"?\n\
             {path}[0].Key: missing, expected a name"
        )
    );
}

#[test]
fn members_that_would_change_the_answer() {
    let with = |member: &str| format!("\"filterName\": \"bytes\", {member},");
    let name = "\"filterName\": \"bytes\",";
    for (member, path, found) in [
        ("\"applyOnTransformedLogs\": false", "applyOnTransformedLogs", "false"),
        ("\"emitSystemFieldDimensions\": []", "emitSystemFieldDimensions", "empty"),
        ("\"fieldSelectionCriteria\": \"\"", "fieldSelectionCriteria", "empty"),
    ] {
        let text = format!("$.{path}: {found}, so it asks for nothing; remove it");
        assert_eq!(warned(name, &with(member)), (vec![text], None));
    }
    for (member, expected) in [
        (
            "\"applyOnTransformedLogs\": true",
            "$.applyOnTransformedLogs: true, expected false; files hold no transformed logs",
        ),
        (
            "\"emitSystemFieldDimensions\": [\"@source.log\"]",
            "$.emitSystemFieldDimensions: an array, expected no such member; files have no \
             account, region and source",
        ),
        (
            "\"fieldSelectionCriteria\": \"@aws.region = 1\"",
            "$.fieldSelectionCriteria: \"@aws.region = 1\", expected no such member; files have \
             no account and region to select by",
        ),
    ] {
        assert_eq!(changed(name, &with(member)), expected);
    }
}

#[test]
fn what_only_cloudwatch_minds() {
    for (from, to, text) in [
        (
            "\"logGroupName\": \"flow-logs\",",
            "",
            "$.logGroupName: missing, CloudWatch expects a log group",
        ),
        (
            "\"flow-logs\"",
            "\"flow logs\"",
            "$.logGroupName: \"flow logs\" has ' ', CloudWatch takes letters, digits, ., -, _, / \
             and #",
        ),
        ("\"filterName\": \"bytes\",", "", "$.filterName: missing, CloudWatch expects a name"),
        (
            "\"filterName\": \"bytes\"",
            "\"filterName\": \"a:b\"",
            "$.filterName: \"a:b\" has ':', CloudWatch takes no : and *",
        ),
        (
            "\"metricNamespace\": \"Mine\",",
            "",
            "$.metricTransformations[0].metricNamespace: missing, CloudWatch expects a namespace",
        ),
    ] {
        let expected = (vec![text.to_owned()], Some(text.to_owned()));
        assert_eq!(warned(from, to), expected, "{to}");
    }
    let long = format!("\"filterName\": \"{}\"", "x".repeat(513));
    let text = "$.filterName: 513 characters, CloudWatch takes at most 512";
    assert_eq!(warned("\"filterName\": \"bytes\"", &long).0, [text]);
}

#[test]
fn defaults_are_numbers() {
    let path = "$.metricTransformations[0].defaultValue";
    for (found, shown) in [("\"0\"", "\"0\""), ("null", "null"), ("[]", "an array")] {
        let error = changed("\"defaultValue\": 0", &format!("\"defaultValue\": {found}"));
        assert_eq!(error, format!("{path}: {shown}, expected a number such as 0"));
    }
    let file = read(&FILTER.replace("\"defaultValue\": 0", "\"defaultValue\": -1.5e2"));
    assert_eq!(file.filters[0].parse().unwrap().transformation().default, Some(-150.0));
}

#[test]
fn files_without_filters() {
    let rule = "$: a rule and no metric filter; type `flowagg rule FILE`";
    for text in [
        RULE,
        &format!("[{RULE}]"),
        &format!("{{\"RuleName\": \"r\", \"RuleDefinition\": {RULE}}}"),
        &format!("{{\"InsightRules\": [{{\"Name\": \"r\", \"Definition\": {RULE}}}]}}"),
        "{\"Resources\": {\"R\": {\"Type\": \"AWS::CloudWatch::InsightRule\"}}}",
    ] {
        assert_eq!(refused(text), rule, "{text}");
        assert!(RuleFile::has_rules(text.as_bytes()), "{text}");
        assert!(!FilterFile::has_filters(text.as_bytes()), "{text}");
    }
    assert_eq!(
        refused("{\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}"),
        "$.Resources: no AWS::Logs::MetricFilter among them"
    );
    assert_eq!(
        refused("{\"metricFilters\": []}"),
        "$.metricFilters: no metric filter in it, expected some"
    );
    assert!(refused("metricFilters:\n- filterName: x\n").starts_with("$: YAML, expected JSON"));
    assert!(refused("{").starts_with("$: not JSON at line 1 column 1"));
    assert_eq!(refused(""), "$: nothing, expected the JSON object of a metric filter");
}

#[test]
fn filters_where_rules_are_asked_for() {
    let filter = "$: a metric filter and no rule; type `flowagg metric --filter FILE`";
    for text in [
        FILTER,
        PROPERTIES,
        &format!("[{FILTER}]"),
        &format!("{{\"metricFilters\": [{FILTER}]}}"),
        &template(PROPERTIES),
    ] {
        let error = RuleFile::read(text.as_bytes(), "file").unwrap_err();
        assert_eq!(error.to_string(), filter, "{text}");
        assert!(FilterFile::has_filters(text.as_bytes()), "{text}");
        assert!(!RuleFile::has_rules(text.as_bytes()), "{text}");
    }
    let both = RuleFile::read(format!("[{FILTER}, {RULE}]").as_bytes(), "file").unwrap();
    assert_eq!(both.rules.len(), 1);
    assert_eq!(
        both.notes,
        ["file[0]: left out, a metric filter and no rule; type `flowagg metric --filter FILE`"]
    );
}
