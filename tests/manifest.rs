//! `--manifest`: the account of a run by which a case file can be checked and the run repeated.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;
#[path = "common/run.rs"]
mod run;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use sha2::{Digest, Sha256};

use folder::Folder;
use run::{ended, run, shell};

/// A folder of a plain file, a gzip file, an empty one and one with malformed lines.
fn logs(name: &str) -> Folder {
    let folder = Folder::new(name);
    let text = records::made_up(3_000, 5);
    folder.file("logs/a.log", &text);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&text).unwrap();
    folder.file("logs/b.log.gz", encoder.finish().unwrap());
    folder.file("logs/c.log", "");
    folder.file(
        "logs/d.csv",
        "srcaddr,packets,bytes,start,end,action,log-status\n10.0.0.1,1,5,100,101,ACCEPT,OK\n\
         x,1,5,7,8,ACCEPT,OK\n10.0.0.1,1,5,90,99,REJECT,OK\n",
    );
    folder
}

fn manifest(folder: &Folder, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.0.join(name)).unwrap()).unwrap()
}

/// A manifest without what differs from run to run.
fn timeless(mut manifest: Value) -> Value {
    assert!(manifest["time"]["started"].as_str().unwrap().starts_with("20"));
    assert!(manifest["time"]["seconds"].as_f64().unwrap() > 0.0);
    manifest.as_object_mut().unwrap().remove("time");
    manifest
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Signals in the moment in which a manifest is written leave it whole, and nothing beside it.
#[test]
fn signals_while_it_is_written() {
    let folder = Folder::new("moment");
    // So many files that writing what is said of them takes a while.
    for file in 0..3_000 {
        folder.file(format!("logs/{file}.log"), "");
    }
    let begun = |folder: &Folder| {
        let names = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".flowagg-manifest-")).count()
    };
    let mut is_met = false;
    for _ in 0..30 {
        let mut child = shell(&folder, "exec $F -q --manifest m.json logs").spawn().unwrap();
        let id = child.id();
        // It waits for a line, and then takes no time.
        let script = format!("read -r go; kill -INT {id}; kill -TERM {id}; kill -INT {id}");
        let mut killer = shell(&folder, &script).stdin(Stdio::piped()).spawn().unwrap();
        while begun(&folder) == 0 && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        killer.stdin.take().unwrap().write_all(b"go\n").unwrap();
        let ran = ended(child);
        ended(killer);
        assert_eq!(begun(&folder), 0, "{ran:?}");
        assert_eq!(manifest(&folder, "m.json")["exit_code"], 0);
        fs::remove_file(folder.0.join("m.json")).unwrap();
        is_met = ran.code == 130;
        if is_met {
            break;
        }
    }
    if !is_met {
        // A machine may be too busy, or too quick.
        eprintln!("no signal came in time");
    }
}

