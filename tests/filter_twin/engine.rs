//! Patterns as questions to the engine, over logs made up at random: the engine adds up exactly
//! the lines that match one by one, on columns and in blocks of any size.

use flowagg::dialect::{FilterPattern, MetricFilter, PatternKind, Transformation};
use flowagg::{Amount, Engine, Level, Report, Source};

use super::folder::Folder;
use super::json::{Json, read};
use super::made_up::{self, Language, Random};
use super::twin::is_separator;

/// Logs made up of each kind.
const LOGS: u64 = 120;

/// Patterns asked of each log.
const PATTERNS: usize = 10;

/// A log, and its lines as the single-message test takes them.
#[derive(Default)]
struct Log {
    text: String,
    events: Vec<String>,
}

impl Log {
    fn push(&mut self, event: &str, end: &str) {
        self.text += event;
        self.text += end;
        self.events.push(event.to_owned());
    }
}

/// A filter, and what it should find: how many events match, and what those of them add that
/// have a number.
struct Question {
    filter: MetricFilter,
    matched: u64,
    added: u64,
    sum: Amount,
}

impl Question {
    fn new(pattern: &FilterPattern, value: &str, log: &Log) -> Self {
        let filter = MetricFilter::new(pattern.clone(), Transformation::new("m", value)).unwrap();
        let mut question = Self { filter, matched: 0, added: 0, sum: Amount::default() };
        for event in &log.events {
            let Some(extracted) = pattern.test(event.as_bytes()) else { continue };
            question.matched += 1;
            let text = match value.strip_prefix('$') {
                None => Some(value.to_owned()),
                Some(path) if pattern.kind() == PatternKind::Json => at(event, path),
                Some(name) => {
                    // A position means that token, also if it has a name.
                    let place = match name.parse::<usize>() {
                        Ok(position) => Some(position - 1),
                        Err(_) => extracted.iter().position(|found| found.name == value),
                    };
                    let found = place.and_then(|place| extracted.get(place));
                    found.map(|found| String::from_utf8(found.value.clone()).unwrap())
                }
            };
            if let Some(amount) = text.and_then(|text| number(&text)) {
                question.added += 1;
                question.sum += amount;
            }
        }
        question
    }

    fn is_answered(&self, report: &Report, at: usize) -> bool {
        let answer = &report.answers[at];
        let uses = answer.uses();
        let total = answer.total().unwrap_or_default();
        (uses.added, uses.added + uses.no_value, total) == (self.added, self.matched, self.sum)
    }
}

/// A number that can be added up.
fn number(text: &str) -> Option<Amount> {
    let limit = Amount::parse(b"18446744073709551616").unwrap();
    Amount::parse(text.as_bytes()).filter(|number| *number < limit && *number > -limit)
}

