//! What is written is read again: the same records, with the same columns, whatever these are
//! called.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/run.rs"]
mod run;

use folder::Folder;
use run::run;

/// Names of columns that are none of flow logs, as JSON has them.
const NAMES: [&str; 12] = [
    "podName",
    "PodName",
    "@timestamp",
    "kubernetes.pod",
    "x:y",
    "2x",
    "\u{dc}n\u{ef}",
    "#h",
    "a,b\\\"c",
    "=cmd|x",
    "a b",
    "",
];

/// A record as an object, with members after those of flow logs. Packets come after bytes, which
/// is another order than that of a log without a header.
fn object(bytes: u32, members: &str) -> String {
    format!(
        "{{\"version\": 2, \"account-id\": \"1\", \"interface-id\": \"eni-1\", \"srcaddr\": \
         \"10.0.0.7\", \"dstaddr\": \"10.0.0.2\", \"srcport\": 1, \"dstport\": 443, \"protocol\": \
         6, \"bytes\": {bytes}, \"packets\": 3, \"start\": 1700000000, \"end\": 1700000010, \
         \"action\": \"ACCEPT\", \"log-status\": \"OK\"{members}}}\n"
    )
}

const V2_LINE: &str = "2 1 eni-1 10.0.0.1 10.0.0.2 1 443 6 10 1000 1700000000 1700000010 ACCEPT OK";

const ASK: &str = "$F sum srcaddr,interface-id --by packets,bytes -o csv -q";

#[test]
fn columns_of_any_name_are_read_again() {
    let folder = Folder::new("names");
    folder.file("in/a.log", format!("{V2_LINE}\n"));
    let answer = run(&folder, &format!("{ASK} in"));
    assert_eq!(answer.out, "srcaddr,interface-id,packets,bytes\n10.0.0.1,eni-1,10,1000\n");
    let expected = "srcaddr,interface-id,packets,bytes\n10.0.0.1,eni-1,10,1000\n\
                    10.0.0.7,eni-1,3,900\n";
    for name in NAMES {
        let member = format!(", \"{name}\": \"web\"");
        folder.file("in/b.ndjson", object(900, &member));
        assert_eq!(run(&folder, &format!("{ASK} in")).out, expected, "{name}");
        let formats = ["", "-o csv", "-o tsv", "-o ndjson", "-o csv --csv-safe", "-o parquet"];
        let formats = &formats[..if cfg!(feature = "parquet") { 6 } else { 5 }];
        for cut in formats.iter().map(|format| format!("cut {format}").trim_end().to_owned()) {
            let file = if cut == "cut" { "in" } else { "in/b.ndjson" };
            let ran = run(&folder, &format!("$F {cut} -q {file} > out"));
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{cut} {name}");
            let ran = run(&folder, &format!("$F {cut} -q {file} > out; {ASK} in/a.log out"));
            let expected = match file {
                "in" => expected.replace("10,1000", "20,2000"),
                _ => expected.to_owned(),
            };
            assert_eq!((ran.code, ran.out, ran.err), (0, expected, String::new()), "{cut} {name}");
            // The names are the same too.
            let ran = run(&folder, "$F cut -q -o ndjson out | tail -1");
            let first = run(&folder, "$F cut -q -o ndjson in/b.ndjson");
            if !cut.contains("safe") && !name.is_empty() {
                assert_eq!(ran.out, first.out, "{cut} {name}");
            }
        }
    }
}

#[test]
fn few_known_columns_are_read_again() {
    let folder = Folder::new("few");
    let others: String = (0..6).map(|n| format!(", \"x{n}\": {n}")).collect();
    let record = "{\"srcaddr\": \"10.0.0.7\", \"dstaddr\": \"10.0.0.2\", \"bytes\": 5, \
                  \"packets\": 3";
    folder.file("in/a.log", format!("{V2_LINE}\n"));
    folder.file("in/b.ndjson", format!("{record}{others}}}\n"));
    let ask = "$F sum srcaddr --by packets,bytes -o csv -q";
    let ran = run(&folder, &format!("$F cut -q in > out; {ask} in; {ask} out"));
    let expected = "srcaddr,packets,bytes\n10.0.0.1,10,1000\n10.0.0.7,3,5\n";
    assert_eq!((ran.out, ran.err), (expected.repeat(2), String::new()));
}

/// A header that has such names may come again, as where two files are put together.
#[test]
fn headers_of_tables_come_again() {
    let folder = Folder::new("tables");
    folder.file("a.csv", "srcaddr,bytes,2x\n10.0.0.1,5,a\nsrcaddr,bytes,2x\n10.0.0.1,6,b\n");
    let ran = run(&folder, "$F sum srcaddr -o csv a.csv");
    assert_eq!(ran.out, "srcaddr,records,packets,bytes\n10.0.0.1,2,,11\n");
    assert!(ran.err.contains("2 headers, 0 blank, 0 malformed"), "{}", ran.err);
    // Values are no names, though two fields' names are among them.
    folder.file("b.csv", "start,end,5,10.0.0.1\nsrcaddr,dstaddr,-,6\n");
    let ran = run(&folder, "$F b.csv -q");
    assert!(ran.code == 1 && ran.err.contains("no header, and a first line"), "{}", ran.err);
}

