//! Contributor Insights rules, made up at random, over logs made up at random: flowagg against
//! its slow twin, which is written from the specification alone.

mod decimal;
mod made_up;
mod twin;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowagg::dialect::InsightRule;
use flowagg::{Engine, Order, Query, Report, Source};
use made_up::Random;
use twin::{Answer, Log, Metrics, Request, Uses};

/// What a log is made of, and so how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Flow-log records.
    Records,
    /// Lines of any other log, for rules of `"LogFormat": "CLF"`.
    Tokens,
    /// JSON objects.
    Json,
    /// Records and JSON objects, and rules for the one and for the other.
    Mixed,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Records, Self::Records, Self::Json, Self::Tokens, Self::Mixed];
}

/// The rules that are asked of one log, in one pass.
struct Case {
    kind: Kind,
    log: Vec<u8>,
    rules: Vec<(String, Request)>,
}

impl Case {
    fn made_up(seed: u64) -> Self {
        let random = &mut Random(seed);
        let kind = Kind::ALL[random.below(5)];
        let log = match kind {
            Kind::Records => made_up::flow_log(random),
            Kind::Tokens => made_up::clf_log(random),
            Kind::Json => made_up::json_log(random),
            Kind::Mixed => {
                let (records, json) = (made_up::flow_log(random), made_up::json_log(random));
                made_up::mixed(random, &records, &json)
            }
        };
        let rule = |at: usize| {
            let is_json = kind == Kind::Json || kind == Kind::Mixed && at.is_multiple_of(2);
            let rule = if is_json { made_up::json_rule(random) } else { made_up::clf_rule(random) };
            let mut request = made_up::request(random);
            // Names may turn out to be no numbers, or there may be none.
            let by_name = InsightRule::parse(rule.as_bytes()).unwrap().by_name();
            request.by_name &= matches!(kind, Kind::Records | Kind::Mixed) && by_name.is_ok();
            (rule, request)
        };
        let rules = (0..5).map(rule).collect();
        Self { kind, log, rules }
    }

    fn by_twin(&self) -> (u64, Vec<Answer>) {
        let [mut lines, mut json] = [Log::default(), Log::default()];
        match self.kind {
            Kind::Records => lines = twin::flow_log(&self.log),
            Kind::Tokens => lines = twin::clf(&self.log),
            Kind::Json => json = twin::json(&self.log),
            Kind::Mixed => {
                let all = self.log.split_inclusive(|&byte| byte == b'\n');
                let is_json = |line: &&[u8]| line.trim_ascii_start().starts_with(b"{");
                let (objects, others): (Vec<&[u8]>, Vec<&[u8]>) = all.partition(is_json);
                (lines, json) = (twin::flow_log(&others.concat()), twin::json(&objects.concat()));
            }
        }
        let answer = |(rule, request): &(String, Request)| {
            let log = if rule.contains("\"JSON\"") { &json } else { &lines };
            twin::answer(rule, &log.events, request)
        };
        (lines.malformed + json.malformed, self.rules.iter().map(answer).collect())
    }

    fn by_engine(&self, threads: usize, block_bytes: usize) -> Report {
        let query = |(text, request): &(String, Request)| {
            let rule = InsightRule::parse(text.as_bytes()).unwrap();
            query(if request.by_name { rule.by_name().unwrap() } else { rule }, request)
        };
        let queries: Vec<Query> = self.rules.iter().map(query).collect();
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("flowagg-rule-twin-{}-{number}.log", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, &self.log).unwrap();
        let engine = Engine::new().threads(threads).block_bytes(block_bytes);
        let engine = engine.tokens(self.kind == Kind::Tokens);
        let report = engine.run_all(&queries, &[Source::path(&path)]).unwrap();
        fs::remove_file(path).unwrap();
        report
    }

    /// What differs, if anything does.
    fn difference(&self) -> Option<String> {
        let (malformed, expected) = self.by_twin();
        for (threads, block_bytes) in [(1, 1 << 20), (1, 150), (3, 150), (3, 1 << 20)] {
            let report = self.by_engine(threads, block_bytes);
            let how = format!("{threads} threads, blocks of {block_bytes} bytes");
            // That a header lacks a name, or the time that a request needs, is told.
            let is_known = |fault: &flowagg::Fault| fault.to_string().contains("has no column ");
            if let Some(fault) = report.faults.iter().find(|fault| !is_known(fault)) {
                return Some(format!("{how}: {fault}"));
            }
            if !report.tally.is_balanced() || report.tally.malformed != malformed {
                let lines: Vec<_> = report.malformed.iter().map(|line| line.line).collect();
                return Some(format!(
                    "{how}: {} malformed, {:?}; the twin has {}",
                    report.tally.malformed, lines, malformed
                ));
            }
            for ((rule, request), (answer, expected)) in
                self.rules.iter().zip(report.answers.iter().zip(&expected))
            {
                let found = written(answer);
                if found != *expected {
                    return Some(format!(
                        "{how}\n{rule}\n{request:?}\n--- the twin: {:?}\n{}\n--- flowagg: {:?}\n{}",
                        expected.uses, expected.text, found.uses, found.text
                    ));
                }
            }
        }
        None
    }

