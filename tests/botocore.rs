//! JSON answers, read by botocore as it reads those of CloudWatch and CloudWatch Logs: a rule's as
//! GetInsightRuleReport, a metric's as GetMetricStatistics, a pattern's as TestMetricFilter.
//!
//! `FLOWAGG_PYTHON` names the interpreter, or else it is `python3`; where it has no botocore the
//! tests say so and check nothing.

#[path = "common/folder.rs"]
mod folder;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use folder::Folder;

/// What the script ends with where botocore is missing.
const MISSING: i32 = 3;

const LOG: &str = "\
2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 1600000030 ACCEPT OK
2 123456789010 eni-1 10.0.0.2 10.0.0.9 40001 443 6 5 500 1600000010 1600000040 ACCEPT OK
2 123456789010 eni-1 10.0.0.1 10.0.0.8 40002 22 6 1 40 1600000070 1600000080 REJECT OK
2 123456789010 eni-2 - - - - - - - 1600000000 1600000060 - NODATA
2 123456789010 eni-1 10.0.0.3 10.0.0.9 5353 53 17 2 160 1600000065 1600000066 ACCEPT OK
";

/// The operations whose answers are read, with their services.
const REPORT: [&str; 2] = ["cloudwatch", "GetInsightRuleReport"];
const STATISTICS: [&str; 2] = ["cloudwatch", "GetMetricStatistics"];
const MATCHES: [&str; 2] = ["logs", "TestMetricFilter"];

/// The answer to a rule over a log, as JSON.
fn answer(rule: &Path, log: &Path, options: &[&str]) -> Vec<u8> {
    let mut arguments = vec!["rule", "-o", "json", "--quiet"];
    arguments.extend(options);
    arguments.push(rule.to_str().unwrap());
    flowagg(&arguments, log)
}

/// What a command prints of a log.
fn flowagg(arguments: &[&str], log: &Path) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowagg"));
    let output = command.args(arguments).arg(log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What botocore reads in the answer of an operation; none where there is no botocore.
fn read(operation: [&str; 2], answer: &[u8]) -> Option<String> {
    let python = std::env::var_os("FLOWAGG_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let skip = |why: &dyn std::fmt::Display| {
        println!("skipped: {} {why}; pip install botocore", python.display());
        None
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_report.py");
    let mut command = Command::new(&python);
    command
        .arg(script)
        .args(operation)
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return skip(&"is not there"),
        Err(error) => panic!("{}: {error}", python.display()),
    };
    // Without botocore nobody reads the answer: that is told by the exit code.
    let _ = child.stdin.take().unwrap().write_all(answer);
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(MISSING) {
        return skip(&"has no botocore");
    }
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(answer));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn botocore_reads_a_report_by_period() {
    let folder = Folder::new("period");
    let log = folder.file("e.log", LOG);
    let rule = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/top_srcaddr_rule.json");
    let Some(read) = read(REPORT, &answer(&rule, &log, &["--period", "60", "-n", "2"])) else {
        return;
    };
    let expected = "\
$.KeyLabels[0] srcaddr
$.AggregationStatistic Sum
$.AggregateValue 1700
$.ApproximateUniqueCount 3
$.Contributors[0].Keys[0] 10.0.0.1
$.Contributors[0].ApproximateAggregateValue 1040
$.Contributors[0].Datapoints[0].Timestamp 2020-09-13T12:26:00+00:00
$.Contributors[0].Datapoints[0].ApproximateValue 1000
$.Contributors[0].Datapoints[1].Timestamp 2020-09-13T12:27:00+00:00
$.Contributors[0].Datapoints[1].ApproximateValue 40
$.Contributors[1].Keys[0] 10.0.0.2
$.Contributors[1].ApproximateAggregateValue 500
$.Contributors[1].Datapoints[0].Timestamp 2020-09-13T12:26:00+00:00
$.Contributors[1].Datapoints[0].ApproximateValue 500
$.MetricDatapoints[0].Timestamp 2020-09-13T12:26:00+00:00
$.MetricDatapoints[0].UniqueContributors 2
$.MetricDatapoints[0].MaxContributorValue 1000
$.MetricDatapoints[0].SampleCount 2
$.MetricDatapoints[0].Average 750
$.MetricDatapoints[0].Sum 1500
$.MetricDatapoints[0].Minimum 500
$.MetricDatapoints[0].Maximum 1000
$.MetricDatapoints[1].Timestamp 2020-09-13T12:27:00+00:00
$.MetricDatapoints[1].UniqueContributors 2
$.MetricDatapoints[1].MaxContributorValue 160
$.MetricDatapoints[1].SampleCount 2
$.MetricDatapoints[1].Average 100
$.MetricDatapoints[1].Sum 200
$.MetricDatapoints[1].Minimum 40
$.MetricDatapoints[1].Maximum 160
";
    assert_eq!(sorted(&read), sorted(expected));
}

/// The lines in the order of their paths: members have no order in JSON.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn botocore_reads_fractions_and_large_numbers() {
    let folder = Folder::new("fractions");
    let log = folder.file(
        "e.log",
        "{\"k\": \"a\", \"n\": 0.1}\n{\"k\": \"a\", \"n\": 0.2}\n\
         {\"k\": \"b\", \"n\": 18446744073709551615}\n\
         {\"k\": \"b\", \"n\": 18446744073709551615}\n{\"k\": \"z\\u00fcrich\", \"n\": -1.5}\n",
    );
    let rule = folder.file(
        "rule.json",
        r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["x"],
            "LogFormat": "JSON", "Contribution": {"Keys": ["$.k"], "ValueOf": "$.n"},
            "AggregateOn": "Sum"}"#,
    );
    let Some(read) = read(REPORT, &answer(&rule, &log, &[])) else { return };
    for line in [
        "$.Contributors[0].Keys[0] b",
        "$.Contributors[0].ApproximateAggregateValue 36893488147419103230",
        "$.Contributors[1].ApproximateAggregateValue 0.29999999999999999",
        "$.Contributors[2].Keys[0] zürich",
        "$.Contributors[2].ApproximateAggregateValue -1.5",
    ] {
        assert!(read.lines().any(|found| found == line), "{line}\n{read}");
    }
}

