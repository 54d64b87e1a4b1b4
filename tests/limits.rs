//! The limits of the README's table, each at, below and above; and that what has no limit of its
//! own takes no memory for it.
//!
//! `FLOWAGG_BIN` names another program than this build's, such as the release build.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/mmdb.rs"]
#[allow(dead_code, reason = "only what makes databases is used")]
mod mmdb;
#[cfg(feature = "parquet")]
#[path = "common/parquet.rs"]
mod parquet;
#[path = "common/run.rs"]
mod run;

use std::fs;
use std::io::{self, Read, Write};
use std::process::Child;

use flate2::{Compression, write::GzEncoder};

use folder::Folder;
use run::{Ran, ended, run, shell};

const RECORD: &str = "2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 \
    1600000030 ACCEPT OK";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A text with blanks after it.
fn padded(text: &str, length: usize) -> String {
    text.to_owned() + &" ".repeat(length - text.len())
}

/// What the tally on standard error says: lines, records of traffic, headers, malformed ones.
fn tally(ran: &Ran) -> [u64; 4] {
    let text = ran.err.lines().last().unwrap_or_default();
    let count = |name: &str| {
        let before = text.split(name).next().unwrap();
        let digits = before.rsplit([' ', ':']).find(|word| !word.is_empty()).unwrap_or_default();
        digits.replace(',', "").parse().unwrap_or_else(|_| panic!("{name}: {}", ran.err))
    };
    [count(" line"), count(" ok"), count(" header"), count(" malformed")]
}

#[test]
fn lines_are_shorter_than_1_mib() {
    let folder = Folder::new("lines");
    let limit = 1 << 20;
    for (length, malformed) in [(limit - 1, 0), (limit, 1), (limit + 1, 1), (5 * limit, 1)] {
        // In the middle, and at the end without a newline.
        let long = padded(RECORD, length);
        let text = format!("{RECORD}\n{long}\n{RECORD}\n{long}");
        folder.file("a.log", &text);
        folder.file("a.gz", gzip(text.as_bytes()));
        for script in ["$F -q -n 1 a.log", "$F a.log", "$F a.gz", "cat a.log | $F", "$F < a.log"] {
            let ran = run(&folder, script);
            assert_eq!(ran.code, 0, "{script}: {}", ran.err);
            if !script.contains("-q") {
                let expected = [4, 4 - 2 * malformed, 0, 2 * malformed];
                assert_eq!(tally(&ran), expected, "{length} {script}: {}", ran.err);
                assert_eq!(ran.err.contains("2: longer than 1 MiB"), malformed > 0, "{}", ran.err);
            }
        }
    }
}

#[test]
fn long_lines_are_whole_wherever_they_begin() {
    let folder = Folder::new("places");
    // A file is read in ranges of half that.
    let limit = 1 << 20;
    for place in [limit / 2 - 20, limit / 2, limit - 300_000, limit - 1] {
        for (length, malformed) in [(700_000, 0), (limit - 1, 0), (limit, 1)] {
            let records = place / 2 / (RECORD.len() + 1);
            let mut text = format!("{RECORD}\n").repeat(records);
            let before = place - 1 - text.len();
            text += &format!("{}\n{}\n", padded(RECORD, before), padded(RECORD, length));
            text += RECORD;
            folder.file("a.log", &text);
            for script in ["$F a.log", "cat a.log | $F"] {
                let ran = run(&folder, script);
                let lines = records as u64 + 3;
                let expected = [lines, lines - malformed, 0, malformed];
                assert_eq!(tally(&ran), expected, "{place} {length} {script}: {}", ran.err);
            }
        }
    }
}

