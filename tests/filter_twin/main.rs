//! Metric filter patterns, made up at random, over events made up at random: flowagg against its
//! slow twin, which is written from the specification alone, and the engine against flowagg.

mod engine;
#[path = "../common/folder.rs"]
mod folder;
mod json;
mod made_up;
mod pattern;
mod regex;
mod series;
mod twin;

use std::collections::BTreeMap;

use flowagg::ErrorKind;
use flowagg::dialect::{FilterPattern, PatternKind};
use made_up::{Language, Random};
use twin::Extracted;

/// How many pairs of pattern and event are made up for each language.
const PAIRS: u64 = 20_000;

/// What flowagg says of an event under a pattern, or why it refuses the pattern.
fn flowagg(pattern: &str, event: &str) -> Result<Option<Extracted>, String> {
    let parsed = FilterPattern::parse(pattern).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Pattern, "{pattern:?}");
        error.to_string()
    })?;
    assert_eq!(parsed.text(), pattern);
    let text = |value: Vec<u8>| String::from_utf8(value).unwrap();
    let extracted = parsed.test(event.as_bytes());
    let extracted: Option<Extracted> =
        extracted.map(|values| values.into_iter().map(|one| (one.name, text(one.value))).collect());
    for (name, _) in extracted.iter().flatten() {
        let is_position = name[1..].parse::<usize>().is_ok();
        assert_eq!(parsed.has_field(&name[1..]), !is_position, "{pattern:?} and {name}");
    }
    Ok(extracted)
}

/// Whether flowagg and its twin say the same.
fn agree(pattern: &str, event: &str) -> bool {
    flowagg(pattern, event).ok() == twin::test(pattern, event).ok()
}

/// Shorter and shorter texts about which they still do not agree.
fn shrunk(pattern: &str, event: &str) -> (String, String) {
    let (mut pattern, mut event) = (pattern.to_owned(), event.to_owned());
    loop {
        let before = pattern.len() + event.len();
        pattern = shorter(&pattern, |pattern| !agree(pattern, &event));
        event = shorter(&event, |event| !agree(&pattern, event));
        if pattern.len() + event.len() == before {
            return (pattern, event);
        }
    }
}

/// A text without any character that does not matter.
fn shorter(text: &str, matters: impl Fn(&str) -> bool) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut at = chars.len();
    while at > 0 {
        at -= 1;
        let char = chars.remove(at);
        if !matters(&String::from_iter(&chars)) {
            chars.insert(at, char);
        }
    }
    chars.into_iter().collect()
}

fn check(seed: u64, pattern: &str, event: &str) {
    if !agree(pattern, event) {
        let (short, short_event) = shrunk(pattern, event);
        panic!(
            "seed {seed}, pattern {pattern:?}, event {event:?}\nin short {short:?}, event \
             {short_event:?}\n--- the twin: {:?}\n--- flowagg: {:?}",
            twin::test(&short, &short_event),
            flowagg(&short, &short_event)
        );
    }
}

fn made_up(seed: u64, language: Language) -> (String, String) {
    made_up::pair(&mut Random(seed * 3 + language as u64), language)
}

#[test]
fn flowagg_and_its_twin_agree_on_terms() {
    (0..PAIRS).for_each(|seed| check_made_up(seed, Language::Terms));
}

#[test]
fn flowagg_and_its_twin_agree_on_fields() {
    (0..PAIRS).for_each(|seed| check_made_up(seed, Language::Fields));
}

#[test]
fn flowagg_and_its_twin_agree_on_json() {
    (0..PAIRS).for_each(|seed| check_made_up(seed, Language::Json));
}

fn check_made_up(seed: u64, language: Language) {
    let (pattern, event) = made_up(seed, language);
    check(seed, &pattern, &event);
}

#[test]
fn flowagg_and_its_twin_agree_on_scraps() {
    for seed in 0..PAIRS {
        let random = &mut Random(seed);
        let scraps = made_up::scraps(random);
        let pattern = match random.below(4) {
            0 => scraps,
            1 => format!("[{scraps}]"),
            2 => format!("{{{scraps}}}"),
            _ => format!("%{scraps}%"),
        };
        check(seed, &pattern, &made_up::scraps(random));
    }
}