#[test]
fn botocore_reads_a_report_without_contributors() {
    let folder = Folder::new("none");
    let log = folder.file("e.log", LOG.lines().nth(3).unwrap());
    let rule = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/top_srcaddr_rule.json");
    let Some(read) = read(REPORT, &answer(&rule, &log, &["--period", "60"])) else { return };
    let expected = "\
$.KeyLabels[0] srcaddr
$.AggregationStatistic Sum
$.AggregateValue 0
$.ApproximateUniqueCount 0
";
    assert_eq!(sorted(&read), sorted(expected));
}

#[test]
fn botocore_reads_a_metric() {
    let folder = Folder::new("metric");
    let log = folder.file("e.log", LOG);
    let pattern = "[..., bytes, start, end, action, status]";
    let arguments =
        ["metric", "-qo", "json", "-p", pattern, "--value", "$bytes", "--unit", "Bytes"];
    let Some(read) = read(STATISTICS, &flowagg(&arguments, &log)) else { return };
    let expected = "\
$.Label bytes
$.Datapoints[0].Timestamp 2020-09-13T12:26:00+00:00
$.Datapoints[0].SampleCount 2
$.Datapoints[0].Average 750
$.Datapoints[0].Sum 1500
$.Datapoints[0].Minimum 500
$.Datapoints[0].Maximum 1000
$.Datapoints[0].Unit Bytes
$.Datapoints[1].Timestamp 2020-09-13T12:27:00+00:00
$.Datapoints[1].SampleCount 2
$.Datapoints[1].Average 100
$.Datapoints[1].Sum 200
$.Datapoints[1].Minimum 40
$.Datapoints[1].Maximum 160
$.Datapoints[1].Unit Bytes
";
    assert_eq!(sorted(&read), sorted(expected));
}

#[test]
fn botocore_reads_metrics_of_fractions_and_of_nothing() {
    let folder = Folder::new("metrics");
    let log = folder.file(
        "e.log",
        "{\"n\": 0.1, \"start\": 60}\n{\"n\": \"0.2\", \"start\": 61}\n{\"n\": 1, \"start\": 62}\n",
    );
    let pattern = "{ $.n < 1 || $.n = 0.2 }";
    let arguments = ["metric", "-qo", "json", "-p", pattern, "--value", "$.n", "--default", "-1.5"];
    let Some(found) = read(STATISTICS, &flowagg(&arguments, &log)) else { return };
    for line in [
        "$.Label n",
        "$.Datapoints[0].Timestamp 1970-01-01T00:01:00+00:00",
        "$.Datapoints[0].SampleCount 3",
        "$.Datapoints[0].Sum -1.2",
        "$.Datapoints[0].Minimum -1.5",
        "$.Datapoints[0].Maximum 0.20000000000000001",
        "$.Datapoints[0].Unit None",
    ] {
        assert!(found.lines().any(|found| found == line), "{line}\n{found}");
    }
    let arguments = ["metric", "-qo", "json", "-p", "{ $.n > 1 }"];
    let Some(found) = read(STATISTICS, &flowagg(&arguments, &log)) else { return };
    assert_eq!(found, "$.Label matches\n");
}

#[test]
fn botocore_reads_the_matches_of_a_pattern() {
    let folder = Folder::new("matches");
    let log = folder.file("e.log", "ERROR \"z\u{fc}rich \u{1b}\" 1\nINFO a 2\n\nERROR b 3 4\n");
    let matches =
        |pattern: &str| read(MATCHES, &flowagg(&["test-pattern", "-o", "json", pattern], &log));
    let Some(found) = matches("[level=ERROR, what,]") else { return };
    let expected = "\
$.matches[0].eventNumber 1
$.matches[0].eventMessage ERROR \"z\u{fc}rich \u{1b}\" 1
$.matches[0].extractedValues[$level] ERROR
$.matches[0].extractedValues[$what] z\u{fc}rich \u{1b}
$.matches[0].extractedValues[$3] 1
$.matches[1].eventNumber 3
$.matches[1].eventMessage ERROR b 3 4
$.matches[1].extractedValues[$level] ERROR
$.matches[1].extractedValues[$what] b
$.matches[1].extractedValues[$3] 3 4
";
    assert_eq!(sorted(&found), sorted(expected));
    let terms = "$.matches[0].eventNumber 2\n$.matches[0].eventMessage INFO a 2\n";
    assert_eq!(matches("INFO").unwrap(), terms);
    assert_eq!(matches("WARN").unwrap(), "");
}