#[test]
fn long_lines_are_no_events_and_the_next_ones_are() {
    let folder = Folder::new("events");
    let limit = 1 << 20;
    for (length, said) in [(limit - 2, ""), (limit - 1, ""), (limit, "line 2 has 1 MiB or more")] {
        let long = padded("ERROR", length);
        folder.file("a.log", format!("ERROR\n{long}\nERROR b\n"));
        for script in ["$F test-pattern ERROR a.log", "cat a.log | $F test-pattern ERROR"] {
            let ran = run(&folder, &format!("{script} -o json"));
            let found = ran.out.matches("eventNumber").count();
            let (code, expected) = if said.is_empty() { (0, 3) } else { (1, 2) };
            assert_eq!((ran.code, found), (code, expected), "{length} {script}: {}", ran.err);
            assert!(ran.err.contains(said) && ran.out.contains("ERROR b"), "{}", ran.err);
        }
        folder.file("b.log", format!("{long}\nERROR\n{long}"));
        let ran = run(&folder, "$F test-pattern ERROR -o json b.log");
        let found = ran.out.matches("eventNumber").count();
        assert_eq!(found, if said.is_empty() { 3 } else { 1 }, "{length}: {}", ran.err);
        let several = "2 lines have 1 MiB or more, no event is so long; they were not tested, the \
                       first of them is line 1";
        assert_eq!(ran.err.contains(several), !said.is_empty(), "{}", ran.err);
        // Beside another fault both are told.
        let mut cut = gzip(format!("{long}\nERROR\n").as_bytes());
        cut.truncate(cut.len() - 4);
        folder.file("c.gz", cut);
        let ran = run(&folder, "$F test-pattern ERROR -o json c.gz");
        let tells = ran.err.contains("; line 1 has 1 MiB or more");
        assert_eq!((ran.code, tells), (1, !said.is_empty()), "{}", ran.err);
    }
}

#[test]
fn a_header_has_1024_columns_at_most() {
    let folder = Folder::new("columns");
    for columns in [1023, 1024, 1025, 100_000] {
        let row = format!("{} 7\n", vec!["5"; columns - 1].join(" "));
        let names = format!("{} unknown\n", vec!["bytes"; columns - 1].join(" "));
        folder.file("a.log", format!("{names}{row}{row}"));
        let comma = |text: &str| text.replace(' ', ",");
        folder.file("a.csv", format!("{}{}{}", comma(&names), comma(&row), comma(&row)));
        for name in ["a.log", "a.csv"] {
            let ran = run(&folder, &format!("$F info {name}"));
            let is_within = columns <= 1024;
            let expected = if is_within { [3, 2, 1, 0] } else { [3, 0, 0, 3] };
            assert_eq!(tally(&ran), expected, "{columns} {name}: {}", ran.err);
            assert_eq!(ran.code, if is_within { 0 } else { 1 }, "{columns} {name}: {}", ran.err);
        }
    }
    // Values have no such limit.
    let extra = format!("{RECORD} {}\n", vec!["x"; 400_000].join(" "));
    folder.file("a.log", extra);
    let ran = run(&folder, "$F a.log");
    assert_eq!((ran.code, tally(&ran)), (0, [1, 1, 0, 0]), "{}", ran.err);
}

/// A rule over events of JSON.
const JSON_RULE: &str = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "AggregateOn": "Count",
    "LogGroupNames": ["x"], "LogFormat": "JSON", "Contribution": {"Keys": ["$.user"]}}"#;

/// The members of an event.
const FIELDS: usize = 6;

/// An event of the fields of a record, and these beside them.
fn event(beside: &str) -> String {
    format!(
        r#"{{"srcaddr":"10.0.0.1","bytes":5,"packets":1,"start":7,"end":8,"action":"ACCEPT"{beside}}}"#
    )
}

#[test]
fn objects_have_256_names() {
    let folder = Folder::new("members");
    for names in [255, 256, 257] {
        let beside: String = (0..names - FIELDS).map(|nth| format!(",\"tag-{nth}\":1")).collect();
        folder.file("a.json", event(&beside));
        let ran = run(&folder, "$F a.json");
        assert_eq!(tally(&ran), [1, 1, 0, 0], "{}", ran.err);
        assert_eq!(ran.code, i32::from(names > 256), "{names}: {}", ran.err);
        assert_eq!(ran.err.contains("more than 256 names"), names > 256, "{}", ran.err);
    }
}

