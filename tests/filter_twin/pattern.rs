//! Metric filter patterns, read by plain recursion, character by character.

use super::regex::{self, Regex};

/// A pattern that is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

/// The most characters of a pattern.
const CHARS_MAX: usize = 1024;
/// The most regular expressions of a pattern in brackets or braces.
const REGEXES_MAX: usize = 2;
/// The most selectors with a wildcard.
const WILDCARDS_MAX: usize = 3;

#[derive(Debug)]
pub enum Pattern {
    Everything,
    Terms(Vec<Term>),
    Regex(Regex),
    Fields(Vec<Field>),
    Json(Tree<JsonTest>),
}

/// A text and the sign before it: none, `-` or `?`.
#[derive(Debug)]
pub struct Term {
    pub sign: Option<char>,
    pub text: String,
}

#[derive(Debug)]
pub enum Field {
    Ellipsis,
    One { name: Option<String>, conditions: Option<Tree<Condition>> },
}

/// Conditions joined by `||` or by `&&`.
#[derive(Debug)]
pub enum Tree<T> {
    Any(Vec<Tree<T>>),
    All(Vec<Tree<T>>),
    One(T),
}

impl<T> Tree<T> {
    pub fn holds(&self, one: &dyn Fn(&T) -> bool) -> bool {
        match self {
            Self::Any(trees) => trees.iter().any(|tree| tree.holds(one)),
            Self::All(trees) => trees.iter().all(|tree| tree.holds(one)),
            Self::One(test) => one(test),
        }
    }
}

/// An operator and what it compares with.
#[derive(Debug)]
pub struct Condition {
    pub operator: &'static str,
    pub value: Value,
}

#[derive(Debug)]
pub enum Value {
    /// A number as it is spelled.
    Number(String),
    Text(String),
    Regex(Regex),
}

#[derive(Debug)]
pub struct JsonTest {
    pub steps: Vec<Step>,
    pub test: Test,
}

#[derive(Debug)]
pub enum Step {
    Key(String),
    EveryMember,
    Element(usize),
    EveryElement,
}

#[derive(Debug)]
pub enum Test {
    Compare(Condition),
    IsNull,
    Is(bool),
    NotExists,
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    regexes: usize,
    wildcards: usize,
    is_json: bool,
}

/// Reads a pattern.
pub fn parse(pattern: &str) -> Result<Pattern, Invalid> {
    if pattern.chars().count() > CHARS_MAX {
        return Err(Invalid);
    }
    let chars: Vec<char> = pattern.trim_matches(is_blank).chars().collect();
    let first = chars.first().copied();
    let mut reader = Reader { chars, at: 0, regexes: 0, wildcards: 0, is_json: first == Some('{') };
    let pattern = match first {
        None => Pattern::Everything,
        Some('%') => Pattern::Regex(reader.regex()?),
        Some('[') => Pattern::Fields(reader.fields()?),
        Some('{') => Pattern::Json(reader.json()?),
        Some(_) => Pattern::Terms(reader.terms()?),
    };
    let is_read = reader.at == reader.chars.len();
    (is_read && reader.regexes <= REGEXES_MAX && reader.wildcards <= WILDCARDS_MAX)
        .then_some(pattern)
        .ok_or(Invalid)
}