/// Names that differ only where a line would end a value are columns of their own.
#[test]
fn names_that_differ_stay_apart() {
    let folder = Folder::new("apart");
    let members = ", \"a b\": \"1\", \"a-b\": \"2\", \"a_b\": \"3\"";
    folder.file("a.ndjson", object(9, members));
    let ran = run(&folder, "$F cut -q -o ndjson a.ndjson");
    assert!(ran.out.contains(r#""a%20b":"1","a-b":"2","a_b":"3""#), "{}", ran.out);
    folder.file("a.csv", "srcaddr,bytes,a b,a-b\n10.0.0.1,5,1,2\n");
    let ran = run(&folder, "$F cut -q -o ndjson a.csv");
    assert!(ran.out.contains(r#""a%20b":"1","a-b":"2""#), "{}", ran.out);
}

/// Values that are no words are found by what they are, and stand as they are spelled.
#[test]
fn texts_are_compared_as_they_are_spelled() {
    let folder = Folder::new("texts");
    let record = |id: &str, bytes: u32| object(bytes, "").replace("eni-1", id);
    let ids = ["a b", "#c", "a%20c", "eni-1", ""];
    let json: String = ids.iter().zip([1, 2, 4, 8, 16]).map(|(id, b)| record(id, b)).collect();
    folder.file("a.ndjson", json);
    assert_eq!(run(&folder, "$F cut -q -o csv a.ndjson > a.csv").code, 0);
    let rule = |filter: &str| {
        format!(
            r#"{{"Schema": {{"Name": "CloudWatchLogRule", "Version": 1}}, "LogGroupNames": ["x"],
            "LogFormat": "CLF", "Fields": {{"3": "id", "9": "bytes"}}, "AggregateOn": "Sum",
            "Contribution": {{"Keys": ["id"], "ValueOf": "bytes", "Filters": [{{"Match": "id",
            {filter}}}]}}}}"#
        )
    };
    for file in ["a.ndjson", "a.csv"] {
        for (tests, bytes) in [
            ("interface-id = 'a b'", 1),
            ("interface-id in ['#c', 'a b', x]", 3),
            ("interface-id != 'a b'", 30),
            ("interface-id = ''", 16),
            ("interface-id = 'a%20c'", 4),
            ("interface-id ~ 'a%20b'", 1),
        ] {
            let script = format!("$F sum --by bytes -o csv -q --where \"{tests}\" {file}");
            assert_eq!(run(&folder, &script).out, format!("bytes\n{bytes}\n"), "{tests} {file}");
        }
        for (filter, expected) in [
            (r#""In": ["a b"]"#, "a%20b,1"),
            (r##""StartsWith": ["#"]"##, "%23c,2"),
            (r#""StartsWith": ["a b"]"#, "a%20b,1"),
        ] {
            folder.file("rule.json", rule(filter));
            let ran = run(&folder, &format!("$F rule rule.json -q -o csv --no-header {file}"));
            assert!(ran.out.starts_with(expected) && ran.out.lines().count() == 1, "{}", ran.out);
        }
        let pattern = "$F metric --pattern '[v, a, id=\"a b\", ...]' -q -o csv --no-header";
        let ran = run(&folder, &format!("{pattern} {file}"));
        assert!(ran.out.contains(",1,1,"), "{} {}", ran.out, ran.err);
    }
    // Any other log has its words as they stand.
    folder.file("words.log", "\"a b\" 1\na%20b 2\n");
    let clf = rule(r#""In": ["a b"]"#).replace("\"3\"", "\"1\"").replace("\"9\"", "\"2\"");
    folder.file("rule.json", clf);
    let ran = run(&folder, "$F rule rule.json --format clf -q -o csv --no-header words.log");
    assert!(ran.out.starts_with("a b,1,"), "{}", ran.out);
}

/// A table has two columns at least: of one alone nothing tells it from a text.
#[test]
fn one_column_alone_is_a_text() {
    let folder = Folder::new("one");
    folder.file("a.log", "interface-id bytes\na,b 5\n- 6\nc 7\n");
    let script = "$F cut interface-id -o csv a.log > a.csv; $F sum interface-id -o csv -q a.csv";
    let ran = run(&folder, script);
    assert!(ran.out.contains("\n\"\"\"\"\"\",1,"), "{}", ran.out);
    assert!(ran.out.contains("\n\"\"\"a,b\"\"\",1,") && ran.out.contains("\nc,1,"), "{}", ran.out);
    // A value that is no text is malformed, and told.
    let ran = run(&folder, "$F cut bytes -o csv a.log > a.csv; $F sum --by bytes -o csv -q a.csv");
    assert_eq!(ran.out, "bytes\n18\n");
    folder.file("b.log", "srcaddr bytes\n- 6\n10.0.0.1 7\n");
    let ran = run(&folder, "$F cut srcaddr -o csv -q b.log > b.csv; $F sum srcaddr -o csv b.csv");
    assert!(ran.err.contains("b.csv:2: srcaddr is no address"), "{}", ran.err);
}
