//! What is answered, what is said and how it ends when something breaks: each fault of the
//! README's table, really done to the program.
//!
//! `FLOWAGG_BIN` names another program than this build's, such as the release build.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;
#[path = "common/run.rs"]
mod run;

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};

use folder::Folder;
use run::{Ran, ended, run, shell};

/// A hundred records of 10 bytes each from one address, under a header.
fn hundred() -> Vec<u8> {
    let mut text = b"srcaddr packets bytes start end action log-status\n".to_vec();
    for start in 1_600_000_000..1_600_000_100 {
        text.extend(format!("10.0.0.1 1 10 {start} {start} ACCEPT OK\n").as_bytes());
    }
    text
}

/// Records that do not compress well, as many as take more than a few blocks.
fn many() -> Vec<u8> {
    records::made_up(20_000, 3)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The lines that the tally on standard error counts.
fn lines(ran: &Ran) -> u64 {
    let last = ran.err.lines().last().unwrap_or_default();
    let count = last.strip_prefix("flowagg: ").and_then(|tally| tally.split(" line").next());
    count.and_then(|count| count.replace(',', "").parse().ok()).unwrap_or_else(|| {
        panic!("no tally: {}", ran.err);
    })
}

/// That a whole answer was given: the table has its last line.
fn is_answered(ran: &Ran) -> bool {
    ran.out.starts_with("Lines ") && ran.out.ends_with("100.0%\n")
}

#[test]
fn damaged_compression() {
    let folder = Folder::new("damaged");
    let text = many();
    let count = text.iter().filter(|&&byte| byte == b'\n').count() as u64;
    let (gzip, zstd) = (gzip(&text), zstd::encode_all(&text[..], 3).unwrap());
    let flipped = |file: &[u8], at: usize| {
        let mut file = file.to_vec();
        file[at] ^= 0x10;
        file
    };
    let (gzip_end, zstd_end) = (gzip.len(), zstd.len());
    let files = [
        ("cut.gz", gzip[..gzip_end / 2].to_vec(), "the gzip stream is cut short"),
        ("footer.gz", gzip[..gzip_end - 3].to_vec(), "the gzip stream is cut short"),
        ("crc.gz", flipped(&gzip, gzip_end - 6), "the gzip stream is damaged"),
        ("bits.gz", flipped(&gzip, gzip_end / 2), "the gzip stream is damaged"),
        ("tail.gz", [&gzip[..], b"garbage at the end"].concat(), "no gzip member follows"),
        ("cut.zst", zstd[..zstd_end / 2].to_vec(), "the zstd stream is cut short"),
        ("bits.zst", flipped(&zstd, zstd_end / 2), "the zstd stream is damaged"),
        ("tail.zst", [&zstd[..], b"garbage at the end"].concat(), "no zstd frame follows"),
    ];
    for (name, bytes, said) in files {
        folder.file(name, bytes);
        let ran = run(&folder, &format!("$F {name}"));
        assert_eq!(ran.code, 1, "{name}: {}", ran.err);
        assert!(ran.err.contains(&format!("flowagg: {name}: ")), "{name}: {}", ran.err);
        assert!(ran.err.contains(said), "{name}: {}", ran.err);
        // What was there before is answered, and what came of the last line is malformed.
        assert!(is_answered(&ran), "{name}: {}", ran.out);
        assert!((1_000..=count + 1).contains(&lines(&ran)), "{name}: {}", ran.err);
        let strict = run(&folder, &format!("$F --strict {name}"));
        assert_eq!((strict.code, &*strict.out), (1, ""), "{name}");
        assert!(strict.err.contains("no answer, because of --strict"), "{}", strict.err);
    }
}

/// Each is said to be what it is, with what to type if something helps; alone it has no answer.
#[test]
fn files_of_other_kinds() {
    let folder = Folder::new("kinds");
    let log = hundred();
    folder.file("a.log", &log);
    let text = str::from_utf8(&log).unwrap();
    let json = r#"[{"srcaddr": "10.0.0.1", "bytes": 5}]"#;
    let csv = "srcaddr,bytes\n10.0.0.1,5\n";
    let utf_16 = |text: &str, bytes: fn(u16) -> [u8; 2]| {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect::<Vec<u8>>()
    };
    let mut tar = vec![0; 512];
    tar[..5].copy_from_slice(b"a.log");
    tar[257..263].copy_from_slice(b"ustar ");
    tar.extend_from_slice(&log);
    let files = [
        ("le.log", utf_16(text, u16::to_le_bytes), "UTF-16"),
        ("be.log", utf_16(text, u16::to_be_bytes), "UTF-16"),
        ("le.json", utf_16(json, u16::to_le_bytes), "UTF-16"),
        ("be.json", utf_16(json, u16::to_be_bytes), "UTF-16"),
        ("le.csv", utf_16(csv, u16::to_le_bytes), "UTF-16"),
        ("a.tar", tar, "a tar archive"),
        ("a.zip", b"PK\x03\x04 and so on".to_vec(), "a zip archive"),
        ("a.bz2", b"BZh91AY".to_vec(), "bzip2-compressed"),
        ("a.xz", b"\xfd7zXZ\0\0".to_vec(), "xz-compressed"),
        ("a.avro", b"Obj\x01 and so on".to_vec(), "an Avro file"),
    ];
    for (name, bytes, said) in files {
        folder.file(name, &bytes);
        folder.file(format!("{name}.gz"), gzip(&bytes));
        let commands =
            [name.to_owned(), format!("{name}.gz"), format!("< {name}"), format!("- < {name}")];
        for arguments in commands.into_iter().chain([format!("{name}; cat {name} | $F")]) {
            let ran = run(&folder, &format!("$F -q {arguments}"));
            assert_eq!((ran.code, &*ran.out), (1, ""), "{arguments}: {}", ran.err);
            assert!(ran.err.contains(&format!(": {said}")), "{arguments}: {}", ran.err);
            let is_told = ran.err.contains("FILE | flowagg") || name == "a.avro";
            assert!(is_told, "{arguments}: {}", ran.err);
        }
        let both = run(&folder, &format!("$F {name} a.log"));
        assert_eq!((both.code, lines(&both), is_answered(&both)), (1, 101, true), "{}", both.err);
    }
    // What is said of UTF-16 helps.
    let back =
        "iconv -f UTF-16 -t UTF-8 le.log | $F -q -o json > le; $F -q -o json a.log | cmp le -";
    assert_eq!(run(&folder, back).code, 0);
    // It is said of what else comes of PowerShell too.
    let rule = utf_16(r#"{"Schema": 1}"#, u16::to_le_bytes);
    folder.file("q.json", rule);
    for command in [
        "rule q.json a.log",
        "metric --filter q.json a.log",
        "top src-name --names q.json a.log",
        "top src-aws-service --aws-ranges q.json a.log",
        "find @q.json a.log",
        "--where 'srcaddr in @q.json' a.log",
    ] {
        let ran = run(&folder, &format!("$F {command}"));
        assert_eq!(ran.code, 2, "{command}");
        assert!(ran.err.contains("UTF-16 text, as PowerShell's `>` writes it"), "{}", ran.err);
    }
}

/// A question about events of JSON.
const EVENTS: &str = "metric --pattern '{ $.n >= 1 }'";

#[test]
fn json_that_is_cut() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let folder = Folder::new("json");
    let lines = many();
    let lines = str::from_utf8(&lines).unwrap().lines();
    let event = |line: &str| format!("{{\"timestamp\": 1600000000500, \"message\": \"{line}\"}}");
    let events: Vec<String> = lines.map(event).collect();
    let page = format!("{{\"events\": [{}], \"nextToken\": \"x\"}}\n", events.join(",\n"));
    let cut = &page.as_bytes()[..page.len() / 2];
    let compressed = gzip(page.as_bytes());
    folder.file("page.json", &page);
    folder.file("cut.json", cut);
    folder.file("cut.json.gz", gzip(cut));
    folder.file("page.json.gz", &compressed[..compressed.len() / 2]);
    folder.file("lines.json", format!("{}\n{}", events[0], &events[1][..40]));
    folder.file("array.json", format!("[\n{},\n", events[..200].join(",\n")));
    let cut = gzip(events[..1000].join("\n").as_bytes());
    let cut = &cut[..cut.len() / 2];
    folder.file("data.json", format!("{{\"data\": \"{}\"}}", STANDARD.encode(cut)));
    let whole = run(&folder, "$F page.json");
    assert_eq!((whole.code, self::lines(&whole)), (0, events.len() as u64), "{}", whole.err);
    for (name, least, said) in [
        ("cut.json", events.len() as u64 / 3, "the JSON is cut short"),
        ("cut.json.gz", events.len() as u64 / 3, "the JSON is cut short"),
        ("page.json.gz", 100, "the gzip stream is cut short"),
        ("lines.json", 2, "the JSON is cut short"),
        ("array.json", 201, "the JSON is cut short"),
        ("data.json", 100, "the data of an envelope: the gzip stream is cut short"),
    ] {
        for script in [format!("$F {name}"), format!("$F < {name}")] {
            let ran = run(&folder, &script);
            assert_eq!(ran.code, 1, "{name}: {}", ran.err);
            assert!(ran.err.contains(said), "{name}: {}", ran.err);
            assert!(is_answered(&ran), "{name}: {}", ran.out);
            assert!(
                (least..events.len() as u64).contains(&self::lines(&ran)),
                "{name}: {}",
                ran.err
            );
        }
    }

    // What is lost with a line that is damaged is not to be counted.
    let broken = [&events[..4], &[events[4].replace(" OK", "\n")], &events[5..9]].concat();
    folder.file("broken.json", format!("[{}]\n", broken.join(",")));
    let ran = run(&folder, "$F broken.json");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("a malformed line holds several values"), "{}", ran.err);
    assert!(is_answered(&ran) && self::lines(&ran) > 5, "{}", ran.err);

    // Where events are asked for, they are found in lines.
    folder.file("whole.ndjson", "{\"n\": 1}\n{\"n\": 2}");
    folder.file("cut.ndjson", "{\"n\": 1}\n{\"n\": 2");
    folder.file("cut.ndjson.gz", gzip(b"{\"n\": 1}\n{\"n\": 2"));
    let told = |text: &str| text.replace('{', "2026-01-01T00:00:00.000000+00:00 stream {");
    folder.file("whole.txt", told("{\"n\": 1}\n{\"n\": 2}"));
    folder.file("cut.txt", told("{\"n\": 1}\n{\"n\": 2"));
    for (name, is_cut) in [
        ("whole.ndjson", false),
        ("cut.ndjson", true),
        ("cut.ndjson.gz", true),
        ("whole.txt", false),
        ("cut.txt", true),
    ] {
        for script in [format!("$F {EVENTS} {name}"), format!("cat {name} | $F {EVENTS}")] {
            let ran = run(&folder, &script);
            assert_eq!(ran.code, i32::from(is_cut), "{script}: {}", ran.err);
            assert_eq!(ran.err.contains("the JSON is cut short"), is_cut, "{}", ran.err);
            assert_eq!(self::lines(&ran), 2, "{script}: {}", ran.err);
        }
    }
}