#[test]
fn the_same_run_has_the_same_manifest() {
    let folder = logs("same");
    let mut all = Vec::new();
    for _ in 0..3 {
        let ran = run(&folder, "$F -o json --manifest m.json --checksums logs > answer.json");
        assert_eq!(ran.code, 0, "{}", ran.err);
        all.push((timeless(manifest(&folder, "m.json")), fs::read(folder.0.join("answer.json"))));
    }
    assert!(all.windows(2).all(|two| two[0].0 == two[1].0));
    let (manifest, answer) = all.pop().unwrap();
    let answer = answer.unwrap();
    assert_eq!(manifest["flowagg"], env!("CARGO_PKG_VERSION"));
    let typed = ["-o", "json", "--manifest", "m.json", "--checksums", "logs"];
    assert_eq!(manifest["arguments"], serde_json::json!(typed));
    assert!(manifest.get("arguments_hex").is_none());
    assert_eq!((&manifest["is_whole"], &manifest["exit_code"]), (&true.into(), &0.into()));
    assert_eq!(manifest["output"]["bytes"], answer.len());
    assert_eq!(manifest["output"]["sha256"], *sha256(&answer));

    let inputs = manifest["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 4);
    let mut lines = 0;
    for input in inputs {
        let path = folder.0.join(input["path"].as_str().unwrap());
        let bytes = fs::read(&path).unwrap();
        assert_eq!(input["bytes"], bytes.len());
        assert_eq!(input["sha256"], *sha256(&bytes));
        assert!(input["faults"].as_array().unwrap().is_empty());
        lines += input["tally"]["lines"].as_u64().unwrap();
    }
    assert_eq!(manifest["tally"]["lines"], lines);
    let [plain, gzip, empty, table] = &inputs[..] else { panic!("{inputs:?}") };
    assert_eq!(gzip["containers"], serde_json::json!(["gzip", "text"]));
    for member in ["layouts", "tally", "start"] {
        assert_eq!(plain[member], gzip[member], "{member}");
    }
    let starts = || {
        let text = String::from_utf8(records::made_up(3_000, 5)).unwrap();
        let starts = text.lines().filter_map(|line| line.split(' ').nth(10)?.parse::<u64>().ok());
        starts.collect::<Vec<_>>()
    };
    assert_eq!(plain["start"]["first"], *starts().iter().min().unwrap());
    assert_eq!(plain["start"]["last"], *starts().iter().max().unwrap());
    assert_eq!((&empty["start"], &empty["tally"]["lines"]), (&Value::Null, &0.into()));
    assert_eq!(table["start"], serde_json::json!({"first": 90, "last": 100}));
    assert_eq!(table["tally"]["reasons"], serde_json::json!({"srcaddr is no address": 1}));
    // What others say of them.
    let ran = run(&folder, "sha256sum logs/a.log answer.json");
    if ran.code == 0 {
        assert!(ran.out.starts_with(plain["sha256"].as_str().unwrap()));
        assert!(ran.out.contains(manifest["output"]["sha256"].as_str().unwrap()));
    }
}

#[test]
fn no_manifest_but_a_whole_one() {
    let folder = logs("refused");
    // What is there and is no manifest stays as it is, above all a log.
    let log = fs::read(folder.0.join("logs/a.log")).unwrap();
    for (name, said) in [
        ("logs/a.log", "there is such a file, and it is no manifest; not overwritten"),
        ("missing/m.json", "no such file or directory"),
        ("logs/a.log/m.json", "not a directory"),
        ("logs", "no ordinary file, expected the name of one"),
        ("/dev/null", "no ordinary file, expected the name of one"),
        ("..", "no name of a file"),
    ] {
        let ran = run(&folder, &format!("$F --manifest {name} logs"));
        assert_eq!((ran.code, &*ran.out), (1, ""), "{name}: {}", ran.err);
        assert_eq!(ran.err, format!("flowagg: --manifest {name}: {said}\n"));
    }
    assert!(fs::read(folder.0.join("logs/a.log")).unwrap() == log);
    for script in [
        "$F --checksums logs",
        "$F rule --check --manifest m.json rule.json",
        "$F metric --check --manifest m.json --pattern x",
        "$F gen --manifest m.json --lines 1",
        "$F --manifest m.json test-pattern x logs/a.log",
    ] {
        let ran = run(&folder, script);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{script}: {}", ran.err);
    }
    // A folder that goes away meanwhile.
    let ran = run(&folder, "mkfifo pipe");
    assert_eq!(ran.code, 0);
    fs::create_dir(folder.0.join("gone")).unwrap();
    let child = shell(&folder, "exec $F -q --manifest gone/m.json pipe").spawn().unwrap();
    let pipe = fs::OpenOptions::new().write(true).open(folder.0.join("pipe")).unwrap();
    fs::remove_dir(folder.0.join("gone")).unwrap();
    drop(pipe);
    let ran = ended(child);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_eq!(ran.err, "flowagg: --manifest gone/m.json: no such file or directory\n");
    assert!(ran.out.starts_with("Lines"));
    let names = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().contains("flowagg-manifest")));
}