#[test]
fn names_of_columns_have_256_bytes() {
    let folder = Folder::new("names");
    for bytes in [255, 256, 257] {
        let (name, is_within) = ("x".repeat(bytes), bytes <= 256);
        folder.file("a.json", event(&format!(",\"{name}\":1")));
        let ran = run(&folder, "$F a.json");
        assert_eq!(tally(&ran), [1, 1, 0, 0], "{}", ran.err);
        assert_eq!(ran.code, i32::from(!is_within), "{bytes}: {}", ran.err);
        assert_eq!(ran.err.contains("more than 256 bytes"), !is_within, "{}", ran.err);
        folder.file("a.log", format!("srcaddr bytes {name}\n10.0.0.1 5 -\n"));
        folder.file("b.log", format!("${{srcaddr}} ${{bytes}} ${{{name}}}\n10.0.0.1 5 -\n"));
        folder.file("a.csv", format!("srcaddr,bytes,{name}\n10.0.0.1,5,-\n"));
        for file in ["a.log", "b.log", "a.csv"] {
            let ran = run(&folder, &format!("$F info {file}"));
            let expected = if is_within { [2, 1, 1, 0] } else { [2, 0, 0, 2] };
            assert_eq!(tally(&ran), expected, "{file} {bytes}: {}", ran.err);
        }
    }
}

#[cfg(feature = "parquet")]
#[test]
fn names_of_columns_of_parquet_have_256_bytes() {
    use parquet::{Column, INT64, PLAIN, REQUIRED, file, group, leaf, longs, page};
    let folder = Folder::new("parquet-names");
    for bytes in [255, 256, 257] {
        let name: &str = "x".repeat(bytes).leak();
        let leaves = ["bytes", name].map(|name| leaf(name, INT64, REQUIRED));
        let schema = [vec![group("a", REQUIRED, 2)], leaves.to_vec()].concat();
        let columns = ["bytes", name].map(|name| {
            let pages = page(1, PLAIN, &longs(&[7]));
            Column { kind: INT64, path: vec![name], pages, values: 1, ..Column::default() }
        });
        folder.file("a.parquet", file(&schema, 1, &columns));
        let ran = run(&folder, "$F sum --by bytes a.parquet");
        assert_eq!(ran.code, i32::from(bytes > 256), "{bytes}: {}", ran.err);
        assert_eq!(ran.err.contains("longer than 256 bytes: xxx"), bytes > 256, "{}", ran.err);
    }
}

