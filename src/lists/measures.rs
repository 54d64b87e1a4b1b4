//! What lists are made by, as it is typed: `bytes`, `records`, `max(bytes)`, `unique(dstaddr)`; and
//! conditions on it, such as `bytes > 1g`.

use crate::amount::{Amount, Comparison};
use crate::error::{Error, ErrorKind, excerpt, shown};
use crate::field::{Field, Kind};
use crate::layout::Column;
use crate::measure::Measure;
use crate::nearest::nearest;
use crate::view::KeyColumn;

/// A measure, and what its column is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMeasure {
    /// What is measured.
    pub measure: Measure,
    /// `bytes`, `unique(dstaddr)`.
    pub name: String,
}

/// Words for the number of records.
const COUNTS: [&str; 4] = ["records", "count", "flows", "n"];

/// What can stand before parentheses, and what it means.
const FUNCTIONS: [(&str, Function); 8] = [
    ("sum", Function::Sum),
    ("min", Function::Min),
    ("max", Function::Max),
    ("avg", Function::Average),
    ("mean", Function::Average),
    ("unique", Function::Unique),
    ("distinct", Function::Unique),
    ("count", Function::Count),
];

#[derive(Debug, Clone, Copy)]
enum Function {
    Sum,
    Min,
    Max,
    Average,
    Unique,
    Count,
}

/// What a list can be made by, for error texts.
const EXPECTED: &str = "expected bytes, packets, records, unique(FIELD), or max, min, avg or sum \
                        of a number field, such as max(bytes)";

fn fail<T>(message: String) -> Result<T, Error> {
    Err(Error::new(ErrorKind::Query, message))
}

impl NamedMeasure {
    /// Reads one. `key` reads what stands in `unique(...)`: a key and its name.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] for anything else, with what was meant if that is near.
    pub fn parse(
        text: &str,
        key: impl FnOnce(&str) -> Result<(KeyColumn, String), Error>,
    ) -> Result<Self, Error> {
        let text = text.trim();
        let (function, argument) = match text.split_once('(') {
            None if COUNTS.iter().any(|word| word.eq_ignore_ascii_case(text)) => {
                (Function::Count, "")
            }
            None => (Function::Sum, text),
            Some((name, rest)) => {
                let Some(argument) = rest.strip_suffix(')') else {
                    return fail(format!("{} lacks its `)`", shown(text)));
                };
                (function(name.trim())?, argument.trim())
            }
        };
        let name = |function: &str, column: &Column| format!("{function}({})", column.label());
        if let Function::Sum | Function::Min | Function::Max | Function::Average = function
            && let Err(error) = number(argument, text)
        {
            return match key(argument) {
                Ok((_, label)) => fail(no_number(&label, argument)),
                Err(_) => Err(error),
            };
        }
        Ok(match function {
            Function::Count if argument.is_empty() || argument == "*" => {
                Self { measure: Measure::Count, name: "records".to_owned() }
            }
            Function::Count => {
                return fail(format!(
                    "{}: records are counted as `records`, different values by \
                     `unique({})`",
                    shown(text),
                    excerpt(argument)
                ));
            }
            Function::Sum => {
                let column = number(argument, text)?;
                Self { name: column.label(), measure: Measure::Sum(column) }
            }
            Function::Min => {
                let column = number(argument, text)?;
                Self { name: name("min", &column), measure: Measure::Min(column) }
            }
            Function::Max => {
                let column = number(argument, text)?;
                Self { name: name("max", &column), measure: Measure::Max(column) }
            }
            Function::Average => {
                let column = number(argument, text)?;
                Self { name: name("avg", &column), measure: Measure::Average(column) }
            }
            Function::Unique => {
                let (key, label) = key(argument)?;
                Self { name: format!("unique({label})"), measure: Measure::Unique(key) }
            }
        })
    }

