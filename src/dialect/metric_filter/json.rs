//! JSON patterns: tests of what selectors select in an event.

use super::fault::Fault;
use super::lexer::{Kind, Language, Token};
use super::parser::{Comparand, Operator, Parser};
use crate::pattern::{Condition, JsonTest, NodeTest, Step, TextTest, Tree};

/// The most wildcards in the selectors of a pattern.
const WILDCARDS_MAX: usize = 3;

/// What may follow a selector.
const TEST: &str = "expected a test such as = \"text\", > 5, IS NULL or NOT EXISTS";

/// Reads a pattern that begins with a brace.
pub fn parse(text: &str) -> Result<JsonTest, Fault> {
    let mut parser = Parser::new(text, Language::Json)?;
    parser.takes("{");
    let mut tests = Vec::new();
    let mut wildcards = 0;
    let test = |parser: &mut Parser| {
        let start = parser.place();
        let steps = selector(parser)?;
        wildcards += steps.iter().filter(|step| is_wildcard(step)).count();
        if wildcards > WILDCARDS_MAX {
            let says = "Your input has exceeded the maximum of 3 JSON wildcard selectors allowed \
                        per filter pattern.";
            return Err(Fault::new(says, start, "expected a selector without a wildcard"));
        }
        tests.push((steps, node_test(parser)?));
        Ok(Tree::Leaf(tests.len() - 1))
    };
    let tree = parser.joined(test, Tree::All, Tree::Any)?;
    if !parser.takes("}") {
        let advice = match parser.word() {
            Some("AND") => "expected && instead",
            Some("OR") => "expected || instead",
            _ => "expected &&, || or }",
        };
        return Err(parser.misplaced(advice));
    }
    parser.end()?;
    Ok(JsonTest::new(tests, tree))
}

fn is_wildcard(step: &Step) -> bool {
    matches!(step, Step::Members | Step::Values)
}

/// Reads a selector.
fn selector(parser: &mut Parser) -> Result<Vec<Step>, Fault> {
    let expected = "expected a selector such as $.name";
    let Some(Token { kind: Kind::First(first), mut end, start }) = parser.peek().cloned() else {
        let advice = match parser.word() {
            Some(word) if word.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                format!("expected a selector such as $.{word}")
            }
            _ => expected.to_owned(),
        };
        return Err(parser.misplaced(advice));
    };
    parser.next();
    let mut steps = vec![first];
    while let Some(Token { kind: Kind::Later(step), start, end: next }) = parser.peek().cloned() {
        if start != end {
            return Err(Fault::misplaced(start, "expected no blank inside a selector"));
        }
        end = next;
        parser.next();
        steps.push(step);
    }
    if steps.iter().filter(|step| is_wildcard(step)).count() > 1 {
        let says = "Your filter pattern has a JSON path selector that exceeds the maximum of 1 \
                    wildcard allowed per json selector.";
        return Err(Fault::new(says, start, "expected at most one of .* and [*] in a selector"));
    }
    Ok(steps)
}

/// Reads what a node has to be.
fn node_test(parser: &mut Parser) -> Result<NodeTest, Fault> {
    match parser.word() {
        Some("IS") => {
            parser.next();
            let test = match parser.word() {
                Some("NULL") => NodeTest::IsNull,
                Some("TRUE") => NodeTest::Is(true),
                Some("FALSE") => NodeTest::Is(false),
                Some("NOT") => {
                    let advice = "expected NULL, TRUE or FALSE; that there is a string or number \
                                  is written = *";
                    return Err(parser.bad_term(advice));
                }
                _ => return Err(parser.misplaced("expected NULL, TRUE or FALSE")),
            };
            parser.next();
            return Ok(test);
        }
        Some("NOT") => {
            parser.next();
            if parser.word() != Some("EXISTS") {
                return Err(parser.misplaced("expected EXISTS"));
            }
            parser.next();
            return Ok(NodeTest::NotExists);
        }
        Some("EXISTS") => return Err(parser.misplaced("expected = * for what exists")),
        _ => {}
    }
    let operator = parser.operator(TEST)?;
    if parser.word() == Some("null") && !matches!(operator, Operator::Order(_)) {
        return Err(parser.misplaced("expected IS NULL for null, or \"null\" for the text"));
    }
    let Comparand { condition, is_negated } = parser.comparand(operator)?;
    Ok(match (condition, is_negated) {
        (Condition::Number { text, value }, false) => NodeTest::Equal { text, value },
        (Condition::Number { text, value }, true) => NodeTest::NotEqual { text, value },
        (Condition::Compare(comparison, right), _) => NodeTest::Compare(comparison, right),
        (condition, false) => NodeTest::Text(TextTest::Is(condition)),
        (condition, true) => NodeTest::Text(TextTest::IsNot(condition)),
    })
}