#[test]
fn faults_are_told() {
    let folder = logs("faults");
    let gzip = fs::read(folder.0.join("logs/b.log.gz")).unwrap();
    folder.file("logs/b.log.gz", &gzip[..gzip.len() / 2]);
    let script = "$F --manifest m.json --checksums logs missing.log";
    let ran = run(&folder, script);
    assert_eq!(ran.code, 1);
    let told = manifest(&folder, "m.json");
    assert_eq!((&told["is_whole"], &told["exit_code"]), (&false.into(), &1.into()));
    let cut = "the gzip stream is cut short";
    assert_eq!(told["inputs"][1]["faults"], serde_json::json!([cut]));
    assert_eq!(
        told["faults"],
        serde_json::json!([
            {"path": "logs/b.log.gz", "fault": cut},
            {"path": "missing.log", "fault": "no such file or directory"},
        ])
    );
    let ran = run(&folder, &format!("{script} --strict"));
    assert_eq!((ran.code, &*ran.out), (1, ""));
    let told = manifest(&folder, "m.json");
    assert_eq!(told["message"], "no answer, because of --strict");
    assert_eq!((&told["output"]["bytes"], &told["output"]["is_cut"]), (&0.into(), &false.into()));
    assert_eq!(told["output"]["sha256"], *sha256(b""));
    // An answer that nobody read to its end.
    let script = "$F -q -n 0 -o csv --manifest m.json --threads 1 logs/a.log | head -1";
    assert_eq!(run(&folder, script).code, 0);
    let told = manifest(&folder, "m.json");
    assert_eq!(told["is_whole"], true);
    assert_eq!(told["questions"], serde_json::json!([]));
    // What was asked is told too: the answer hangs on it.
    let rule = r#"{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["x"],
        "LogFormat":"CLF","Fields":{"4":"srcaddr"},"Contribution":{"Keys":["srcaddr"]},
        "AggregateOn":"Count"}"#;
    folder.file("rules/a.json", rule);
    assert_eq!(run(&folder, "$F rule rules --manifest m.json logs/a.log").code, 0);
    let (path, sha256) = ("rules/a.json", sha256(rule.as_bytes()));
    let asked = serde_json::json!([{"path": path, "bytes": rule.len(), "sha256": sha256}]);
    assert_eq!(manifest(&folder, "m.json")["questions"], asked);
    // So are addresses and names that files hold.
    folder.file("ioc.txt", "198.51.100.77\n");
    let found = "$F find @ioc.txt --where 'not src net in @ioc.txt' --manifest m.json logs/a.log";
    assert_eq!(run(&folder, found).code, 1);
    let told = manifest(&folder, "m.json");
    assert_eq!((&told["is_whole"], &told["exit_code"]), (&true.into(), &1.into()));
    let (bytes, sha256) = (14, self::sha256(b"198.51.100.77\n"));
    let asked = serde_json::json!({"path": "ioc.txt", "bytes": bytes, "sha256": sha256});
    assert_eq!(told["questions"], serde_json::json!([asked, asked]));
    let named = "$F top src-name --names ioc.csv --manifest m.json logs/a.log";
    folder.file("ioc.csv", "198.51.100.77,bad\n");
    assert_eq!(run(&folder, named).code, 0);
    assert_eq!(manifest(&folder, "m.json")["questions"][0]["path"], "ioc.csv");
    // An alarm that goes off is what was asked for.
    let alarm = "$F metric --pattern ACCEPT --alarm '>= 1' --manifest m.json logs/a.log";
    assert_eq!(run(&folder, alarm).code, 1);
    let told = manifest(&folder, "m.json");
    assert_eq!((&told["is_whole"], &told["exit_code"]), (&true.into(), &1.into()));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_a_fault() {
    let folder = logs("changed");
    assert_eq!(run(&folder, "mkfifo pipe").code, 0);
    let log = folder.0.join("logs/a.log");
    let changes: [fn(&Path); 3] = [
        |log| fs::OpenOptions::new().append(true).open(log).unwrap().write_all(b"\n").unwrap(),
        |log| {
            fs::copy(log, log.with_extension("copy")).unwrap();
            fs::rename(log.with_extension("copy"), log).unwrap();
        },
        |log| fs::remove_file(log).unwrap(),
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let script = "exec $F --threads 1 --manifest m.json --checksums logs/a.log pipe";
        let child = shell(&folder, script).spawn().unwrap();
        // The pipe is opened when the first file is read.
        let pipe = fs::OpenOptions::new().write(true).open(folder.0.join("pipe")).unwrap();
        change(&log);
        drop(pipe);
        let ran = ended(child);
        assert_eq!(ran.code, 1, "{nth}: {}", ran.err);
        let said = "flowagg: logs/a.log: changed while it was read\n";
        assert!(ran.err.contains(said) && ran.out.starts_with("Lines"), "{nth}: {}", ran.err);
        let told = manifest(&folder, "m.json");
        let input = &told["inputs"][0];
        assert_eq!((&input["sha256"], &told["is_whole"]), (&Value::Null, &false.into()));
        assert_eq!(input["sha256_lacks"], "changed while it was read");
        assert_eq!(input["faults"], serde_json::json!(["changed while it was read"]));
        let pipe = &told["inputs"][1];
        assert_eq!(pipe["sha256_lacks"], "no ordinary file; it can be read once");
        assert!(pipe["faults"].as_array().unwrap().is_empty());
    }
}

