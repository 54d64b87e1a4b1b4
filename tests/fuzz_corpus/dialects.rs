//! What CloudWatch's languages say, whoever wrote it.

use flowagg::dialect::{FilterPattern, InsightRule, PatternKind, RuleFile};
use flowagg::{Engine, Error, ErrorKind, Layout};

use super::ask::{File, first_line, shows_nothing_raw};

/// A few events for rules: records, another log's line, and JSON.
const EVENTS: &str = "\
2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 1600000030 ACCEPT OK
2 123456789010 eni-1 - - - - - - - 1600000000 1600000030 - NODATA
GET /index \"with blanks\" [10] -1.5e3
{\"a\": {\"b\": [1, \"x\"]}, \"bytes\": 1.5, \"message\": \"GET\"}
";

/// Takes the input's first line as a pattern and the rest as an event: neither may panic, and
/// what comes out has to make sense.
pub fn metric_pattern(input: &[u8]) {
    let (pattern, event) = first_line(input);
    let parsed = match FilterPattern::parse(&pattern) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Pattern);
            return shows_nothing_raw(&error.to_string());
        }
    };
    assert_eq!(parsed.text(), pattern);
    let Some(extracted) = parsed.test(event) else { return };
    let is_fields = parsed.kind() == PatternKind::Fields;
    assert!(is_fields || extracted.is_empty());
    for (at, one) in extracted.iter().enumerate() {
        let name = one.name.strip_prefix('$').unwrap();
        assert!(name.parse() == Ok(at + 1) || parsed.has_field(name), "{name}");
        let length = one.value.len();
        assert!(length == 0 || event.windows(length).any(|part| part == one.value));
    }
}

/// A Contributor Insights rule, or a file with several: what is wrong is told, and what is not
/// can be explained and run.
pub fn rule(input: &[u8]) {
    let mut rules = accepted(InsightRule::parse(input));
    let checked = accepted(InsightRule::check(input));
    assert!(checked.is_empty() || !rules.is_empty(), "a rule that is checked can be run");
    let _ = RuleFile::has_rules(input);
    match RuleFile::read(input, "input") {
        Ok(file) => {
            assert!(!file.rules.is_empty());
            file.notes.iter().for_each(|note| shows_nothing_raw(note));
            for named in &file.rules {
                assert!(!named.name().is_empty());
                accepted(named.check());
                rules.extend(accepted(named.parse()));
            }
        }
        Err(error) => refused(&error),
    }
    for rule in rules {
        let by_name = accepted(rule.clone().by_name());
        for rule in by_name.iter().chain([&rule]) {
            explained(rule);
        }
    }
}

fn accepted(rule: Result<InsightRule, Error>) -> Vec<InsightRule> {
    if let Err(error) = &rule {
        refused(error);
    }
    rule.into_iter().collect()
}

fn refused(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Rule);
    shows_nothing_raw(&error.to_string());
}

fn explained(rule: &InsightRule) {
    rule.warnings().iter().for_each(|warning| shows_nothing_raw(warning));
    rule.misplaced(&Layout::v2()).iter().for_each(|text| shows_nothing_raw(text));
    let file = File::new(EVENTS.as_bytes());
    let paths = [file.path()];
    assert!(!rule.explain(10, &paths).is_empty());
    assert!(!rule.duckdb(10, &paths).is_empty());
    assert!(!rule.athena(10).is_empty() && !rule.insights(10).is_empty());
    assert!(!rule.plan(10).is_empty());
    let query = [rule.to_query(0)];
    let engine = Engine::new().threads(1).layout(Layout::v2());
    let found = file.ask(engine.clone(), &query);
    assert_eq!(found.answers[0].contributors.len() as u64, found.answers[0].unique);
    file.ask(engine.block_bytes(1), &query).check(&found, "blocks of 1");
}
