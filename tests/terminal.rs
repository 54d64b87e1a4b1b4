//! That nothing foreign reaches a terminal raw: values of logs, words of rules, names of files.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/run.rs"]
mod run;

use std::process::Command;

use folder::Folder;
use run::{Ran, run};

/// What a terminal would obey: an escape, a control of one character, a turn, an end of a line.
const HOSTILE: &str = "a\u{1b}[31mb\u{9b}2Jc\u{202e}d\u{2066}e\u{2028}f";

/// Whether a terminal would obey something of a text.
fn is_raw(text: &str) -> bool {
    let is_obeyed = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t' | '\r')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}')
    };
    text.contains(is_obeyed)
}

/// Whether there is `script`, which runs commands on a terminal; says so if not.
fn has_script() -> bool {
    let asked = Command::new("script").arg("--version").output();
    let has = asked.is_ok_and(|output| output.status.success());
    if !has {
        println!("skipped: no `script` of util-linux is there");
    }
    has
}

/// What a command writes to a terminal.
fn on_terminal(folder: &Folder, command: &str) -> String {
    let ran = run(folder, &format!("script -qec \"'$F' {command}\" /dev/null"));
    assert!(!ran.out.is_empty(), "{command}: {ran:?}");
    ran.out.replace("\r\n", "\n")
}

/// What a command does elsewhere.
fn plainly(folder: &Folder, command: &str) -> Ran {
    run(folder, &format!("\"$F\" {command}"))
}

/// Three interfaces that differ in a character that a terminal would obey.
fn logs() -> Folder {
    let folder = Folder::new("values");
    let mut log = "interface-id srcaddr bytes packets start end\n".to_owned();
    for (interface, bytes) in [(HOSTILE, 5), ("eni-\u{1b}X", 6), ("eni-_X", 7)] {
        log += &format!("{interface} 10.0.0.1 {bytes} 1 1 2\n");
    }
    folder.file("a.log", log);
    let filter = r#"{"filterName": "f", "filterPattern": "[interface, ...]", "metricTransformations":
        [{"metricName": "m", "metricNamespace": "n", "metricValue": "1",
          "dimensions": {"Interface": "$interface"}}]}"#;
    folder.file("filter.json", filter);
    let rule = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogFormat": "CLF",
        "AggregateOn": "Count", "Contribution": {"Keys": ["1"], "Filters": []}}"#;
    folder.file("rule.json", rule);
    folder
}

#[test]
fn values_are_shown_whatever_writes_them() {
    if !has_script() {
        return;
    }
    let folder = logs();
    for command in [
        "merge interface",
        "cut interface-id,bytes",
        "cut",
        "find 10.0.0.1 --records",
        "top interface",
        "top interface --by 'unique(interface)'",
        "series interface",
        "rule rule.json",
        "metric --filter filter.json --format clf",
        "",
    ] {
        let formats = ["", "text", "table", "csv", "tsv", "json", "ndjson", "markdown"];
        for format in formats {
            let format = if format.is_empty() { "" } else { &format!("-o {format}") };
            let shown = on_terminal(&folder, &format!("{command} -q --color never {format} a.log"));
            assert!(!is_raw(&shown), "{command} {format}: {}", shown.escape_debug());
        }
    }
    for format in ["table", "csv", "tsv", "json", "ndjson", "markdown"] {
        let shown = on_terminal(&folder, &format!("test-pattern eni -o {format} a.log"));
        let shown = shown.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert!(!is_raw(&shown), "{format}: {}", shown.escape_debug());
    }
}