#[cfg(feature = "parquet")]
#[test]
fn tables_that_are_cut() {
    let folder = Folder::new("tables");
    let row = |at: usize| {
        format!("\"10.0.0.1\",\"ACCEPT\",\"{at}\",\"16000000{at}\",\"16000000{at}\",\"1")
    };
    let head = "srcaddr,action,packets,start,end,bytes\n";
    let rows: Vec<String> = (10..60).map(|at| row(at) + "0\"\n").collect();
    let cut = format!("{head}{}{}", rows.concat(), row(60));
    let message = |at: usize| {
        format!(
            "2023-11-14 22:13:{at}.000,\"2 1 eni-1 10.0.0.1 10.0.0.9 1 2 6 1 10 1600000000 1600000060 ACCEPT OK"
        )
    };
    let rows: Vec<String> = (10..60).map(|at| message(at) + "\"\n").collect();
    let messages = format!("@timestamp,@message\n{}{}", rows.concat(), message(60));
    let tsv = cut.replace(',', "\t");
    for (name, text, said) in [
        ("cut.csv", &cut, "the CSV is cut short: its last row, from line 52 on"),
        ("cut.tsv", &tsv, "the TSV is cut short: its last row, from line 52 on"),
        ("messages.csv", &messages, "the CSV is cut short: its last row, from line 52 on"),
    ] {
        folder.file(name, text);
        folder.file(format!("{name}.gz"), gzip(text.as_bytes()));
        // One quote is missing, and the rows after it are there.
        let open = text.replacen("0\"\n", "0\n", 1).replace('"', "");
        let open = open.replacen(",10\n", ",\"10\n", 1).replacen(".000,", ".000,\"", 1);
        let open = open.replacen("\t10\n", "\t\"10\n", 1);
        folder.file(format!("open-{name}"), open);
        for (name, script, ok, said) in [
            (name, format!("$F {name}"), 50, said),
            (name, format!("$F < {name}"), 50, said),
            (name, format!("cat {name} | $F --threads 1"), 50, said),
            (name, format!("$F {name}.gz"), 50, said),
            (name, format!("$F < {name}.gz"), 50, said),
            (name, format!("$F open-{name}"), 0, "is cut short: its last row, from line 2 on"),
        ] {
            let ran = run(&folder, &format!("{script} -o csv"));
            assert_eq!(ran.code, 1, "{name}: {}", ran.err);
            assert!(ran.err.contains(said), "{name}: {}", ran.err);
            // Each line is accounted for, and what is cut is in no sum.
            assert_eq!(lines(&ran), 52, "{name}: {}", ran.err);
            for fact in [
                format!("tally,ok,{ok}\n"),
                format!("tally,malformed,{}\n", 51 - ok),
                format!("accept,bytes,{}\n", ok * 10),
            ] {
                assert!(ran.out.contains(&fact), "{script}: {}", ran.out);
            }
            let strict = run(&folder, &format!("{script} --strict"));
            assert_eq!((strict.code, &*strict.out), (1, ""), "{name}");
        }
    }
}