    /// Reads several with commas between.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and for the same one twice.
    pub fn parse_list(
        text: &str,
        mut key: impl FnMut(&str) -> Result<(KeyColumn, String), Error>,
    ) -> Result<Vec<Self>, Error> {
        let mut all: Vec<Self> = Vec::new();
        for word in split(text) {
            let named = Self::parse(word, &mut key)?;
            if all.contains(&named) {
                return fail(format!("{} is there twice", shown(word.trim())));
            }
            all.push(named);
        }
        Ok(all)
    }

    /// Whether its values are in the unit of a field: a number of different values is not.
    pub fn field(&self) -> Option<Field> {
        match self.measure.number() {
            Some(Column::Field(field)) => Some(*field),
            _ => None,
        }
    }
}

/// The parts between the commas that stand in no parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0u32;
    text.split(move |character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    })
}

fn function(name: &str) -> Result<Function, Error> {
    let found = FUNCTIONS.iter().find(|(word, _)| word.eq_ignore_ascii_case(name));
    if let Some((_, function)) = found {
        return Ok(*function);
    }
    match nearest(name, FUNCTIONS.map(|(word, _)| word)) {
        Some(meant) => {
            fail(format!("{} measures nothing; did you mean {meant}(...)?", shown(name)))
        }
        None => fail(format!("{} measures nothing; {EXPECTED}", shown(name))),
    }
}

/// The number field of this name.
fn number(name: &str, whole: &str) -> Result<Column, Error> {
    let names = || Field::ALL.iter().filter(|field| matches!(field.kind(), Kind::Number(_)));
    let Some(field) = Field::parse(name).or_else(|| Field::from_alias(name)) else {
        let words = names().map(|field| field.name()).chain(COUNTS);
        return match nearest(name, words) {
            Some(meant) => fail(format!("{} is no measure; did you mean {meant}?", shown(whole))),
            None => fail(format!("{} is no measure; {EXPECTED}", shown(whole))),
        };
    };
    match field.kind() {
        Kind::Number(_) => Ok(field.into()),
        _ => fail(no_number(field.name(), field.name())),
    }
}

fn no_number(label: &str, typed: &str) -> String {
    format!("{label} is no number field; its different values are counted by unique({typed})")
}

/// What must hold of one of a contributor's values: `bytes > 1g`, or `> 1g` of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What the measure is called; none for the first one.
    pub measure: Option<String>,
    /// The comparison.
    pub comparison: Comparison,
    /// What is compared with.
    pub amount: Amount,
}

/// The signs of comparisons, the longer ones first.
const SIGNS: [(&str, Comparison); 7] = [
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
    ("!=", Comparison::NotEqual),
    ("==", Comparison::Equal),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
];

/// Units of numbers as they are typed.
const UNITS: [(&str, u64); 8] = [
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
];

impl Condition {
    /// Reads one.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let expected = || {
            let text = shown(text);
            fail(format!(
                "{text} is no condition, expected one such as \"bytes > 1g\" or \"> 100\""
            ))
        };
        let at = text.find(['<', '>', '=', '!']).unwrap_or(text.len());
        let (name, rest) = text.split_at(at);
        let Some((sign, comparison)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) else {
            return expected();
        };
        let Some(amount) = quantity(rest[sign.len()..].trim()) else { return expected() };
        let name = name.trim();
        let measure = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self { measure, comparison: *comparison, amount })
    }
}

