//! What lines come in: whatever it is, the answer does not depend on how it is read, and every
//! line is accounted for. What is no container but lines is what the twin says.

use flowagg::{Column, Engine, Form, JsonPath, Layout, Measure, Query};

use super::ask::{File, ask_file, gzip as compressed, is_text, queries, with_caught_panics};
use super::lines::untold;

/// JSON: records in envelopes or as objects; and the same as events that are asked for by path.
pub fn envelope(input: &[u8]) {
    untold(input);
    if is_text(input) {
        let path = |text: &str| Column::Path(JsonPath::parse(text).unwrap());
        let events = Query::builder()
            .form(Form::Json)
            .group_by([path("$.message"), path("$.a.b[0]")])
            .measure(Measure::Sum(path("$.bytes")))
            .top(0)
            .build()
            .unwrap();
        ask_file(input, &Engine::new(), std::slice::from_ref(&events));
        ask_file(input, &Engine::new(), &[queries().remove(0), events]);
    }
}

/// A table.
pub fn csv(input: &[u8]) {
    untold(input);
}

/// Lines with something before or after the record.
pub fn prefix(input: &[u8]) {
    untold(input);
}

/// Lines, in the wrappings that messages come in: the answer is that of the bare lines.
pub fn messages(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
    // Objects are opened, colours and a byte order mark are taken away.
    let is_opened = |line: &&str| line.trim_start().starts_with('{');
    let is_bare = !text.is_empty() && !text.starts_with('\u{feff}') && !text.contains('\x1b');
    if !is_text(text.as_bytes()) || !is_bare || lines.iter().any(is_opened) {
        return;
    }
    let engine = Engine::new().layout(Layout::v2());
    let mut expected = ask_file(text.as_bytes(), &engine, &queries());
    if expected.containers != ["text"] {
        return;
    }
    expected.malformed.iter_mut().for_each(|(_, _, text)| text.clear());
    let all = |start: &str, wrap: fn(&str) -> String| {
        lines.iter().fold(start.to_owned(), |text, line| text + &wrap(line) + "\n")
    };
    let json = |line: &str| format!("{{\"message\":{}}}", serde_json::to_string(line).unwrap());
    let wrapped = [
        ("JSON", 0, all("", json)),
        ("CSV", 1, all("time,message\n", |line| format!("1,\"{}\"", line.replace('"', "\"\"")))),
        ("lines after a time", 0, all("", |line| format!("2024-04-01T19:33:20.000Z {line}"))),
        ("grep", 0, all("", |line| format!("./flow.log:7:{line}"))),
    ];
    for (name, headers, text) in wrapped {
        let mut found = File::new(text.as_bytes()).ask(engine.clone().threads(1), &queries());
        // What comes before a line is seen only where one of the first has all values.
        let is_seen = found.containers == [name];
        assert!(is_seen || matches!(name, "grep" | "lines after a time"), "{:?}", found.containers);
        if is_seen {
            found.containers.clone_from(&expected.containers);
            found.tally.lines -= headers;
            found.tally.headers -= headers;
            for (line, _, text) in &mut found.malformed {
                *line -= headers;
                text.clear();
            }
            found.check(&expected, name);
        }
    }
}

/// Compressed input. The lowest two bits of the first byte say how the rest is compressed, the
/// others what is done to it then.
pub fn gzip(input: &[u8]) {
    let Some((&how, text)) = input.split_first() else { return };
    let (front, back) = text.split_at(text.len() / 2);
    let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
    let mut bytes = match how % 4 {
        0 => text.to_vec(),
        1 => compressed(text),
        2 => [compressed(front), compressed(back)].concat(),
        _ => [zstd(front), zstd(back)].concat(),
    };
    if how & 4 != 0 {
        bytes = compressed(&bytes);
    }
    let is_whole = how & 0b1111_1000 == 0;
    if how & 8 != 0 {
        bytes.truncate(bytes.len() - bytes.len().min(usize::from(how >> 4)));
    } else if how & 16 != 0 {
        bytes.extend_from_slice(text);
    } else if how & 32 != 0 && !bytes.is_empty() {
        let at = usize::from(how >> 6) * (bytes.len() - 1) / 3;
        bytes[at] ^= 0x41;
    }
    let found = ask_file(&bytes, &Engine::new(), &queries());
    if is_whole && how % 4 != 0 && is_text(text) {
        let mut expected = ask_file(text, &Engine::new(), &queries());
        let layers = if how & 4 == 0 { 1 } else { 2 };
        expected.containers.splice(..0, found.containers[..layers].iter().copied());
        found.check(&expected, "compressed");
    }
}

/// A Parquet file.
pub fn parquet(input: &[u8]) {
    with_caught_panics(|| read_parquet(input));
}

fn read_parquet(input: &[u8]) {
    let file = File::new(input);
    let one = |block_bytes: usize| {
        let engine = Engine::new().threads(1).block_bytes(block_bytes);
        file.ask(engine, &queries())
    };
    let (expected, found) = (one(1 << 19), one(100));
    // Of a row group that is damaged, blocks before the damage count.
    if expected.faults.is_empty() || found.faults.is_empty() {
        found.check(&expected, "blocks of 100");
    }
}