/// A Parquet file.
#[cfg(feature = "parquet")]
fn parquet() -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let case = include_str!("cases/parquet_rows.case");
    let body = case.split("--- base64 a.parquet\n").nth(1).unwrap();
    let text: String = body.split("--- ").next().unwrap().split_whitespace().collect();
    STANDARD.decode(text).unwrap()
}

#[cfg(feature = "parquet")]
#[test]
fn damaged_parquet() {
    let file = parquet();
    let folder = Folder::new("parquet");
    let mut footer = file.clone();
    let end = footer.len();
    footer[end - 8] ^= 0xff;
    let mut magic = file.clone();
    magic[end - 1] = b'?';
    let mut inside = file.clone();
    inside[end - 60..end - 20].fill(0xff);
    for (name, bytes) in [
        ("whole.parquet", &file[..]),
        ("cut.parquet", &file[..end / 2]),
        ("length.parquet", &footer),
        ("magic.parquet", &magic),
        ("inside.parquet", &inside),
    ] {
        folder.file(name, bytes);
        let ran = run(&folder, &format!("$F rule --format flow {} {name}", top_rule(&folder)));
        let is_whole = name == "whole.parquet";
        assert_eq!(ran.code, if is_whole { 0 } else { 1 }, "{name}: {}", ran.err);
        assert_eq!(ran.out.is_empty(), !is_whole, "{name}: {}", ran.out);
        let said = ran.err.contains("no answer, because nothing could be read");
        assert_eq!(said, !is_whole, "{name}: {}", ran.err);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_files_one_after_the_other() {
    let folder = Folder::new("parquets");
    folder.file("a.parquet", parquet());
    folder.file("aa.parquet", parquet().repeat(2));
    let script = format!("$F rule --format flow {} aa.parquet a.parquet", top_rule(&folder));
    let ran = run(&folder, &script);
    assert_eq!(ran.code, 1);
    let said = "aa.parquet: Parquet files one after the other, expected one";
    assert!(ran.err.contains(said), "{}", ran.err);
    assert!(!ran.out.is_empty());
}

/// A rule for bytes by srcaddr.
fn top_rule(folder: &Folder) -> &'static str {
    folder.file(
        "rule.json",
        r#"{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["x"],
        "LogFormat":"CLF","Fields":{"2":"srcaddr","3":"bytes"},
        "Contribution":{"Keys":["srcaddr"],"ValueOf":"bytes"},"AggregateOn":"Sum"}"#,
    );
    "rule.json"
}