/// Whether a character stands between tokens.
pub fn is_blank(char: char) -> bool {
    char.is_ascii_whitespace()
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Takes `text` if it is next.
    fn take(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let is_next = self.chars[self.at..].iter().take(length).copied().eq(text.chars());
        if is_next {
            self.at += length;
        }
        is_next
    }

    /// Takes `text`, which has to be next.
    fn expect(&mut self, text: &str) -> Result<(), Invalid> {
        if self.take(text) { Ok(()) } else { Err(Invalid) }
    }

    /// Takes the characters of a kind that are next, maybe none.
    fn run(&mut self, is_kind: impl Fn(char) -> bool) -> String {
        let run: String =
            self.chars[self.at..].iter().copied().take_while(|&char| is_kind(char)).collect();
        self.at += run.chars().count();
        run
    }

    /// Takes blanks, and then `text` if it is next.
    fn take_after_blanks(&mut self, text: &str) -> bool {
        self.run(is_blank);
        self.take(text)
    }

    /// Reads what stands in quotes.
    fn quoted(&mut self) -> Result<String, Invalid> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            if self.take("\\\"") {
                text.push('"');
            } else if self.take("\\\\") {
                text.push('\\');
            } else if self.take("\"") {
                return Ok(text);
            } else {
                text.push(self.peek().ok_or(Invalid)?);
                self.at += 1;
            }
        }
    }

    /// Reads what stands between percent signs.
    fn regex(&mut self) -> Result<Regex, Invalid> {
        self.expect("%")?;
        let text = self.run(regex::is_allowed);
        self.expect("%")?;
        self.regexes += 1;
        Regex::parse(&text).ok_or(Invalid)
    }

    fn terms(&mut self) -> Result<Vec<Term>, Invalid> {
        let mut terms = Vec::new();
        while self.peek().is_some() {
            let sign = self.peek().filter(|sign| matches!(sign, '-' | '?'));
            self.at += usize::from(sign.is_some());
            let is_quoted = self.peek() == Some('"');
            let text = match is_quoted {
                true => self.quoted()?,
                false => self.run(|char| char.is_ascii_alphanumeric() || char == '_'),
            };
            // Nothing in quotes is a term, nothing without quotes is none.
            if text.is_empty() && !is_quoted {
                return Err(Invalid);
            }
            let is_apart = !self.run(is_blank).is_empty();
            if !is_apart && self.peek().is_some() {
                return Err(Invalid);
            }
            terms.push(Term { sign, text });
        }
        Ok(terms)
    }

    fn fields(&mut self) -> Result<Vec<Field>, Invalid> {
        self.expect("[")?;
        if self.take_after_blanks("]") {
            return Ok(vec![Field::Ellipsis]);
        }
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let field = self.field()?;
            let is_same = |other: &Field| match (&field, other) {
                (Field::Ellipsis, Field::Ellipsis) => true,
                (Field::One { name: Some(one), .. }, Field::One { name: Some(other), .. }) => {
                    one == other
                }
                _ => false,
            };
            if fields.iter().any(is_same) {
                return Err(Invalid);
            }
            fields.push(field);
            if self.take_after_blanks("]") {
                return Ok(fields);
            }
            self.expect(",")?;
        }
    }

    fn field(&mut self) -> Result<Field, Invalid> {
        self.run(is_blank);
        if self.take("...") {
            return Ok(Field::Ellipsis);
        }
        if matches!(self.peek(), Some(',' | ']')) {
            return Ok(Field::One { name: None, conditions: None });
        }
        let start = self.at;
        if let Ok(name) = self.name() {
            self.run(is_blank);
            if matches!(self.peek(), Some(',' | ']')) {
                return Ok(Field::One { name: Some(name), conditions: None });
            }
        }
        self.at = start;
        let mut name = None;
        let conditions = self.any(&mut |reader| {
            let own = reader.name()?;
            let condition = reader.condition()?;
            match &name {
                Some(other) if *other != own => return Err(Invalid),
                _ => name = Some(own),
            }
            Ok(condition)
        })?;
        Ok(Field::One { name, conditions: Some(conditions) })
    }

    fn name(&mut self) -> Result<String, Invalid> {
        let name = self.run(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'));
        let first = name.chars().next().ok_or(Invalid)?;
        if first.is_ascii_alphabetic() || first == '_' { Ok(name) } else { Err(Invalid) }
    }

    /// Reads what `||` joins.
    fn any<T>(
        &mut self,
        one: &mut dyn FnMut(&mut Self) -> Result<T, Invalid>,
    ) -> Result<Tree<T>, Invalid> {
        let mut trees = vec![self.all(one)?];
        while self.take_after_blanks("||") {
            trees.push(self.all(one)?);
        }
        Ok(Tree::Any(trees))
    }

    /// Reads what `&&` joins.
    fn all<T>(
        &mut self,
        one: &mut dyn FnMut(&mut Self) -> Result<T, Invalid>,
    ) -> Result<Tree<T>, Invalid> {
        let mut trees = Vec::new();
        loop {
            trees.push(if self.take_after_blanks("(") {
                let tree = self.any(one)?;
                self.run(is_blank);
                self.expect(")")?;
                tree
            } else {
                Tree::One(one(self)?)
            });
            if !self.take_after_blanks("&&") {
                return Ok(Tree::All(trees));
            }
        }
    }

    /// Reads an operator and a value.
    fn condition(&mut self) -> Result<Condition, Invalid> {
        self.run(is_blank);
        let operators = ["!=", "<=", ">=", "=", "<", ">"];
        let operator = operators.into_iter().find(|operator| self.take(operator)).ok_or(Invalid)?;
        self.run(is_blank);
        let value = match self.peek() {
            Some('"') => Value::Text(self.quoted()?),
            Some('%') => Value::Regex(self.regex()?),
            _ => {
                let symbols = if self.is_json { ".*-_+" } else { ".*-_+/:" };
                let text = self.run(|char| char.is_ascii_alphanumeric() || symbols.contains(char));
                let refused = if self.is_json { "null" } else { "SPACE" };
                if text.is_empty() || text == refused {
                    return Err(Invalid);
                }
                if is_number(&text) { Value::Number(text) } else { Value::Text(text) }
            }
        };
        let needs_number = operator.starts_with(['<', '>']);
        if needs_number && !matches!(value, Value::Number(_)) {
            return Err(Invalid);
        }
        Ok(Condition { operator, value })
    }

    fn json(&mut self) -> Result<Tree<JsonTest>, Invalid> {
        self.expect("{")?;
        let tree = self.any(&mut |reader| {
            let steps = reader.selector()?;
            let test = reader.json_test()?;
            Ok(JsonTest { steps, test })
        })?;
        self.run(is_blank);
        self.expect("}")?;
        Ok(tree)
    }

    fn selector(&mut self) -> Result<Vec<Step>, Invalid> {
        self.run(is_blank);
        self.expect("$")?;
        let mut steps = Vec::new();
        loop {
            let step = if self.take(".['") || self.take("['") {
                let name = self.run(|char| char != '\'');
                self.expect("']")?;
                Step::Key(name)
            } else if self.take(".*") {
                Step::EveryMember
            } else if self.take("[*]") {
                Step::EveryElement
            } else if self.take(".") {
                let is_key = |char: char| char.is_ascii_alphanumeric() || "-_".contains(char);
                let key = self.run(is_key);
                if key.is_empty() {
                    return Err(Invalid);
                }
                Step::Key(key)
            } else if self.take("[") {
                let digits = self.run(|char| char.is_ascii_digit());
                self.expect("]")?;
                if digits.is_empty() {
                    return Err(Invalid);
                }
                // No array is as long as a number that is too large.
                Step::Element(digits.parse().unwrap_or(usize::MAX))
            } else {
                break;
            };
            steps.push(step);
        }
        let is_wildcard = |step: &&Step| matches!(step, Step::EveryMember | Step::EveryElement);
        let wildcards = steps.iter().filter(is_wildcard).count();
        self.wildcards += wildcards;
        if steps.is_empty() || wildcards > 1 { Err(Invalid) } else { Ok(steps) }
    }

    fn json_test(&mut self) -> Result<Test, Invalid> {
        self.run(is_blank);
        let words = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let first = self.run(words);
        if first.is_empty() {
            return Ok(Test::Compare(self.condition()?));
        }
        self.run(is_blank);
        let second = self.run(words);
        match (first.as_str(), second.as_str()) {
            ("IS", "NULL") => Ok(Test::IsNull),
            ("IS", "TRUE") => Ok(Test::Is(true)),
            ("IS", "FALSE") => Ok(Test::Is(false)),
            ("NOT", "EXISTS") => Ok(Test::NotExists),
            _ => Err(Invalid),
        }
    }
}

/// A sign, digits, a fraction and an exponent, of which only the digits have to be there.
pub fn is_number(text: &str) -> bool {
    let after_digits = |text: &str| {
        let rest = text.trim_start_matches(|char: char| char.is_ascii_digit());
        (rest.len() < text.len()).then(|| rest.to_owned())
    };
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    let Some(mut rest) = after_digits(&unsigned(text)) else { return false };
    if let Some(fraction) = rest.strip_prefix('.') {
        let Some(after) = after_digits(fraction) else { return false };
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let Some(after) = after_digits(&unsigned(exponent)) else { return false };
        rest = after;
    }
    rest.is_empty()
}