/// As a flow log, values that differ stay apart, on a terminal and in a file.
#[test]
fn merged_values_stay_apart() {
    let folder = logs();
    let heads = |text: &str| {
        let words = text.lines().skip(1).filter_map(|line| line.split(' ').next());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut merged = heads(&plainly(&folder, "merge interface -q a.log").out);
    merged.sort();
    assert_eq!(merged, [HOSTILE, "eni-\u{1b}X", "eni-_X"]);
    let again = plainly(&folder, "merge interface -q a.log | \"$F\" merge interface -q");
    assert_eq!(heads(&again.out).len(), 3);
    if has_script() {
        let shown = heads(&on_terminal(&folder, "merge interface -q a.log"));
        assert_eq!(shown, heads(&on_terminal(&folder, "cut -f interface-id,bytes -q a.log")));
        assert!(shown.contains(&"eni-\\u{1b}X".to_owned()), "{shown:?}");
    }
}

/// Help and what is wrong with arguments have the colours that were asked for.
#[test]
fn colours_of_help() {
    let folder = Folder::new("colours");
    let is_coloured = |text: &str| text.contains("\u{1b}[");
    for command in ["--help", "top -h", "top --hlep"] {
        let ran = plainly(&folder, &format!("--color always {command}"));
        assert!(is_coloured(&(ran.out + &ran.err)), "{command}");
        let ran = plainly(&folder, command);
        assert!(!is_coloured(&(ran.out + &ran.err)), "{command}");
        if has_script() {
            let shown = on_terminal(&folder, &format!("--color never {command}"));
            assert!(!is_coloured(&shown), "{command}: {}", shown.escape_debug());
        }
    }
}

/// Of every option that takes a path, and every path, messages show the name.
#[test]
fn names_of_files_are_shown_whatever_reads_them() {
    let folder = Folder::new("paths");
    folder.file("a.log", "srcaddr bytes\n10.0.0.1 5\n");
    let name = HOSTILE.replace('\u{2028}', "");
    folder.file(&name, "\u{7}no such thing\u{1b}[2J\u{202e}\n");
    let missing = format!("{name}.missing");
    let inner = format!("{name}/x");
    let mut said = Vec::new();
    for path in [&name, &missing, &inner] {
        for arguments in [
            "top src-country --geoip \"$P\" a.log",
            "top src-asn --asn \"$P\" a.log",
            "top src-name --names \"$P\" a.log",
            "top src-aws-service --aws-ranges \"$P\" a.log",
            "find \"@$P\" a.log",
            "find \"$P\" a.log",
            "--where \"src in @$P\" a.log",
            "--where \"src in '@$P'\" a.log",
            "--manifest \"$P\" a.log",
            "--temp-dir \"$P\" a.log",
            "rule \"$P\" a.log",
            "rule --check \"$P\"",
            "rule --explain \"$P\"",
            "metric --filter \"$P\" a.log",
            "metric --check --filter \"$P\"",
            "test-pattern x \"$P\"",
            "man \"$P\"",
            "completions \"$P\"",
            "\"$P\"",
            "top src \"$P\"",
            "cut \"$P\"",
            "info \"$P\"",
            "-o json \"$P\"",
            "--explain \"$P\"",
            "--format \"$P\" a.log",
            "--include \"$P\" .",
            "--threads \"$P\" a.log",
        ] {
            let script = format!("P=$(printf '{}'); \"$F\" {arguments}", path.escape_posix());
            let ran = run(&folder, &script);
            for text in [&ran.out, &ran.err] {
                if is_raw(text) {
                    said.push(format!("{arguments} of {path:?}: {}", text.escape_debug()));
                }
            }
        }
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
}

/// Nor is anything of a log's header and name, where a warning tells what stands where.
#[test]
fn names_of_columns_are_shown() {
    let folder = Folder::new("columns");
    let name = HOSTILE.replace('\u{2028}', "");
    let object = format!("{{\"x{name}\": 1, \"srcaddr\": \"10.0.0.1\", \"bytes\": 5}}\n");
    folder.file(format!("{name}.log"), object.replace('\u{1b}', "\\u001b"));
    let rule = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogFormat": "CLF",
        "AggregateOn": "Count", "Fields": {"1": "srcaddr"},
        "Contribution": {"Keys": ["srcaddr"], "Filters": []}}"#;
    folder.file("rule.json", rule);
    for command in ["rule rule.json *.log", "metric --pattern '[srcaddr=x, ...]' *.log"] {
        let ran = plainly(&folder, command);
        assert!(ran.err.contains("stands; srcaddr is at 2; try --by-name"), "{command}: {ran:?}");
        assert!(!is_raw(&ran.err), "{command}: {ran:?}");
    }
}

/// A text in octal, for `printf` of a shell.
trait EscapePosix {
    fn escape_posix(&self) -> String;
}

impl EscapePosix for str {
    fn escape_posix(&self) -> String {
        self.bytes().map(|byte| format!("\\{byte:03o}")).collect()
    }
}

/// Whatever a rule says, nothing of it is obeyed: neither where it is told nor where it is refused.
#[test]
fn words_of_rules_are_shown() {
    let folder = Folder::new("rules");
    folder.file("a.log", "srcaddr bytes\n10.0.0.1 5\n");
    let hostile = HOSTILE.replace('\u{1b}', "\\u001b").replace('\u{9b}', "\\u009b");
    let rule = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogFormat": "JSON",
        "AggregateOn": "Sum", "LogGroupNames": ["X"], "Contribution": {"Keys": ["$.X"],
        "ValueOf": "$.v", "Filters": [{"Match": "$.X", "In": ["X"]},
        {"Match": "$.d", "StartsWith": ["X"]}]}}"#;
    let rule = rule.replace('\n', "");
    let mut texts = vec![rule.replace('X', &hostile)];
    // Each word by itself becomes what it cannot be.
    for word in rule.split('"').skip(1).step_by(2) {
        texts.push(rule.replacen(&format!("\"{word}\""), &format!("\"{hostile}\""), 1));
    }
    let named = r#"{"InsightRules": [{"Name": "X", "State": "ENABLED", "Definition": "Y"}, {"Name":
        "X", "Schema": "X", "Definition": "X"}]}"#;
    let named = named.replace('Y', &texts[0].replace('\\', "\\\\").replace('"', "\\\""));
    texts.push(named.replace('X', &hostile));
    let mut said = Vec::new();
    for text in texts {
        folder.file("r.json", &text);
        for command in ["rule --explain r.json", "rule --check r.json", "rule r.json a.log"] {
            let ran = plainly(&folder, command);
            if is_raw(&ran.out) || is_raw(&ran.err) {
                said.push(format!("{command}: {text}\n  {:?}\n  {:?}", ran.out, ran.err));
            }
        }
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
}