#[test]
fn what_is_not_there_or_not_readable() {
    let folder = Folder::new("missing");
    folder.file("a.log", hundred());
    let ran = run(&folder, "$F a.log missing.log");
    assert_eq!((ran.code, is_answered(&ran), lines(&ran)), (1, true, 101));
    assert!(ran.err.contains("flowagg: missing.log: no such file or directory"), "{}", ran.err);
    let ran = run(&folder, "$F missing.log");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("no answer, because nothing could be read"), "{}", ran.err);
    let ran = run(&folder, "$F a.log a.log/b");
    assert_eq!((ran.code, is_answered(&ran)), (1, true));
    assert!(ran.err.contains("flowagg: a.log/b: not a directory"), "{}", ran.err);
    // Whoever may read everything reads this too; then there is no fault.
    folder.file("shut.log", hundred());
    let ran = run(&folder, "chmod 0 shut.log; $F a.log shut.log");
    match File::open(folder.0.join("shut.log")) {
        Ok(_) => assert_eq!((ran.code, lines(&ran)), (0, 202)),
        Err(_) => {
            assert_eq!((ran.code, lines(&ran)), (1, 101));
            assert!(ran.err.contains("flowagg: shut.log: permission denied"), "{}", ran.err);
        }
    }
}

#[test]
fn what_is_empty() {
    let folder = Folder::new("empty");
    folder.file("empty.log", "");
    fs::create_dir(folder.0.join("none")).unwrap();
    folder.file("hidden/.log", hundred());
    for paths in ["empty.log", "none", "hidden", "/dev/null", "< empty.log", "<&-"] {
        let ran = run(&folder, &format!("$F {paths}"));
        assert_eq!(ran.code, 0, "{paths}: {}", ran.err);
        assert!(ran.err.contains("warning: no lines were read"), "{paths}: {}", ran.err);
        assert!(ran.out.starts_with("Lines  0\n") || lines(&ran) == 0, "{paths}: {}", ran.out);
    }
    let ran = run(&folder, "printf '' | gzip > empty.gz; $F empty.gz");
    assert_eq!((ran.code, lines(&ran)), (0, 0));
}

