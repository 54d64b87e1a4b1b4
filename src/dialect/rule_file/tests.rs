//! Every wrapping that rules come in, and what is wrong with some.

use super::{NamedRule, RuleFile};

const RULE: &str = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1},
  "LogGroupNames": ["flow-logs"], "LogFormat": "CLF", "Fields": {"4": "srcaddr"},
  "Contribution": {"Keys": ["srcaddr"]}, "AggregateOn": "Count"}"#;

fn read(text: &str) -> RuleFile {
    RuleFile::read(text.as_bytes(), "file").unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn refused(text: &str) -> String {
    RuleFile::read(text.as_bytes(), "file").unwrap_err().to_string()
}

fn names(file: &RuleFile) -> Vec<&str> {
    file.rules.iter().map(NamedRule::name).collect()
}

/// The rule as a JSON string.
fn string() -> String {
    serde_json::Value::from(RULE).to_string()
}

fn template(body: &str) -> String {
    let bucket = r#""Bucket": {"Type": "AWS::S3::Bucket"}"#;
    let properties = format!("\"RuleName\": \"top\", \"RuleBody\": {body}");
    format!(
        "{{\"Resources\": {{{bucket}, \"Top\": {{\"Type\": \"AWS::CloudWatch::InsightRule\", \
         \"Properties\": {{{properties}, \"RuleState\": \"ENABLED\"}}}}}}}}"
    )
}

/// What is wrong with the only rule of a template.
fn wrong(body: &str) -> String {
    read(&template(body)).rules[0].parse().unwrap_err().to_string()
}

#[test]
fn a_rule_alone_is_its_file() {
    let file = read(RULE);
    assert_eq!(names(&file), ["file"]);
    assert!(file.rules[0].is_alone() && file.notes.is_empty());
    assert_eq!(file.rules[0].parse().unwrap().key_labels(), ["srcaddr"]);
    // What is no rule is told by the rule's own checks.
    let error = read("{\"Schemas\": 1}").rules[0].parse().unwrap_err().to_string();
    assert!(error.starts_with("$.Schemas: unknown member; did you mean \"Schema\"?"), "{error}");
    assert_eq!(read("7").rules[0].parse().unwrap_err().to_string(), "$: 7, expected an object");
    // The length that counts is the text's own.
    let long = format!("{RULE}{}", " ".repeat(8192));
    assert!(read(&long).rules[0].check().unwrap_err().to_string().contains("at most 8,192"));
}

#[test]
fn the_wrappings_of_the_command_line() {
    let string = string();
    let list = format!(
        "{{\"InsightRules\": [
          {{\"Name\": \"a\", \"State\": \"ENABLED\", \"Schema\": \"CloudWatchLogRule/1\",
            \"Definition\": {string}, \"ManagedRule\": false}},
          {{\"Name\": \"b\", \"State\": \"DISABLED\", \"Definition\": {RULE}}},
          {{\"Name\": \"c\", \"State\": \"ENABLED\", \"Definition\": \"{{}}\",
            \"ManagedRule\": true}}]}}"
    );
    let file = read(&list);
    assert_eq!(names(&file), ["a", "b"]);
    assert_eq!(
        file.notes,
        [
            "b: disabled in CloudWatch, here it runs all the same",
            "c: left out, an AWS service makes and manages it"
        ]
    );
    assert!(file.rules.iter().all(|rule| rule.parse().is_ok() && !rule.is_alone()));

    for body in [string.as_str(), RULE] {
        let put = format!("{{\"RuleName\": \"p\", \"RuleDefinition\": {body}, \"Tags\": []}}");
        let file = read(&put);
        assert_eq!(names(&file), ["p"]);
        assert!(file.rules[0].parse().is_ok());
        let nameless = read(&format!("{{\"RuleDefinition\": {body}}}"));
        assert_eq!(names(&nameless), ["file"]);
    }
    let two = format!("[{RULE}, {{\"Name\": \"d\", \"Definition\": {string}}}]");
    let file = read(&two);
    assert_eq!(names(&file), ["file[0]", "d"]);
    assert!(file.rules.iter().all(|rule| rule.parse().is_ok()));
}

#[test]
fn templates_with_bodies_of_every_kind() {
    let string = string();
    let (head, tail) = string.split_once("flow-logs").unwrap();
    for body in [
        string.clone(),
        RULE.to_owned(),
        format!("{{\"Fn::Sub\": {string}}}"),
        format!("{{\"Fn::Sub\": [{string}, {{}}]}}"),
        format!("{{\"Fn::ToJsonString\": {RULE}}}"),
        format!("{{\"Fn::Join\": [\"flow\", [{head}\", \"-logs{tail}]]}}"),
        // Log groups may be references: they mean nothing offline.
        format!("{{\"Fn::Join\": [\"\", [{head}\", {{\"Ref\": \"Logs\"}}, \"{tail}]]}}"),
        format!("{{\"Fn::Sub\": {head}${{Logs}}-${{AWS::Region}}{tail}}}"),
        RULE.replace("\"flow-logs\"", "{\"Fn::GetAtt\": [\"Logs\", \"Name\"]}"),
        RULE.replace("\"flow-logs\"", "{\"Fn::ImportValue\": \"logs\"}"),
        // What a template says itself is no reference.
        format!(
            "{{\"Fn::Sub\": [{}, {{\"Key\": \"srcaddr\"}}]}}",
            string.replace("[\\\"srcaddr", "[\\\"${Key}")
        ),
    ] {
        let file = read(&template(&body));
        assert_eq!(names(&file), ["top"], "{body}");
        let rule = file.rules[0].check().unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!(rule.key_labels(), ["srcaddr"], "{body}");
    }
    let literal = string.replace("srcaddr", "${!src}");
    let file = read(&template(&format!("{{\"Fn::Sub\": {literal}}}")));
    assert_eq!(file.rules[0].parse().unwrap().key_labels(), ["${src}"]);
}

#[test]
fn references_where_the_answer_depends_on_them() {
    let advice = "which only CloudFormation knows; write its value, or take the rule from \
                  `aws cloudwatch describe-insight-rules`";
    let string = string();
    assert_eq!(
        wrong(&format!("{{\"Fn::Sub\": {}}}", string.replace("srcaddr", "${Key}"))),
        format!(
            "$.Fields[\"4\"]: refers to \"${{Key}}\", {advice}\n\
             $.Contribution.Keys[0]: refers to \"${{Key}}\", {advice}"
        )
    );
    let number = RULE.replace("]}, \"Agg", "], \"ValueOf\": {\"Ref\": \"V\"}}, \"Agg");
    assert_eq!(wrong(&number), format!("$.Contribution.ValueOf: refers to \"${{V}}\", {advice}"));
    let bare = wrong("{\"Fn::Sub\": \"{\\\"Schema\\\": ${Schema}}\"}");
    assert!(bare.starts_with("$: not JSON"), "{bare}");
    assert!(bare.ends_with(&format!("\n$: refers to \"${{Schema}}\", {advice}")), "{bare}");
    let whole = wrong("{\"Ref\": \"Body\"}");
    assert!(whole.ends_with(&format!("\n$: refers to \"${{Body}}\", {advice}")), "{whole}");
}

#[test]
fn bodies_that_are_none() {
    let path = "$.Resources.Top.Properties.RuleBody";
    assert_eq!(wrong("5"), format!("{path}: 5, expected the rule, a string or an object"));
    let missing = read(&template("5").replace("\"RuleBody\"", "\"Body\""));
    let error = missing.rules[0].parse().unwrap_err().to_string();
    assert_eq!(error, format!("{path}: missing, expected the rule"));
    // Each rule is read, whatever is wrong with others.
    let file = read(&format!("[{{\"Definition\": 1}}, {RULE}]"));
    assert_eq!(file.rules.iter().filter(|rule| rule.parse().is_ok()).count(), 1);
}

#[test]
fn files_without_rules() {
    assert_eq!(
        refused("{\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}"),
        "$.Resources: no AWS::CloudWatch::InsightRule among them"
    );
    assert_eq!(refused("{\"InsightRules\": []}"), "$.InsightRules: no rule in it, expected some");
    assert_eq!(
        refused("{\"InsightRules\": [{\"Name\": \"m\", \"ManagedRule\": true}]}"),
        "$.InsightRules: no rule in it, expected some\n\
         m: left out, an AWS service makes and manages it"
    );
    let yaml = "$: YAML, expected JSON; convert a template with `cdk synth --json` or \
                `cfn-flip -j`, and ask aws for `--output json`";
    for text in ["Resources:\n  Top:\n", "# comment\n\n---\nx: y", "- Name: x\n", "Schema: {}"] {
        assert_eq!(refused(text), yaml, "{text}");
    }
    for text in ["", "2 123456789010 eni-1 10.0.0.1", "hello", "{", "a:b", "-"] {
        let error = refused(text);
        assert!(error.starts_with("$: n") && error != yaml, "{text}: {error}");
    }
}