/// A number with a unit perhaps: decimal ones, or with an `i` those of 1024.
fn quantity(text: &str) -> Option<Amount> {
    let text = text.to_ascii_lowercase();
    let text = text.strip_suffix('b').unwrap_or(&text);
    let unit = UNITS.iter().find_map(|(unit, times)| Some((text.strip_suffix(unit)?, *times)));
    let (number, times) = unit.unwrap_or((text, 1));
    let amount = Amount::parse(number.trim_end().as_bytes())?;
    let limit = Amount::from(u64::MAX);
    (amount <= limit && amount >= -limit).then(|| amount.times(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<(KeyColumn, String), Error> {
        let field = Field::parse(text).ok_or_else(|| Error::new(ErrorKind::Query, "no key"))?;
        Ok((field.into(), field.name().to_owned()))
    }

    fn parse(text: &str) -> Result<NamedMeasure, String> {
        NamedMeasure::parse(text, key).map_err(|error| error.to_string())
    }

    #[test]
    fn measures_in_every_spelling() {
        for (text, name, measure) in [
            ("bytes", "bytes", Measure::Sum(Field::Bytes.into())),
            (" Packets", "packets", Measure::Sum(Field::Packets.into())),
            ("numbytes", "bytes", Measure::Sum(Field::Bytes.into())),
            ("records", "records", Measure::Count),
            ("flows", "records", Measure::Count),
            ("count(*)", "records", Measure::Count),
            ("sum(bytes)", "bytes", Measure::Sum(Field::Bytes.into())),
            ("MAX( bytes )", "max(bytes)", Measure::Max(Field::Bytes.into())),
            ("min(start)", "min(start)", Measure::Min(Field::Start.into())),
            ("mean(bytes)", "avg(bytes)", Measure::Average(Field::Bytes.into())),
            ("distinct(dst_addr)", "", Measure::Count),
            ("unique(dstaddr)", "unique(dstaddr)", Measure::Unique(Field::DstAddr.into())),
        ] {
            if name.is_empty() {
                assert_eq!(parse(text).unwrap_err(), "no key");
                continue;
            }
            let named = parse(text).unwrap();
            assert_eq!((named.name.as_str(), named.measure), (name, measure), "{text}");
        }
        let all = NamedMeasure::parse_list("bytes,records, unique(dstaddr)", key).unwrap();
        assert_eq!(all.len(), 3);
        let twice = NamedMeasure::parse_list("bytes,sum(bytes)", key).unwrap_err();
        assert_eq!(twice.to_string(), "\"sum(bytes)\" is there twice");
    }

    #[test]
    fn what_is_no_measure_says_what_is() {
        assert_eq!(parse("byte").unwrap_err(), "\"byte\" is no measure; did you mean bytes?");
        assert_eq!(
            parse("srcaddr").unwrap_err(),
            "srcaddr is no number field; its different values are counted by unique(srcaddr)"
        );
        let error = parse("uniqe(srcaddr)").unwrap_err();
        assert_eq!(error, "\"uniqe\" measures nothing; did you mean unique(...)?");
        assert_eq!(parse("max(bytes").unwrap_err(), "\"max(bytes\" lacks its `)`");
        assert!(parse("").unwrap_err().contains("expected bytes, packets"));
        assert!(parse("count(bytes)").unwrap_err().contains("unique(bytes)"));
        for raw in ["\u{1b}[2J", "count(\u{1b}[2J)", "\u{1b}[2J(", "max(\u{1b}[2J)"] {
            let error = parse(raw).unwrap_err();
            assert!(error.contains("\\u{1b}[2J") && !error.contains('\u{1b}'), "{error}");
        }
    }

    #[test]
    fn conditions() {
        for (text, measure, comparison, amount) in [
            ("bytes > 1g", Some("bytes"), Comparison::Greater, 1_000_000_000u64),
            (">=100", None, Comparison::GreaterOrEqual, 100),
            ("unique(dstaddr)<=2ki", Some("unique(dstaddr)"), Comparison::LessOrEqual, 2048),
            ("records == 5", Some("records"), Comparison::Equal, 5),
            ("a != 1 MB", Some("a"), Comparison::NotEqual, 1_000_000),
        ] {
            let condition = Condition::parse(text).unwrap();
            assert_eq!(condition.measure.as_deref(), measure, "{text}");
            assert_eq!((condition.comparison, condition.amount), (comparison, amount.into()));
        }
        let half = Condition::parse("< 1.5k").unwrap().amount;
        assert_eq!(half, 1500u64.into());
        for wrong in ["", "bytes", "bytes >", "> x", "bytes >> 1", "> 1q", "5 > bytes"] {
            let error = Condition::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("is no condition, expected one such as"), "{wrong}: {error}");
        }
    }
}