#[test]
fn links_that_lead_back() {
    let folder = Folder::new("links");
    folder.file("logs/a/a.log", hundred());
    std::os::unix::fs::symlink("..", folder.0.join("logs/a/up")).unwrap();
    std::os::unix::fs::symlink("self", folder.0.join("logs/self")).unwrap();
    let ran = run(&folder, "$F logs");
    assert_eq!((ran.code, is_answered(&ran), lines(&ran)), (1, true, 101));
    assert!(ran.err.contains("logs/a/up: a link back to logs, not followed"), "{}", ran.err);
    assert!(ran.err.contains("logs/self: too many levels of symbolic links"), "{}", ran.err);
    // One that leads to a file is as good as its name.
    std::os::unix::fs::symlink("a.log", folder.0.join("logs/a/b.log")).unwrap();
    let ran = run(&folder, "$F logs");
    assert_eq!((ran.code, lines(&ran)), (1, 202), "{}", ran.err);
}

#[test]
fn names_that_are_no_text() {
    let folder = Folder::new("names");
    let name = std::ffi::OsStr::from_bytes(b"a\xff\x1b[31m.log");
    if fs::write(folder.0.join(name), hundred()).is_err() {
        // File systems that refuse such names leave nothing to be read.
        return;
    }
    for script in ["$F .", "$F a*.log"] {
        let ran = run(&folder, script);
        assert_eq!((ran.code, is_answered(&ran), lines(&ran)), (0, true, 101), "{}", ran.err);
    }
    let ran = run(&folder, "f=$(echo a*.log); rm \"$f\"; $F \"$f\"");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("no such file or directory"), "{}", ran.err);
    assert!(!ran.err.contains('\x1b'), "{}", ran.err.escape_debug());
}

/// Makes a pipe with a name.
fn fifo(folder: &Folder, name: &str) {
    assert_eq!(run(folder, &format!("mkfifo {name}")).code, 0);
}

/// A pipe, once somebody reads it.
fn opened(folder: &Folder, name: &str) -> File {
    OpenOptions::new().write(true).open(folder.0.join(name)).unwrap()
}

#[test]
fn a_pipe_with_a_name_is_read() {
    let folder = Folder::new("fifo");
    fifo(&folder, "pipe");
    folder.file("a.log", hundred());
    let ran = run(&folder, "cat a.log > pipe & $F pipe");
    assert_eq!((ran.code, is_answered(&ran), lines(&ran)), (0, true, 101), "{}", ran.err);
}