    /// The same with as few lines and rules as still differ.
    fn shrunk(mut self) -> Self {
        let mut at = self.rules.len();
        while at > 0 {
            at -= 1;
            let rule = self.rules.remove(at);
            if self.rules.is_empty() || self.difference().is_none() {
                self.rules.insert(at, rule);
            }
        }
        let mut lines: Vec<Vec<u8>> =
            self.log.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        let mut at = lines.len();
        while at > 0 {
            at -= 1;
            let line = lines.remove(at);
            self.log = lines.concat();
            if self.difference().is_none() {
                lines.insert(at, line);
                self.log = lines.concat();
            }
        }
        self
    }
}

fn query(rule: InsightRule, request: &Request) -> Query {
    let mut builder = rule.to_query(request.top).to_builder().between(request.start, request.end);
    if let Some(period) = request.period {
        builder = builder.period(period as u32);
    }
    if request.by_maximum {
        builder = builder.order(Order::Maximum);
    }
    builder.build().unwrap()
}

/// An answer of flowagg, written as the twin writes its own.
fn written(answer: &flowagg::Answer) -> Answer {
    let total = answer.total().map_or("none".to_owned(), |total| total.to_string());
    let mut text = format!("{} contributors, total {total}\n", answer.unique());
    for contributor in answer.contributors() {
        text += &twin::line(&contributor.keys, &contributor.value, contributor.maximum.as_ref());
        for point in &contributor.datapoints {
            text += &twin::datapoint(point.start, &point.value);
        }
    }
    for period in answer.periods() {
        text += &twin::period(Metrics {
            start: period.start,
            unique: period.unique_contributors,
            of_one: &period.max_contributor_value,
            samples: period.sample_count,
            sum: &period.sum,
            minimum: &period.minimum,
            maximum: &period.maximum,
        });
    }
    let uses = answer.uses();
    let uses = Uses {
        added: uses.added,
        filtered_out: uses.filtered_out,
        no_key: uses.no_key,
        no_value: uses.no_value,
        no_time: uses.no_time,
    };
    Answer { uses, text }
}

#[test]
fn flowagg_and_its_twin_agree() {
    for seed in 0..120 {
        let case = Case::made_up(seed);
        if case.difference().is_some() {
            let case = case.shrunk();
            let log = case.log.escape_ascii().to_string().replace("\\n", "\\n\n");
            panic!("seed {seed}, {:?}:\n{log}\n{}", case.kind, case.difference().unwrap());
        }
    }
}

/// What differed once, told apart from whatever is made up.
#[test]
fn flowagg_and_its_twin_agree_on_what_once_differed() {
    // Neither a time nor a number in any record: it is the number that is missing.
    let log = b"srcaddr dstport\n10.0.0.1 443\n".to_vec();
    let rule = r#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1},
        "LogGroupNames": ["logs"], "LogFormat": "CLF",
        "Contribution": {"Keys": ["1"], "ValueOf": "3"}, "AggregateOn": "Sum"}"#;
    let request = Request { period: Some(60), ..Request::default() };
    let case = Case { kind: Kind::Records, log, rules: vec![(rule.to_owned(), request)] };
    assert_eq!(case.by_twin().1[0].uses, Uses { no_value: 1, ..Uses::default() });
    assert_eq!(case.difference(), None);
}

/// Rules that never meet an event would agree about anything.
#[test]
fn made_up_rules_meet_made_up_events() {
    let mut sums = Uses::default();
    let (mut rules, mut answered, mut with_periods, mut malformed, mut fractions) = (0, 0, 0, 0, 0);
    let mut texts = String::new();
    for seed in 0..120 {
        let case = Case::made_up(seed);
        let (malformed_lines, answers) = case.by_twin();
        malformed += malformed_lines;
        for ((rule, request), answer) in case.rules.iter().zip(answers) {
            rules += 1;
            answered += usize::from(answer.uses.added > 0);
            with_periods += usize::from(request.period.is_some() && answer.uses.added > 0);
            fractions += usize::from(answer.text.contains('.') && rule.contains("ValueOf"));
            sums.added += answer.uses.added;
            sums.filtered_out += answer.uses.filtered_out;
            sums.no_key += answer.uses.no_key;
            sums.no_value += answer.uses.no_value;
            sums.no_time += answer.uses.no_time;
            texts += rule;
            texts += &answer.text;
        }
    }
    println!("{answered} of {rules} rules add, {with_periods} by period; {fractions} fractions");
    println!("{malformed} malformed lines, {sums:?}");
    assert!(answered > 250, "{answered} rules add anything");
    assert!(with_periods > 80, "{with_periods} rules add anything by period");
    assert!(fractions > 20 && malformed > 50, "{fractions} fractions, {malformed} malformed");
    let Uses { added, filtered_out, no_key, no_value, no_time } = sums;
    for (name, count) in [
        ("added", added),
        ("filtered out", filtered_out),
        ("without a key", no_key),
        ("without a value", no_value),
        ("without a time", no_time),
    ] {
        assert!(count > 100, "{count} {name}");
    }
    for operator in
        ["NotIn", "StartsWith", "GreaterThan", "LessThan", "EqualTo", "NotEqualTo", "IsPresent"]
    {
        let filters = texts.matches(&format!("\"{operator}\": ")).count();
        assert!(filters > 30, "{filters} filters with {operator}");
    }
    let is_cut =
        |key: &&str| key.matches('x').count() >= 1023 || key.matches("\\xc3").count() == 512;
    assert!(texts.split('"').any(|key| is_cut(&key)), "no key was cut");
}