/// The number or string at a path such as `.a.b` in a JSON event.
fn at(event: &str, path: &str) -> Option<String> {
    let mut node = &read(event)?;
    for name in path[1..].split('.') {
        let Json::Object(members) = node else { return None };
        node = &members.iter().rev().find(|(other, _)| other == name)?.1;
    }
    match node {
        Json::Number(text) | Json::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// Asks all questions at once and some alone, in blocks of any size, by threads and levels.
fn check(
    folder: &Folder,
    seed: u64,
    log: &Log,
    patterns: &[FilterPattern],
    values: &[&str],
    is_tokens: bool,
) {
    let random = &mut Random(seed);
    let mut questions = Vec::new();
    for pattern in patterns {
        let is_selector = matches!(pattern.kind(), PatternKind::Fields | PatternKind::Json);
        questions.push(Question::new(pattern, "1", log));
        if is_selector {
            let names = (0..20).flat_map(|at| [format!("n{at}"), format!("status{at}")]);
            let mut known: Vec<String> = names
                .filter(|name| pattern.has_field(name))
                .map(|name| format!("${name}"))
                .collect();
            known.extend(values.iter().map(|&value| value.to_owned()));
            let value = &known[random.below(known.len())];
            questions.push(Question::new(pattern, value, log));
        }
    }
    let queries: Vec<_> = questions.iter().map(|q| q.filter.to_query().unwrap()).collect();
    let source = [Source::path(folder.file("e.log", &log.text))];
    let levels: Vec<Level> = Level::ALL.into_iter().filter(|level| level.is_available()).collect();
    let engine = |random: &mut Random| {
        let block_bytes = if random.once_in(3) { 1 << 20 } else { 1 + random.below(64) };
        let (threads, level) = (1 + random.below(3), levels[random.below(levels.len())]);
        let engine = Engine::new().threads(threads).level(level).tokens(is_tokens);
        (engine.block_bytes(block_bytes), (block_bytes, threads, level))
    };
    let differs = |question: &Question, report: &Report, at: usize, how: &dyn std::fmt::Debug| {
        let (filter, answer) = (&question.filter, &report.answers[at]);
        panic!(
            "seed {seed}, {:?} of {:?} by {how:?}\n--- one by one: {} matched, {} added up to {}\n\
             --- engine: {:?} added up to {:?}\n--- matching lines: {:?}\n--- log:\n{:?}",
            filter.transformation().value,
            filter.pattern().text(),
            question.matched,
            question.added,
            question.sum,
            answer.uses(),
            answer.total(),
            log.events
                .iter()
                .filter(|event| filter.pattern().test(event.as_bytes()).is_some())
                .collect::<Vec<_>>(),
            log.text
        );
    };
    for _ in 0..3 {
        let (engine, how) = engine(random);
        let report = engine.run_all(&queries, &source).unwrap();
        for (at, question) in questions.iter().enumerate() {
            if !question.is_answered(&report, at) {
                differs(question, &report, at, &how);
            }
        }
    }
    let at = random.below(queries.len());
    let (engine, how) = engine(random);
    let report = engine.run(&queries[at], &source).unwrap();
    if !questions[at].is_answered(&report, 0) {
        differs(&questions[at], &report, 0, &how);
    }
}

// ---- flow logs ----

const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                  bytes start end action log-status";

/// Another order, another number of columns, and what version 2 has not.
const HEADERS: [&str; 3] = [
    "action bytes srcaddr dstport log-status",
    "start end version vpc-id packets bytes dstaddr srcaddr tcp-flags type region dstport srcport \
     protocol account-id interface-id action log-status flow-direction",
    "bytes",
];

fn value(random: &mut Random, column: &str) -> String {
    let among: &[&str] = match column {
        "version" => &["2", "2", "5"],
        "account-id" => &["123456789010", "-"],
        "interface-id" => &["eni-1", "eni-1235b8ca123456789"],
        "vpc-id" => &["vpc-1", "-"],
        "srcaddr" | "dstaddr" => {
            &["10.0.0.1", "10.0.0.1", "10.0.0.2", "172.31.9.69", "fe80::1", "2001:db8::1:2", "-"]
        }
        "srcport" | "dstport" => &["443", "22", "0", "007", "65535", "0443", "49152"],
        "protocol" => &["6", "17", "1", "06", "255"],
        "packets" => &["1", "20", "1000", "001000", "0"],
        "bytes" => {
            &["1000", "999", "1001", "40", "007", "0", "1000000", "18446744073709551615", "-"]
        }
        "start" => &["1600000000", "1600000060", "1600000000"],
        "end" => &["1600000030", "1600000060"],
        "action" => &["ACCEPT", "ACCEPT", "REJECT", "-"],
        "tcp-flags" => &["2", "19", "255"],
        "type" => &["IPv4", "IPv6"],
        "region" => &["eu-west-1"],
        "flow-direction" => &["ingress", "egress"],
        _ => &["OK", "OK", "OK", "OK", "OK", "NODATA", "SKIPDATA"],
    };
    among[random.below(among.len())].to_owned()
}

fn record(random: &mut Random, columns: &[&str]) -> Vec<String> {
    let mut values: Vec<String> = columns.iter().map(|column| value(random, column)).collect();
    if random.once_in(8) {
        for (value, column) in values.iter_mut().zip(columns) {
            match *column {
                "log-status" => *value = "NODATA".to_owned(),
                "version" | "account-id" | "interface-id" | "start" | "end" => {}
                _ => *value = "-".to_owned(),
            }
        }
    }
    if random.once_in(8) {
        let more = ["x", "5", "OK", "ACCEPT", "extra words"];
        (0..1 + random.below(2)).for_each(|_| values.push(more[random.below(more.len())].into()));
    }
    values
}

fn flow_log(random: &mut Random) -> (Log, Vec<&'static str>) {
    let mut log = Log::default();
    let header = match random.below(2) {
        0 => None,
        _ => Some(HEADERS[random.below(HEADERS.len())]),
    };
    let columns: Vec<&str> = header.unwrap_or(V2).split_ascii_whitespace().collect();
    if let Some(header) = header {
        log.text = format!("{header}\n");
    } else if random.once_in(3) {
        log.text = format!("{V2}\r\n");
    }
    let is_tidy = random.once_in(2);
    for _ in 0..random.below(40) {
        let values = record(random, &columns);
        let mut event = values.join(" ");
        let mut end = "\n";
        if !is_tidy {
            match random.below(9) {
                0 => event = values.join("  "),
                1 => event = values.join("\t"),
                2 => event = format!(" {event}"),
                3 => event = format!("{event}  "),
                4 => event = event.replacen(' ', " \t ", 1 + random.below(3)),
                5 => end = "\r\n",
                6 => log.text += "\n",
                7 => event = event.replacen(' ', "\u{b}", 1 + random.below(3)),
                _ => {}
            }
        }
        log.push(&event, end);
    }
    if random.once_in(4) && log.text.ends_with("OK\n") {
        log.text.pop();
    }
    (log, columns)
}

/// Tests of a column in a pattern: what is common, and what is hard.
fn condition(random: &mut Random, name: &str, column: &str) -> String {
    let value = value(random, column);
    let quoted = format!("{name}=\"{value}\"");
    let cut = &value[..value.len().div_ceil(2)];
    // Colons are allowed in bare values, so that addresses may stand bare.
    let choices = [
        quoted,
        format!("{name}={value}"),
        format!("{name} != {value}"),
        format!("{name}=443"),
        format!("{name} = 7"),
        format!("{name} != 443"),
        format!("{name} >= 1e3"),
        format!("{name} < 1000"),
        format!("{name} <= 1.0e3"),
        format!("{name} > -1"),
        format!("{name} >= 18446744073709551615"),
        format!("{name} = 1000.0"),
        format!("{name}=10.0.0.*"),
        format!("{name}={cut}*"),
        format!("{name}=*{}", &value[value.len() / 2..]),
        format!("{name}!=*{cut}*"),
        format!("{name}=*"),
        format!("{name}!=\"-\""),
        format!("{name}=22 || {name}=443 || {name}=\"{value}\""),
        format!("({name}=22 || {name}>=1000) && {name}!={value}"),
        format!("{name}=%^[0-9]+$%"),
        format!("{name}!=%^10\\.%"),
    ];
    choices[random.below(choices.len())].clone()
}

/// A pattern for these columns, or a few more or less, with or without an ellipsis.
fn flow_pattern(random: &mut Random, columns: &[&str]) -> String {
    let count = columns.len();
    let wanted = match random.below(6) {
        0 => count + 1 + random.below(2),
        1 => 1 + random.below(count),
        _ => count,
    };
    let ellipsis = random.once_in(2).then(|| random.below(wanted + 1));
    let mut fields = Vec::new();
    for place in 0..wanted {
        // Before the ellipsis places count from the front, and after it from the back.
        let at = match ellipsis {
            Some(ellipsis) if place >= ellipsis => (place + count).saturating_sub(wanted),
            _ => place,
        };
        if ellipsis == Some(place) {
            fields.push("...".to_owned());
        }
        let is_skipped = ellipsis.is_some_and(|ellipsis| place < ellipsis) && random.once_in(2);
        if is_skipped && random.once_in(2) {
            continue;
        }
        let name = format!("n{place}");
        let is_last = place + 1 == wanted;
        let column = columns.get(at).copied().unwrap_or("bytes");
        fields.push(match random.below(6) {
            0 => String::new(),
            1 => condition(random, &name, column),
            2 if is_last => condition(random, &name, column),
            _ => name,
        });
    }
    if ellipsis == Some(wanted) {
        fields.push("...".to_owned());
    }
    format!("[{}]", fields.join(", "))
}

fn parsed(patterns: Vec<String>) -> Vec<FilterPattern> {
    patterns.iter().filter_map(|pattern| FilterPattern::parse(pattern).ok()).collect()
}

#[test]
fn the_engine_matches_flow_logs_as_single_lines_do() {
    let folder = Folder::new("flow");
    let mut matched = [0; 3];
    for seed in 0..3 * LOGS {
        let random = &mut Random(seed);
        let (log, columns) = flow_log(random);
        let mut patterns = vec![String::new(), "[]".to_owned()];
        for _ in 0..PATTERNS {
            let about = log.events.get(random.below(log.events.len().max(1)));
            let about = about.map_or("1", String::as_str).to_owned();
            patterns.push(match random.below(5) {
                0 => made_up::about(random, Language::Terms, &about),
                1 => made_up::about(random, Language::Fields, &about),
                _ => flow_pattern(random, &columns),
            });
        }
        let patterns = parsed(patterns);
        for pattern in &patterns {
            let count = |event: &&String| pattern.test(event.as_bytes()).is_some();
            let count = log.events.iter().filter(count).count();
            matched[if count == 0 { 0 } else { 1 + usize::from(count == log.events.len()) }] += 1;
        }
        check(
            &folder,
            seed,
            &log,
            &patterns,
            &["$bytes", "$1", "$2", "$6", "$10", "$14", "$15"],
            false,
        );
        // As words of any log a header is an event like any other.
        let lines = log.text.lines().filter(|line| !line.is_empty()).map(str::to_owned);
        let words = Log { events: lines.collect(), text: log.text };
        check(&folder, seed, &words, &patterns, &["$1", "$5", "$9", "$10"], true);
    }
    // No line, some lines and all lines match often enough.
    assert!(matched.iter().all(|&count| count > 300), "{matched:?}");
}

#[test]
fn the_engine_takes_every_flow_line_for_a_record() {
    let folder = Folder::new("records");
    for seed in 0..LOGS {
        let random = &mut Random(seed);
        let (log, _) = flow_log(random);
        let query = flowagg::Query::builder().scope(flowagg::Scope::All).build().unwrap();
        let report =
            Engine::new().run(&query, &[Source::path(folder.file("e.log", &log.text))]).unwrap();
        assert_eq!(report.tally.malformed, 0, "{:?}", report.malformed);
        assert_eq!(report.answers[0].uses().added, log.events.len() as u64, "{:?}", log.text);
    }
}

// ---- any words ----

#[test]
fn the_engine_matches_any_words_as_single_lines_do() {
    let folder = Folder::new("words");
    for seed in 0..3 * LOGS {
        let random = &mut Random(seed);
        let mut log = Log::default();
        for _ in 0..random.below(25) {
            // A line is no longer one, and one of blanks is none.
            let event = match random.once_in(5) {
                true => made_up::scraps(random),
                false => made_up::event(random, Language::Fields),
            };
            let event = event.replace('\n', " ");
            if !event.chars().all(is_separator) {
                log.push(&event, if random.once_in(6) { "\r\n" } else { "\n" });
            }
        }
        let mut patterns = vec![String::new(), "[]".to_owned(), "\" \"".to_owned()];
        for at in 0..PATTERNS {
            let about = log.events.get(random.below(log.events.len().max(1)));
            let about = about.map_or("1", String::as_str).to_owned();
            let language = [Language::Fields, Language::Fields, Language::Terms][at % 3];
            patterns.push(made_up::about(random, language, &about));
        }
        let values = ["$1", "$2", "$3", "$4", "$missing"];
        check(&folder, seed, &log, &parsed(patterns), &values, true);
    }
}

// ---- JSON ----

/// Whether a line holds several values one after the other, which are as many events.
fn is_several(line: &str) -> bool {
    let values: Result<Vec<serde::de::IgnoredAny>, _> =
        serde_json::Deserializer::from_str(line).into_iter().collect();
    values.is_ok_and(|values| values.len() > 1)
}

#[test]
fn the_engine_matches_json_as_single_lines_do() {
    let folder = Folder::new("json");
    for seed in 0..3 * LOGS {
        let random = &mut Random(seed);
        let mut log = Log::default();
        // Where the first value is on a line, every value is.
        log.push("{}", "\n");
        for _ in 0..random.below(25) {
            let event = made_up::event(random, Language::Json).replace('\n', " ");
            if !event.trim_ascii().is_empty() && !is_several(&event) {
                log.push(&event, if random.once_in(6) { "\r\n" } else { "\n" });
            }
        }
        let patterns = (0..PATTERNS).map(|_| {
            let about = log.events.get(random.below(log.events.len().max(1)));
            let about = about.map_or("{}", String::as_str).to_owned();
            made_up::about(random, Language::Json, &about)
        });
        let values = ["$.v", "$.a", "$.b", "$.v.v", "$.items.a", "$.a-b", "$.missing"];
        check(&folder, seed, &log, &parsed(patterns.collect()), &values, false);
    }
}

#[test]
fn the_engine_matches_json_that_is_spread_over_lines() {
    let folder = Folder::new("spread");
    for seed in 0..LOGS {
        let random = &mut Random(seed);
        let mut log = Log::default();
        let is_array = random.once_in(2);
        for _ in 0..1 + random.below(25) {
            let event = made_up::event(random, Language::Json).replace('\n', " ");
            if matches!(read(&event), Some(Json::Object(_))) {
                log.text += if is_array && !log.events.is_empty() { "," } else { "" };
                log.text += &event.replacen('{', "{\n", 1);
                log.text += ["\n", "\r\n", " \n\n", ""][random.below(4)];
                log.events.push(event);
            }
        }
        if is_array {
            log.text = format!("[{}]", log.text);
        }
        let patterns = (0..PATTERNS).map(|_| {
            let about = log.events.get(random.below(log.events.len().max(1)));
            made_up::about(random, Language::Json, about.map_or("{}", String::as_str))
        });
        let values = ["$.v", "$.a", "$.b", "$.v.v", "$.items.a", "$.a-b", "$.missing"];
        check(&folder, seed, &log, &parsed(patterns.collect()), &values, false);
    }
}