#[test]
fn a_file_that_goes_away_before_it_is_opened() {
    let folder = Folder::new("removed");
    fifo(&folder, "pipe");
    let log = folder.file("b.log", hundred());
    let child = shell(&folder, "exec $F --threads 1 pipe b.log").spawn().unwrap();
    // It has found both when it opens the first, and opens the second after it.
    let mut pipe = opened(&folder, "pipe");
    fs::remove_file(log).unwrap();
    pipe.write_all(&hundred()).unwrap();
    drop(pipe);
    let ran = ended(child);
    assert_eq!((ran.code, is_answered(&ran), lines(&ran)), (1, true, 101), "{}", ran.err);
    assert!(ran.err.contains("flowagg: b.log: no such file or directory"), "{}", ran.err);
}

/// Waits until a program has a file open.
fn has_open(child: &Child, path: &Path) {
    let begun = Instant::now();
    let path = path.canonicalize().unwrap();
    let folder = format!("/proc/{}/fd", child.id());
    while begun.elapsed() < Duration::from_secs(30) {
        let links = fs::read_dir(&folder).into_iter().flatten().flatten();
        if links.into_iter().any(|link| fs::read_link(link.path()).is_ok_and(|to| to == path)) {
            return;
        }
    }
    panic!("{} was not opened", path.display());
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_becomes_shorter() {
    let folder = Folder::new("shorter");
    let log = folder.file("a.log", hundred());
    // A hole of so many bytes takes longer to read than to cut off.
    let file = OpenOptions::new().write(true).open(&log).unwrap();
    file.set_len(64 << 30).unwrap();
    let child = shell(&folder, "exec $F a.log").spawn().unwrap();
    has_open(&child, &log);
    std::thread::sleep(Duration::from_millis(50));
    file.set_len(1 << 20).unwrap();
    let ran = ended(child);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let said = "flowagg: a.log: became shorter than its 68719476736 bytes while read";
    assert_eq!(ran.err.matches(said).count(), 1, "{}", ran.err);
}

#[test]
fn standard_output_that_takes_nothing() {
    let folder = Folder::new("output");
    folder.file("a.log", hundred());
    if Path::new("/dev/full").exists() {
        for script in ["$F a.log > /dev/full", "$F -o json a.log > /dev/full"] {
            let ran = run(&folder, script);
            assert_eq!(ran.code, 1, "{}", ran.err);
            let said = "flowagg: standard output: no space left on device";
            assert!(ran.err.contains(said), "{}", ran.err);
        }
    }
    // The same as > /dev/null.
    let ran = run(&folder, "$F a.log >&-");
    assert_eq!((ran.code, &*ran.out, lines(&ran)), (0, "", 101));
    let ran = run(&folder, "$F a.log 2>&-");
    assert_eq!((ran.code, is_answered(&ran)), (0, true));
}

#[test]
fn a_reader_that_has_seen_enough() {
    let folder = Folder::new("head");
    folder.file("a.log", many());
    let ran = run(&folder, "{ $F -q -n 0 -o csv a.log; echo $? >&2; } | head -1");
    assert_eq!((&*ran.out, &*ran.err), ("section,name,value\n", "0\n"));
    let ran = run(&folder, "{ $F --help; echo $? >&2; } | head -1");
    assert_eq!((ran.out.lines().count(), &*ran.err), (1, "0\n"));
}

#[test]
fn a_device_without_lines() {
    let folder = Folder::new("zero");
    let ran = run(&folder, "head -c 5000000 /dev/zero | $F");
    assert_eq!((ran.code, lines(&ran)), (1, 1), "{}", ran.err);
    assert!(ran.err.contains("standard input:1: longer than 1 MiB"), "{}", ran.err);
    // Without an end it is read until somebody stops that.
    let child = shell(&folder, "exec $F /dev/zero").spawn().unwrap();
    has_open(&child, Path::new("/dev/zero"));
    std::thread::sleep(Duration::from_millis(100));
    let ran = signalled(child, "TERM");
    assert_eq!((ran.code, &*ran.out), (143, ""), "{}", ran.err);
}

/// What a program did that got this signal.
fn signalled(child: Child, signal: &str) -> Ran {
    let folder = Folder::new(&format!("kill-{}", child.id()));
    assert_eq!(run(&folder, &format!("kill -{signal} {}", child.id())).code, 0);
    ended(child)
}

/// Whether signals of this number are ignored, by us and whom we start.
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap() >> (signal - 1) & 1 == 1
}

