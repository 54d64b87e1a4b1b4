//! The JSON answer to a rule, read by botocore as it reads CloudWatch's GetInsightRuleReport.
//!
//! `FLOWAGG_PYTHON` names the interpreter, or else it is `python3`; where it has no botocore the
//! tests say so and check nothing.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the script ends with where botocore is missing.
const MISSING: i32 = 3;

const LOG: &str = "\
2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 1600000030 ACCEPT OK
2 123456789010 eni-1 10.0.0.2 10.0.0.9 40001 443 6 5 500 1600000010 1600000040 ACCEPT OK
2 123456789010 eni-1 10.0.0.1 10.0.0.8 40002 22 6 1 40 1600000070 1600000080 REJECT OK
2 123456789010 eni-2 - - - - - - - 1600000000 1600000060 - NODATA
2 123456789010 eni-1 10.0.0.3 10.0.0.9 5353 53 17 2 160 1600000065 1600000066 ACCEPT OK
";

/// A folder of this test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("flowagg-botocore-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The answer to a rule over a log, as JSON.
fn answer(rule: &Path, log: &Path, options: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_flowagg"))
        .args(["rule", "-o", "json", "--quiet"])
        .args(options)
        .args([rule, log])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What botocore reads in the answer; none where there is no botocore.
fn read(answer: &[u8]) -> Option<String> {
    let python = std::env::var_os("FLOWAGG_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let skip = |why: &dyn std::fmt::Display| {
        println!("skipped: {} {why}; pip install botocore", python.display());
        None
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_report.py");
    let mut command = Command::new(&python);
    command
        .arg(script)
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
    let Some(read) = read(&answer(&rule, &log, &["--period", "60", "-n", "2"])) else { return };
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
    let Some(read) = read(&answer(&rule, &log, &[])) else { return };
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
    let Some(read) = read(&answer(&rule, &log, &["--period", "60"])) else { return };
    let expected = "\
$.KeyLabels[0] srcaddr
$.AggregationStatistic Sum
$.AggregateValue 0
$.ApproximateUniqueCount 0
";
    assert_eq!(sorted(&read), sorted(expected));
}