#[test]
fn data_in_a_value_unpacks_to_64_mib() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let folder = Folder::new("data");
    let limit = 64 << 20;
    for bytes in [limit, limit + 1] {
        let data = STANDARD.encode(gzip(padded(&event(""), bytes).as_bytes()));
        folder.file("a.json", format!(r#"{{"data":"{data}"}}"#));
        let ran = run(&folder, "$F a.json");
        let is_beyond = bytes > limit;
        // The event is there, and the envelope that is not whole is malformed.
        let malformed = u64::from(is_beyond);
        assert_eq!(tally(&ran), [1 + malformed, 1, 0, malformed], "{bytes}: {}", ran.err);
        assert_eq!(ran.code, i32::from(is_beyond), "{bytes}: {}", ran.err);
        let said = "the data of an envelope: more than 64 MiB in one value";
        assert_eq!(ran.err.contains(said), is_beyond, "{}", ran.err);
    }
}

#[test]
fn envelopes_are_opened_8_deep() {
    let folder = Folder::new("envelopes");
    for depth in [1, 7, 8, 100] {
        let mut text = event("");
        for _ in 0..depth {
            text = format!(r#"{{"Records":[{text}]}}"#);
        }
        folder.file("a.json", text);
        let ran = run(&folder, "$F a.json");
        let is_within = depth < 8;
        let expected = if is_within { [1, 1, 0, 0] } else { [1, 0, 0, 1] };
        assert_eq!(tally(&ran), expected, "{depth}: {}", ran.err);
        assert_eq!(ran.code, i32::from(!is_within), "{depth}: {}", ran.err);
    }
    // What is not looked into may be as deep as it likes.
    let deep = format!(",\"tag\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    folder.file("a.json", event(&deep));
    let ran = run(&folder, "$F a.json");
    assert_eq!((ran.code, tally(&ran)), (0, [1, 1, 0, 0]), "{}", ran.err);
}

#[test]
fn compression_is_undone_3_times() {
    let folder = Folder::new("nested");
    for times in [2, 3, 4] {
        let text = format!("{RECORD}\n").into_bytes();
        let file = (0..times).fold(text, |file, nth| match nth % 2 {
            0 => gzip(&file),
            _ => zstd::encode_all(&file[..], 3).unwrap(),
        });
        folder.file("a", file);
        for script in ["$F a", "cat a | $F"] {
            let ran = run(&folder, script);
            assert_eq!(ran.code, i32::from(times > 3), "{times} {script}: {}", ran.err);
            let told = ran.err.contains("compressed more than 3 times over");
            assert_eq!(told, times > 3, "{script}: {}", ran.err);
            assert_eq!(ran.out.is_empty(), times > 3);
        }
    }
}

#[test]
fn a_row_of_csv_has_4_mib_at_most() {
    let folder = Folder::new("rows");
    for (mebibytes, is_fault) in [(3, false), (5, true)] {
        let open = format!("\"{}\"", "10.0.0.1,5\n".repeat(mebibytes * (1 << 20) / 11));
        folder.file("a.csv", format!("srcaddr,bytes\n10.0.0.1,5\n{open}"));
        let ran = run(&folder, "$F info a.csv");
        let told = ran.err.contains("a row of more than 4 MiB; is a quote left open?");
        assert_eq!(told, is_fault, "{}", ran.err);
        assert_eq!(ran.code, i32::from(is_fault), "{}", ran.err);
        // Nothing is lost: what the open quote swallows is malformed, line by line or whole.
        let [lines, ok, headers, malformed] = tally(&ran);
        assert_eq!((ok, headers, lines), (1, 1, malformed + 2), "{}", ran.err);
        assert!(malformed > 0, "{}", ran.err);
    }
}

#[test]
fn labels_of_databases_have_1_kib_at_most() {
    let folder = Folder::new("labels");
    folder.file("a.log", format!("{RECORD}\n"));
    for (bytes, code) in [(1 << 10, 0), ((1 << 10) + 1, 2), (60_000, 2)] {
        let label = mmdb::Value::Text(String::leak("N".repeat(bytes)));
        let records = [mmdb::Value::Map(vec![("country", label)])];
        let file = mmdb::database("x", false, 24, &[("10.0.0.0/8", 0)], &records);
        folder.file("a.mmdb", file);
        let ran = run(&folder, "$F top src-country --geoip a.mmdb -o csv a.log");
        assert_eq!(ran.code, code, "{bytes}: {}", ran.err);
        assert_eq!(ran.out.contains(&format!("\n{}", "N".repeat(1 << 10))), code == 0);
        let said = format!(
            "flowagg: a.mmdb: a damaged database: of 10.0.0.0 it says: a country of \
                            {bytes} bytes, expected at most 1024"
        );
        assert_eq!(ran.err.contains(&said), code == 2, "{}", ran.err);
    }
}

#[test]
fn rules_and_patterns_have_sizes() {
    let folder = Folder::new("rules");
    folder.file("a.log", format!("{RECORD}\n"));
    let rule = r#"{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["x"],
        "LogFormat":"CLF","Fields":{"4":"srcaddr"},"Contribution":{"Keys":["srcaddr"]},
        "AggregateOn":"Count"}"#;
    let checked = |length: usize, script: &str| {
        fs::write(folder.0.join("rule.json"), padded(rule, length)).unwrap();
        run(&folder, script)
    };
    // What CloudWatch takes, what is read, and what is opened.
    for (length, code) in [(8_191, 0), (8_192, 0), (8_193, 1)] {
        let ran = checked(length, "$F rule --check rule.json");
        assert_eq!(ran.code, code, "{length}: {}", ran.out);
    }
    for (length, code) in [(256 << 10, 0), ((256 << 10) + 1, 2), (8 << 20, 2), (9 << 20, 2)] {
        let ran = checked(length, "$F rule rule.json a.log");
        assert_eq!(ran.code, code, "{length}: {}", ran.err);
        let said = if length > 8 << 20 { "longer than 8 MiB" } else { "at most 8,192 characters" };
        assert_eq!(ran.err.contains(said), code > 0, "{length}: {}", ran.err);
    }
    for (length, code) in [(1_023, 0), (1_024, 0), (1_025, 2), (100_000, 2)] {
        let ran = run(&folder, &format!("$F metric --pattern {} a.log", "x".repeat(length)));
        assert_eq!(ran.code, code, "{length}: {}", ran.err);
        let said = ran.err.contains("a pattern has at most 1,024");
        assert_eq!(said, code > 0, "{length}: {}", ran.err);
    }
    for (pattern, code) in [("%a{0,5000}%", 0), ("%(a{0,5000}){0,5000}%", 2)] {
        let ran = run(&folder, &format!("$F metric --pattern '{pattern}' a.log"));
        assert_eq!(ran.code, code, "{pattern}: {}", ran.err);
    }
    // Rules that are nested as deep as they are long.
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    folder.file("rule.json", deep);
    let ran = run(&folder, "$F rule rule.json a.log");
    assert_eq!((ran.code, &*ran.out), (2, ""), "{}", ran.err);
}

#[cfg(feature = "parquet")]
#[test]
fn columns_of_parquet_are_within_64_others() {
    use parquet::{Column, INT64, PLAIN, REQUIRED, file, group, leaf, longs, page};
    let folder = Folder::new("deep");
    for depth in [63, 64, 65, 100_000] {
        let groups = vec![group("a", REQUIRED, 1); depth];
        let schema = [groups, vec![leaf("bytes", INT64, REQUIRED)]].concat();
        let mut path = vec!["a"; depth - 1];
        path.push("bytes");
        let pages = page(1, PLAIN, &longs(&[7]));
        let column = Column { kind: INT64, path, pages, values: 1, ..Column::default() };
        folder.file("a.parquet", file(&schema, 1, &[column]));
        let ran = run(&folder, "$F a.parquet");
        assert_eq!((ran.code, &*ran.out), (1, ""), "{depth}: {}", ran.err);
        let told = ran.err.contains("columns more than 64 deep within others");
        assert_eq!(told, depth > 64, "{depth}: {}", ran.err);
        assert_eq!(ran.err.contains("nested columns (a), expected flat ones"), depth <= 64);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn lists_of_events_in_parquet_have_1_048_576_elements() {
    let folder = Folder::new("lists");
    let limit = 1_usize << 20;
    for elements in [limit - 1, limit, limit + 1, 1 << 30] {
        let events = elements - 5;
        for pages in [
            &[&[(3, 0), (1, 0), (events, 1), (1, 0)][..]][..],
            &[&[(3, 0), (1, 0), (events / 2, 1)], &[(events.div_ceil(2), 1), (1, 0)]],
        ] {
            folder.file("a.parquet", parquet::events(pages));
            let ran = run(&folder, "$F a.parquet");
            let is_within = elements <= limit;
            assert_eq!(ran.code, i32::from(!is_within), "{elements}: {}", ran.err);
            let told =
                ran.err.contains("lists of more than 1,048,576 values in 1,024 rows; 5 rows");
            assert_eq!(told, !is_within, "{elements}: {}", ran.err);
            if is_within {
                assert_eq!(tally(&ran)[0], 5, "{}", ran.err);
            }
        }
    }
    // Any number of them in others.
    let event = [(1, 0), (600, 1)];
    folder.file("a.parquet", parquet::events(&[&event.repeat(3000)]));
    let ran = run(&folder, "$F a.parquet");
    assert_eq!((ran.code, tally(&ran)[0]), (0, 3000), "{}", ran.err);
}

/// A text of one letter, as a Parquet page has it, in zstd: some bytes for each 128 KiB.
#[cfg(all(feature = "parquet", target_os = "linux"))]
fn letters(length: u32) -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    // A frame that says how long it is; then its blocks, each with a head of three bytes.
    let mut frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0xa0][..], &length.to_le_bytes()].concat();
    let block = |kind: u32, length: u32| (length << 3 | kind << 1).to_le_bytes();
    frame.extend_from_slice(&block(0, 4)[..3]);
    frame.extend_from_slice(&(length - 4).to_le_bytes());
    let mut left = length - 4;
    while left > 0 {
        let here = left.min(BLOCK);
        left -= here;
        let mut head = block(1, here);
        head[0] |= u8::from(left == 0);
        frame.extend_from_slice(&head[..3]);
        frame.push(b'x');
    }
    frame
}

#[cfg(all(feature = "parquet", target_os = "linux"))]
#[test]
fn a_page_of_parquet_has_256_mib_at_most() {
    use parquet::{BYTE_ARRAY, Column, PLAIN, REQUIRED, file, group, leaf, packed_page};
    let folder = Folder::new("pages");
    let limit = 256 << 20;
    for length in [limit - 1, limit, limit + 1, i32::MAX as u32] {
        let pages = packed_page(1, PLAIN, length as usize, &letters(length));
        let (kind, path, codec) = (BYTE_ARRAY, vec!["srcaddr"], 6);
        let column = Column { kind, path, codec, pages, values: 1, ..Column::default() };
        let schema = [group("schema", REQUIRED, 1), leaf("srcaddr", BYTE_ARRAY, REQUIRED)];
        folder.file("a.parquet", file(&schema, 1, &[column]));
        let script = "exec $F top srcaddr --by records a.parquet";
        let (ran, peak) = watched(shell(&folder, script).spawn().unwrap());
        let told = ran.err.contains("a page of more than 256 MiB; 1 rows of it are lost");
        assert_eq!(told, length > limit, "{length}: {}", ran.err);
        if told {
            assert_eq!(ran.code, 1, "{length}: {}", ran.err);
            // None is seen of a program that is quick.
            assert!(peak < 48 << 10, "{length}: {peak} KiB");
        } else {
            // Its text is longer than a line may be.
            assert_eq!(tally(&ran), [1, 0, 0, 1], "{length}: {}", ran.err);
        }
    }
}

#[cfg(all(feature = "parquet", target_os = "linux"))]
#[test]
fn long_texts_of_a_dictionary_take_no_memory() {
    use parquet::{BYTE_ARRAY, Column, PLAIN, REQUIRED, RLE_DICTIONARY};
    let folder = Folder::new("dictionary");
    let long = "x".repeat(700_000);
    // The first row has it, the second not, and then all of them.
    let places = parquet::runs(&[(1, 0), (1, 1), (3998, 0)]);
    let column = |name, texts: &[&str]| {
        let dictionary = parquet::dictionary(texts.len(), &parquet::texts(texts));
        let pages = parquet::page(4000, RLE_DICTIONARY, &[&[1], &places[..]].concat());
        Column {
            kind: BYTE_ARRAY,
            path: vec![name],
            encoding: PLAIN,
            dictionary: dictionary.len(),
            pages: [dictionary, pages].concat(),
            values: 4000,
            ..Column::default()
        }
    };
    let columns =
        [column("srcaddr", &["10.0.0.1", "10.0.0.2"]), column("action", &[&long, "ACCEPT"])];
    let leaf = |name| parquet::leaf(name, BYTE_ARRAY, REQUIRED);
    let schema = [parquet::group("schema", REQUIRED, 2), leaf("srcaddr"), leaf("action")];
    folder.file("a.parquet", parquet::file(&schema, 4000, &columns));
    let script = "exec $F top srcaddr,action --by records -o csv --threads 1 a.parquet";
    let (ran, peak) = watched(shell(&folder, script).spawn().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.lines().any(|line| line.ends_with(",3999,0.999750")), "{}", ran.out);
    assert!((1..96 << 10).contains(&peak), "{peak} KiB");
}

#[test]
fn texts_in_keys_have_1024_bytes_at_most() {
    let folder = Folder::new("keys");
    for (length, kept, contributors) in [(1023, 1023, 2), (1024, 1024, 1), (2000, 1024, 1)] {
        let record = |end: &str| RECORD.replace("eni-1", &format!("{}{end}", "e".repeat(length)));
        folder.file("a.log", format!("{}\n{}\n", record("x"), record("y")));
        let ran = run(&folder, "$F top interface-id --by records -o csv a.log");
        assert_eq!(ran.code, 0, "{}", ran.err);
        let keys: Vec<&str> = ran.out.lines().skip(1).collect();
        assert_eq!(keys.len(), contributors, "{length}: {}", ran.out);
        let key = keys[0].split(',').next().unwrap();
        let expected = ["e".repeat(kept), "x".repeat(1024 - kept)].concat();
        assert_eq!(key, expected, "{length}");
        // The values of a metric's dimensions are keys too.
        let script = "$F metric -q -p '[]' --dimension 'Eni=$3' -o csv a.log";
        let ran = run(&folder, script);
        let series: Vec<&str> = ran.out.lines().skip(1).collect();
        assert_eq!(series.len(), contributors, "{length}: {}", ran.out);
        assert_eq!(series[0].split(',').next(), Some(&expected[..]), "{length}: {}", ran.err);
    }
}

/// What a program did, and the most memory that it was seen with, in KiB.
fn watched(child: Child) -> (Ran, u64) {
    let status = format!("/proc/{}/status", child.id());
    let (done, seen) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let mut most = 0;
        while seen.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok());
            most = most.max(peak.unwrap_or(0));
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        most
    });
    let ran = ended(child);
    drop(done);
    (ran, thread.join().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_bomb_takes_no_memory() {
    let folder = Folder::new("bomb");
    // 64 MiB of zeros, again and again: 10 GiB for an optimised program, few for one that is not.
    let zeros = gzip(&vec![0; 64 << 20]);
    let times = if std::env::var_os("FLOWAGG_BIN").is_some() { 160 } else { 2 };
    let bomb = zeros.repeat(times);
    assert!(bomb.len() < 11 << 20);
    // Compressed once more it is as small as a record.
    let twice = gzip(&bomb);
    assert!(twice.len() < 1 << 20, "{}", twice.len());
    let frame = zstd::encode_all(io::repeat(0).take(64 << 20), 3).unwrap();
    folder.file("once.gz", &bomb);
    folder.file("twice.gz", &twice);
    folder.file("a.zst", frame.repeat(times));
    for name in ["once.gz", "twice.gz", "a.zst"] {
        // A gzip file is decoded whole only if it says that it has 80 MiB at most, and only where
        // there is memory for it.
        for (memory, most) in [("32MiB", 48 << 10), ("1GiB", 140 << 10)] {
            let script = format!("exec $F --threads 2 --memory {memory} {name}");
            let (ran, peak) = watched(shell(&folder, &script).spawn().unwrap());
            assert_eq!((ran.code, tally(&ran)), (1, [1, 0, 0, 1]), "{name}: {}", ran.err);
            assert!((1..most).contains(&peak), "{name} {memory}: {peak} KiB");
        }
    }
}

#[test]
fn json_values_have_16_mib_but_pages_any_size() {
    let folder = Folder::new("values");
    let object = |length: usize| {
        let event = event("");
        let padding = "x".repeat(length - event.len() - ",\"tag\":\"\"".len());
        event.replace('}', &format!(",\"tag\":\"{padding}\"}}"))
    };
    let limit = 16 << 20;
    for (length, is_within) in [(limit - 1, true), (limit, true), (limit + 1, false)] {
        folder.file("a.json", format!("{}{}{}", event(""), object(length), event("")));
        let ran = run(&folder, "$F a.json");
        // A line of the columns of both, which is longer than lines are.
        let expected = if is_within { [3, 2, 0, 1] } else { [2, 1, 0, 1] };
        assert_eq!(tally(&ran), expected, "{length}: {}", ran.err);
        assert_eq!(ran.code, i32::from(!is_within), "{length}: {}", ran.err);
        assert_eq!(ran.err.contains("a JSON value of more than 16 MiB"), !is_within);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_page_of_events_takes_no_memory() {
    let folder = Folder::new("page");
    // A page of 55 MB for an optimised program.
    let events = if std::env::var_os("FLOWAGG_BIN").is_some() { 400_000 } else { 40_000 };
    let listed = vec![format!("{{\"message\": \"{RECORD}\"}}"); events].join(",\n ");
    folder.file("a.json", format!("{{\"events\": [\n {listed}\n], \"nextToken\": \"x\"}}\n"));
    folder.file("cut.json", format!("{{\"events\": [\n {listed},\n {{\"mess"));
    for (name, lost) in [("a.json", 0), ("cut.json", 1)] {
        let script = format!("exec $F --threads 2 --memory 32MiB {name}");
        let (ran, peak) = watched(shell(&folder, &script).spawn().unwrap());
        let expected = [events as u64 + lost, events as u64, 0, lost];
        assert_eq!((ran.code, tally(&ran)), (lost as i32, expected), "{name}: {}", ran.err);
        assert!((1..48 << 10).contains(&peak), "{name}: {peak} KiB");
        // The same page as events of JSON, whose messages are none.
        folder.file("rule.json", JSON_RULE);
        let script = format!("exec $F rule rule.json --threads 2 --memory 32MiB {name}");
        let (ran, peak) = watched(shell(&folder, &script).spawn().unwrap());
        assert_eq!((ran.code, tally(&ran)), (lost as i32, expected), "{name}: {}", ran.err);
        assert!((1..48 << 10).contains(&peak), "{name}: {peak} KiB");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn layouts_take_no_memory() {
    let folder = Folder::new("layouts");
    let line = |nth: usize| format!("srcaddr bytes action tag-{nth}\n10.0.0.1 5 ACCEPT x\n");
    folder.file("a.log", (0..10_000).map(line).collect::<String>());
    let wide = "bytes ".repeat(1_020);
    let line = |nth: usize| format!("{wide}tag-{nth}\n{}\n", "5 ".repeat(1_021));
    folder.file("wide.log", (0..100).map(line).collect::<String>());
    for (name, lines) in [("a.log", 20_000), ("wide.log", 200)] {
        let script = format!("exec $F info --threads 2 {name}");
        let (ran, peak) = watched(shell(&folder, &script).spawn().unwrap());
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        assert_eq!(tally(&ran), [lines, lines / 2, lines / 2, 0], "{name}: {}", ran.err);
        assert!((1..200 << 10).contains(&peak), "{name}: {peak} KiB");
    }
}