#[test]
fn what_has_no_path_or_no_name() {
    let folder = logs("stdin");
    for script in [
        "cat logs/a.log | $F --manifest m.json --checksums",
        "$F --manifest m.json --checksums < logs/a.log",
        "$F --manifest m.json --checksums - < logs/a.log",
    ] {
        assert_eq!(run(&folder, script).code, 0, "{script}");
        let told = manifest(&folder, "m.json");
        let input = &told["inputs"][0];
        let bytes = fs::metadata(folder.0.join("logs/a.log")).unwrap().len();
        assert_eq!((&input["path"], &input["bytes"]), (&"-".into(), &bytes.into()), "{script}");
        assert_eq!(input["sha256"], Value::Null);
        assert_eq!(input["sha256_lacks"], "standard input, which can be read once");
        assert_eq!(input["tally"]["lines"], 3_000);
    }
    let script = "printf 'bytes start\\n5 7\\n' > \"$(printf 'a\\377')\"; \
        $F metric --pattern x --manifest m.json --checksums a?";
    let ran = run(&folder, script);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = manifest(&folder, "m.json");
    assert_eq!(told["inputs"][0]["path"], "a\u{fffd}");
    assert_eq!(told["inputs"][0]["path_hex"], "61ff");
    assert_eq!(told["arguments_hex"][6], "61ff");
    assert_eq!(told["inputs"][0]["sha256"], *sha256(b"bytes start\n5 7\n"));
}

#[test]
fn a_run_without_an_answer_has_a_manifest_too() {
    let folder = logs("failed");
    let script = "FLOWAGG_SIMD=neither $F --manifest m.json logs";
    let ran = run(&folder, script);
    assert_eq!((ran.code, &*ran.out), (2, ""));
    let told = manifest(&folder, "m.json");
    assert!(told["message"].as_str().unwrap().contains("FLOWAGG_SIMD"), "{told}");
    assert_eq!((&told["is_whole"], &told["exit_code"]), (&false.into(), &2.into()));
    assert_eq!((&told["tally"], &told["left_out"]), (&Value::Null, &Value::Null));
}

#[cfg(feature = "parquet")]
#[test]
fn a_table_s_time_is_told_whatever_is_asked() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let folder = Folder::new("table");
    let case = include_str!("cases/parquet.case");
    let body = case.split("--- base64 flat.parquet\n").nth(1).unwrap();
    let text: String = body.split("--- ").next().unwrap().split_whitespace().collect();
    folder.file("flat.parquet", STANDARD.decode(text).unwrap());
    folder.file(
        "rule.json",
        r#"{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["x"],
        "LogFormat":"CLF","Fields":{"4":"srcaddr"},
        "Contribution":{"Keys":["srcaddr"]},"AggregateOn":"Count"}"#,
    );
    let summary = run(&folder, "$F -q -o json --manifest all.json flat.parquet");
    let json: Value = serde_json::from_str(&summary.out).unwrap();
    let rule = run(&folder, "$F rule -q --by-name --manifest few.json rule.json flat.parquet");
    assert_eq!((summary.code, rule.code), (0, 0), "{}{}", summary.err, rule.err);
    for name in ["all.json", "few.json"] {
        let told = manifest(&folder, name);
        let start = &told["inputs"][0]["start"];
        assert_eq!(start["first"], json["time"]["start"], "{name}");
        assert!(start["last"].as_u64().unwrap() >= start["first"].as_u64().unwrap());
    }
}