/// The twin is right where the answer is known.
#[test]
fn the_twin_answers_as_specified() {
    let lines = |text: &'static str| text.lines().map(|line| serde_json::from_str(line).unwrap());
    for case in lines(include_str!("../vectors/metric_filters.jsonl")) {
        let case: serde_json::Value = case;
        let [pattern, event] = ["pattern", "event"].map(|name| case[name].as_str().unwrap());
        let extracted = twin::test(pattern, event).unwrap();
        let extracted = extracted.map(BTreeMap::from_iter);
        assert_eq!(serde_json::json!(extracted), case["extracted"], "{case}");
    }
    for case in lines(include_str!("../vectors/invalid_patterns.jsonl")) {
        let case: serde_json::Value = case;
        assert!(twin::test(case["pattern"].as_str().unwrap(), "").is_err(), "{case}");
    }
}

/// Pairs that all match, or of which none does, would agree about anything.
#[test]
fn made_up_patterns_match_about_as_often_as_not() {
    let pairs = 4_000;
    for language in Language::ALL {
        let (mut matching, mut other, mut invalid, mut extracting) = (0, 0, 0, 0);
        for seed in 0..pairs {
            let (pattern, event) = made_up(seed, language);
            match twin::test(&pattern, &event) {
                Err(_) => invalid += 1,
                Ok(None) => other += 1,
                Ok(Some(extracted)) => {
                    matching += 1;
                    extracting += usize::from(!extracted.is_empty());
                }
            }
        }
        println!("{language:?}: {matching} match, {other} do not, {invalid} are not valid");
        let valid = matching + other;
        assert!(matching * 100 > valid * 15, "{matching} of {valid} match: {language:?}");
        assert!(other * 100 > valid * 15, "{other} of {valid} do not match: {language:?}");
        assert!(invalid * 100 >= pairs * 5, "{invalid} of {pairs} are invalid: {language:?}");
        assert!(invalid * 100 < pairs * 40, "{invalid} of {pairs} are invalid: {language:?}");
        assert_eq!(extracting > 500, language == Language::Fields, "{extracting}: {language:?}");
    }
}

/// Every construct is made up, in patterns that match and in others.
#[test]
fn made_up_patterns_have_every_construct() {
    let constructs: [(Language, &[&str]); 3] = [
        (Language::Terms, &["?", "-", "\"", "\\\"", "%^", "$%", "\\x", "\\d", "{", "|", "[", "*"]),
        (
            Language::Fields,
            &[
                "...", "[...", ",...,", "...]", ",,", "||", "&&", "(", "!=", "<=", ">=", "<", ">",
                "%", "*", "\"", "-",
            ],
        ),
        (
            Language::Json,
            &[
                "['", ".['", "[*]", ".*", "[0]", "IS NULL", "IS TRUE", "IS FALSE", "EXISTS", "||",
                "&&", "(", "!=", "<=", ">=", "<", ">", "%", "*", "\"",
            ],
        ),
    ];
    for (language, constructs) in constructs {
        let patterns = (0..4_000).filter_map(|seed| {
            let (pattern, event) = made_up(seed, language);
            Some((twin::test(&pattern, &event).ok()?.is_some(), pattern))
        });
        let patterns: Vec<(bool, String)> = patterns.collect();
        for construct in constructs {
            let has = |pattern: &String| {
                let dense = pattern.replace(char::is_whitespace, "");
                pattern.contains(construct) || dense.contains(construct)
            };
            let with = patterns.iter().filter(|(_, pattern)| has(pattern));
            let (matching, other): (Vec<_>, Vec<_>) = with.partition(|(is_match, _)| *is_match);
            let least = matching.len().min(other.len());
            assert!(least > 10, "{construct}: {} and {}", matching.len(), other.len());
        }
    }
}

/// The kind of a pattern is told by its first character.
#[test]
fn the_kind_is_that_of_the_language() {
    for language in Language::ALL {
        for seed in 0..500 {
            let (pattern, _) = made_up(seed, language);
            let Ok(parsed) = FilterPattern::parse(&pattern) else { continue };
            let kind = match pattern.trim().chars().next() {
                None => PatternKind::Everything,
                Some('[') => PatternKind::Fields,
                Some('{') => PatternKind::Json,
                Some(_) => PatternKind::Terms,
            };
            assert_eq!(parsed.kind(), kind, "{pattern:?}");
        }
    }
}