#[test]
fn a_signal_while_logs_are_read() {
    let folder = Folder::new("signal");
    fs::create_dir(folder.0.join("temporary")).unwrap();
    fifo(&folder, "pipe");
    for (name, number, code) in [("INT", 2, 130), ("TERM", 15, 143)] {
        if is_ignored(number) {
            continue;
        }
        for end in ["-o json pipe", "--manifest m.json pipe", "--temp-dir temporary pipe"] {
            let script = format!("exec $F {end}");
            let child = shell(&folder, &script).spawn().unwrap();
            let mut pipe = opened(&folder, "pipe");
            pipe.write_all(&hundred()).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            let ran = signalled(child, name);
            drop(pipe);
            assert_eq!((ran.code, &*ran.out), (code, ""), "{}", ran.err);
            let said = format!("flowagg: stopped by SIG{name}, ");
            assert!(ran.err.starts_with(&said), "{}", ran.err);
            assert!(ran.err.ends_with(" read; no answer is given\n"), "{}", ran.err);
        }
    }
    let left: Vec<_> = fs::read_dir(folder.0.join("temporary")).unwrap().collect();
    assert!(left.is_empty() && !folder.0.join("m.json").exists(), "{left:?}");
}

#[test]
fn a_signal_while_the_answer_is_written() {
    let folder = Folder::new("writing");
    folder.file("a.log", many());
    let mut child = shell(&folder, "exec $F -n 0 -o csv a.log").spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert_eq!(first, "section,name,value\n");
    // The rest does not fit the pipe.
    let ran = signalled(child, "TERM");
    assert_eq!(ran.code, 143, "{}", ran.err);
    assert!(ran.err.contains("what is written of the answer is not all of it"), "{}", ran.err);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let whole = run(&folder, "$F -n 0 -o csv a.log").out;
    assert!(rest.len() + first.len() < whole.len());
    assert!(whole.starts_with(&(first + &rest)));
}

/// Those that write while they make up or read lines end as all others do.
#[test]
fn a_signal_while_lines_are_written() {
    let folder = Folder::new("lines");
    let lines = "yes 'ERROR 12345 and some words, more than fit a pipe' | head -n 100000";
    assert_eq!(run(&folder, &format!("{lines} > a.log")).code, 0);
    for (name, number, code) in [("INT", 2, 130), ("TERM", 15, 143)] {
        if is_ignored(number) {
            continue;
        }
        for verb in ["gen --lines 1000000", "test-pattern ERROR a.log"] {
            let mut child = shell(&folder, &format!("exec $F {verb}")).spawn().unwrap();
            let mut out = BufReader::new(child.stdout.take().unwrap());
            let mut first = String::new();
            out.read_line(&mut first).unwrap();
            let ran = signalled(child, name);
            assert_eq!(ran.code, code, "{verb}: {}", ran.err);
            let said = "what is written of the answer is not all of it";
            assert_eq!(ran.err, format!("flowagg: stopped by SIG{name}; {said}\n"));
        }
    }
}

#[test]
fn a_temporary_file_that_finds_no_room() {
    let folder = Folder::new("room");
    top_rule(&folder);
    fs::write(
        folder.0.join("flows.json"),
        r#"{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["x"],
        "LogFormat":"CLF","Fields":{"4":"a","5":"b","6":"c","7":"d","10":"bytes"},
        "Contribution":{"Keys":["a","b","c","d"],"ValueOf":"bytes"},"AggregateOn":"Sum"}"#,
    )
    .unwrap();
    let made = run(&folder, "$F gen --lines 700000 --contributors 700000 --nodata 0 > flows.log");
    assert_eq!(made.code, 0, "{}", made.err);
    // A file may grow to 100 blocks, and what is written beyond that fails, as on a full disk; a
    // disk of one's own would take rights that not everybody has.
    let ask = "$F rule --memory 32MiB --threads 2 flows.json flows.log";
    let ran = run(&folder, &format!("trap '' XFSZ; ulimit -f 100; {ask}"));
    assert_eq!((ran.code, &*ran.out), (1, ""), "{}", ran.err);
    assert!(ran.err.contains("file too large"), "{}", ran.err);
    let ran = run(&folder, &format!("{ask} --temp-dir ."));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("of contributors outgrew the memory"), "{}", ran.err);
    let ran = run(&folder, &format!("{ask} --temp-dir missing"));
    assert_eq!((ran.code, &*ran.out), (2, ""), "{}", ran.err);
}