/// What differed once, told apart from whatever is made up.
#[test]
fn flowagg_and_its_twin_agree_on_what_once_differed() {
    for (pattern, event) in [
        ("%^z.rich$%", "zürich"),
        ("%^.$%", "\u{1f600}"),
        ("[a = %^[^ab]\\D\\W\\S$%]", "éééé"),
        ("%^\\xe9$%", "é"),
        ("%\\ %", " "),
        ("%^[\\d-z]+$%", "1-z"),
        ("%[\\w--]%", "-"),
        ("{ $.v[0] NOT EXISTS }", r#"{"v":1,"v":"\ud83d","v":{}}"#),
    ] {
        check(0, pattern, event);
        assert!(twin::test(pattern, event).unwrap().is_some(), "{pattern} and {event}");
    }
}

/// Neither bytes that are no text nor anything else makes flowagg panic.
#[test]
fn no_event_and_no_pattern_panics() {
    for seed in 0..4_000 {
        let random = &mut Random(seed);
        let (pattern, event) = made_up(seed, Language::ALL[random.below(3)]);
        let bytes = made_up::bytes(random, &pattern);
        let patterns = [pattern, String::from_utf8_lossy(&bytes).into_owned()];
        for pattern in patterns {
            let Ok(parsed) = FilterPattern::parse(&pattern) else { continue };
            parsed.test(&made_up::bytes(random, &event));
        }
    }
}

#[test]
fn nothing_is_too_deep() {
    for (open, close) in [("[", "]"), ("{\"v\":", "}")] {
        for depth in [1, 100, 127, 128, 129, 1_000, 100_000] {
            let event = format!("{{\"v\":{}1{}}}", open.repeat(depth), close.repeat(depth));
            for pattern in ["{ $.v = 1 }", "{ $.v[0][0].v = 1 }", "{ $.v[*] IS NULL }"] {
                FilterPattern::parse(pattern).unwrap().test(event.as_bytes());
                // A cut event.
                FilterPattern::parse(pattern).unwrap().test(&event.as_bytes()[..event.len() / 2]);
            }
        }
    }
    for (front, one, back) in [("{", "$.v = 1", "}"), ("[", "v = 1", "]")] {
        for depth in [1, 10, 500] {
            let (open, close) = ("(".repeat(depth), ")".repeat(depth));
            let pattern = format!("{front}{open}{one}{close}{back}");
            check(depth as u64, &pattern, "{\"v\":1}");
            check(depth as u64, &pattern[..pattern.len() / 2], "1");
        }
    }
    let long = format!("%{}%", "[a-z]{1,9}".repeat(90));
    check(0, &long, &"a".repeat(100));
}

/// Every refusal has a line for the pattern and a caret under it, and shows nothing raw.
#[test]
fn refusals_point_at_the_place() {
    let mut refusals = 0;
    for seed in 0..PAIRS {
        let random = &mut Random(seed);
        let language = Language::ALL[random.below(3)];
        let (pattern, event) = made_up(seed, language);
        let mut pattern = made_up::broken(random, &pattern);
        if random.once_in(4) {
            pattern = match language {
                Language::Terms => format!("ERROR {pattern}"),
                Language::Fields => format!("[{}{pattern}", "first_of_all, ".repeat(7)),
                Language::Json => format!("{{ $.a.b.c.d = 1 && ({pattern})}}"),
            };
        }
        let Err(message) = flowagg(&pattern, &event) else { continue };
        refusals += 1;
        let is_raw = |char: char| char.is_control() && char != '\n';
        assert!(!message.contains(is_raw), "{pattern:?}: {message:?}");
        if pattern.chars().count() > 1024 {
            continue;
        }
        let lines: Vec<&str> = message.lines().collect();
        let has_caret = lines.len() == 3 && lines[2].trim_start().starts_with('^');
        assert!(has_caret && !lines[0].is_empty(), "{pattern:?}\n{message}");
        let column = lines[2].find('^').unwrap();
        let width = lines[1].chars().count();
        assert!(2 <= column && column <= width.max(2), "{pattern:?}\n{message}");
        assert!(width <= 250, "{width} characters for {pattern:?}\n{message}");
    }
    assert!(refusals > 2_000, "{refusals}");
}
