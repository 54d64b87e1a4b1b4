//! Values of an expression: what they have to be says the field that they are compared with.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

use super::fault::Fault;
use super::words::{FLAGS, flag, ports, protocol, protocols, service, services};
use super::{FILE_BYTES_MAX, Is, List, REGEX_BYTES_MAX};
use crate::amount::{Amount, Comparison};
use crate::calendar::{date_of_digits, seconds_since_1970};
use crate::dialect::values_in;
use crate::error::{Error, shown};
use crate::field::{Field, Kind, is_milliseconds};
use crate::nearest::nearest;
use crate::prefixes::Prefix;

/// What stands for a number of these, decimal or binary.
const UNITS: [(&str, u64); 8] = [
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
];

/// The values of fields that have few, as AWS spells them.
const SPELLINGS: [(Field, &[&str]); 4] = [
    (Field::Action, &["ACCEPT", "REJECT", "-"]),
    (Field::LogStatus, &["OK", "NODATA", "SKIPDATA", "-"]),
    (Field::FlowDirection, &["ingress", "egress", "-"]),
    (Field::Type, &["IPv4", "IPv6", "EFA", "-"]),
];

/// A value as it was typed, and where.
#[derive(Debug, Clone)]
pub enum Item<'a> {
    Word(&'a str, usize),
    Quoted(String, usize),
    File(String, usize),
}

impl Item<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Word(text, _) => text,
            Self::Quoted(text, _) | Self::File(text, _) => text,
        }
    }

    fn place(&self) -> usize {
        match self {
            Self::Word(_, at) | Self::Quoted(_, at) | Self::File(_, at) => *at,
        }
    }
}

/// Reads values, and the files that hold some.
pub struct Values<'r> {
    read: &'r mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
    /// What was read, as a file may be named twice.
    known: HashMap<String, Arc<Vec<u8>>>,
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

impl<'r> Values<'r> {
    /// Values whose files `read` reads.
    pub fn new(read: &'r mut dyn FnMut(&str) -> Result<Vec<u8>, Error>) -> Self {
        Self { read, known: HashMap::new() }
    }

    /// What a value of a field has to be.
    pub fn expected(&self, field: Field) -> String {
        let expected = match (field, field.kind()) {
            (_, Kind::Address) => "expected an address, a prefix such as 10.0.0.0/8, or @FILE",
            (Field::Protocol, _) => "expected a protocol such as tcp or 6",
            (Field::TcpFlags, _) => "expected flags: fin, syn, rst, psh, ack, urg, ece or cwr",
            (Field::SrcPort | Field::DstPort, _) => {
                "expected a port, a range such as 1024-65535, or a service such as https"
            }
            (field, _) if field.is_time() => {
                "expected a time such as 2026-01-31T12:00:00Z or 1769860800"
            }
            (_, Kind::Number(_)) => "expected a number such as 1500, 10k or 1.5Mi",
            _ => {
                let list = SPELLINGS.iter().find(|(other, _)| *other == field);
                let Some((_, values)) = list else {
                    return "expected a text, in quotes if it has other characters than names"
                        .to_owned();
                };
                return format!("expected one of {}", values.join(", "));
            }
        };
        expected.to_owned()
    }

    /// The number of an item.
    pub fn amount(&self, field: Field, item: &Item<'_>) -> Result<Amount, Fault> {
        amount(field, item.text()).ok_or_else(|| self.no_value(field, item.text(), item.place()))
    }

    fn no_value(&self, field: Field, text: &str, place: usize) -> Fault {
        let names: Vec<&str> = match field {
            Field::Protocol => protocols().collect(),
            Field::SrcPort | Field::DstPort => services().collect(),
            Field::TcpFlags => FLAGS.iter().map(|(name, _)| *name).collect(),
            // As in `src nett 10.0.0.0/8`.
            field if field.kind() == Kind::Address => vec!["net", "host", "port"],
            field => {
                let list = SPELLINGS.iter().find(|(other, _)| *other == field);
                list.map(|(_, values)| values.to_vec()).unwrap_or_default()
            }
        };
        let date = text.split('-').find_map(date_of_digits).filter(|_| field.is_time());
        let date = date.map(|date| format!("the date {date}"));
        let advice = match date.as_deref().or_else(|| nearest(text, names)) {
            Some(meant) => format!("did you mean {meant}?"),
            None if field.is_time() && text.parse().is_ok_and(is_milliseconds) => {
                "expected seconds since 1970; these look like milliseconds".to_owned()
            }
            None if field.is_time() && seconds_since_1970(text).is_some() => {
                "expected a time before 5138-11-16T09:46:40Z; as numbers, later ones look like \
                 milliseconds"
                    .to_owned()
            }
            None => self.expected(field),
        };
        Fault::new(format!("{} is no value of {field}", shown(text)), place, advice)
    }

    /// Numbers that a field has to be one of, or not.
    pub fn numbers(&mut self, field: Field, items: &[Item<'_>], negate: bool) -> Result<Is, Fault> {
        // A fraction is compared too, for what it is worth.
        if let [item @ (Item::Word(..) | Item::Quoted(..))] = items
            && let Some(amount) = amount(field, item.text())
            && whole(amount).is_none()
        {
            let comparison = if negate { Comparison::NotEqual } else { Comparison::Equal };
            return Ok(Is::Number(comparison, amount));
        }
        let Kind::Number(limit) = field.kind() else { unreachable!("a field of numbers") };
        let is_port = matches!(field, Field::SrcPort | Field::DstPort);
        let List { typed, filed, files } = self.list(items, |values, text, place| {
            let named = if is_port { ports(text) } else { Vec::new() };
            if !named.is_empty() {
                return Ok(named.into_iter().map(|port| (port.into(), port.into())).collect());
            }
            let (first, last) =
                range(field, text).ok_or_else(|| values.no_value(field, text, place))?;
            if first > last {
                let found = format!("{} ends before it begins", shown(text));
                return Err(Fault::new(found, place, "expected the smaller number first"));
            }
            match last > limit {
                true => {
                    let found = format!("{} is beyond what {field} can be", shown(text));
                    Err(Fault::new(found, place, format!("expected at most {limit}")))
                }
                false => Ok(vec![(first, last)]),
            }
        })?;
        let list = List { typed: typed.concat(), filed: filed.concat(), files };
        Ok(Is::Ranges(Arc::new(list), negate))
    }

    /// Prefixes that an address has to lie in, or not.
    pub fn prefixes(&mut self, field: Field, items: &[Item<'_>]) -> Result<List<Prefix>, Fault> {
        self.list(items, |values, text, place| {
            Prefix::parse(text).ok_or_else(|| values.no_value(field, text, place))
        })
    }

    /// Texts that a value has to be one of, or not.
    pub fn texts(&mut self, field: Field, items: &[Item<'_>]) -> Result<List<String>, Fault> {
        // It would be compared as it stands, and be found nowhere.
        let has_star = |item: &&Item<'_>| matches!(item, Item::Word(word, _) if word.contains('*'));
        if let Some(item) = items.iter().find(has_star) {
            let advice = format!(
                "expected a regular expression for that, as in {field} ~ '^eni-'; a * itself \
                 stands in quotes"
            );
            return Err(Fault::new("a * in a text", item.place(), advice));
        }
        let spellings = SPELLINGS.iter().find(|(other, _)| *other == field);
        self.list(items, |values, text, place| {
            let Some((_, spellings)) = spellings else { return Ok(text.to_owned()) };
            let own = spellings.iter().find(|own| own.eq_ignore_ascii_case(text));
            own.map(|own| (*own).to_owned()).ok_or_else(|| values.no_value(field, text, place))
        })
    }

    /// The bit of a flag.
    pub fn flag(&self, item: &Item<'_>) -> Result<u8, Fault> {
        let number = || item.text().parse::<u8>().ok();
        let bit = flag(item.text()).or_else(number);
        bit.ok_or_else(|| self.no_value(Field::TcpFlags, item.text(), item.place()))
    }

    /// A regular expression.
    pub fn regex(&self, item: &Item<'_>) -> Result<Arc<Regex>, Fault> {
        let mut builder = RegexBuilder::new(item.text());
        // Values are bytes; classes such as \d are those of ASCII.
        builder.unicode(false).size_limit(REGEX_BYTES_MAX).dfa_size_limit(REGEX_BYTES_MAX);
        builder.build().map(Arc::new).map_err(|error| {
            let (says, advice) = match error {
                regex::Error::CompiledTooBig(_) => (
                    "a regular expression that is too large".to_owned(),
                    "expected fewer or smaller repetitions".to_owned(),
                ),
                error => {
                    let text = error.to_string();
                    let last = text.lines().next_back().unwrap_or_default();
                    let reason = last.trim_start_matches("error: ").to_owned();
                    ("a regular expression that makes no sense".to_owned(), reason)
                }
            };
            Fault::new(says, item.place(), advice)
        })
    }

    /// The values of items and of the files that some of them are.
    fn list<T>(
        &mut self,
        items: &[Item<'_>],
        value: impl Fn(&Self, &str, usize) -> Result<T, Fault>,
    ) -> Result<List<T>, Fault> {
        let mut list = List { typed: Vec::new(), filed: Vec::new(), files: Vec::new() };
        for item in items {
            let Item::File(name, place) = item else {
                list.typed.push(value(self, item.text(), item.place())?);
                continue;
            };
            let file = self.file(name, *place)?;
            let before = list.filed.len();
            let words = values_in(&file).map_err(|error| {
                let says = format!("{}: {error}", shown(name));
                Fault::new(says, *place, "expected a file with a value on each line")
            })?;
            for (number, line) in words {
                let found = match str::from_utf8(line) {
                    Ok(text) if !text.contains(char::is_control) => value(self, text, *place),
                    _ => Err(Fault::new(
                        format!("{} is no text", shown(&line.escape_ascii().to_string())),
                        *place,
                        "expected a value on each line",
                    )),
                };
                let found = found.map_err(|fault| fault.of_file(name, number))?;
                list.filed.push(found);
            }
            if list.filed.len() == before {
                let found = format!("{} holds no value", shown(name));
                return Err(Fault::new(found, *place, "expected a value on each line"));
            }
            list.files.push(name.clone());
        }
        Ok(list)
    }

    /// What a file holds.
    fn file(&mut self, name: &str, place: usize) -> Result<Arc<Vec<u8>>, Fault> {
        if let Some(known) = self.known.get(name) {
            return Ok(Arc::clone(known));
        }
        let fault = |says: String, advice: &str| Fault::new(says, place, advice);
        let bytes = (self.read)(name).map_err(|error| {
            let says = format!("{}: {}", shown(name), error.to_string().escape_debug());
            fault(says, "expected a file with a value on each line")
        })?;
        if bytes.len() > FILE_BYTES_MAX {
            return Err(fault(format!("{} is too long", shown(name)), "expected at most 64 MiB"));
        }
        let bytes = Arc::new(bytes);
        self.known.insert(name.to_owned(), Arc::clone(&bytes));
        Ok(bytes)
    }
}

/// The number that a word is, for a field.
fn amount(field: Field, text: &str) -> Option<Amount> {
    let named = match field {
        Field::Protocol => protocol(text).map(u64::from),
        Field::SrcPort | Field::DstPort => service(text).map(u64::from),
        Field::TcpFlags => flag(text).map(u64::from),
        field if field.is_time() && date_of_digits(text).is_some() => return None,
        field if field.is_time() => seconds_since_1970(text),
        _ => None,
    };
    let amount = match named {
        Some(number) => number.into(),
        None => plain(text)?,
    };
    let is_late = || u64::try_from(amount.floor()).is_ok_and(is_milliseconds);
    Some(amount).filter(|_| !(field.is_time() && is_late()))
}

/// A number, perhaps with a unit; one of bytes may say so.
fn plain(text: &str) -> Option<Amount> {
    if let Some(amount) = Amount::parse(text.as_bytes()) {
        return Some(amount);
    }
    let lower = text.to_ascii_lowercase();
    let lower = lower.strip_suffix('b').unwrap_or(&lower);
    let end = lower.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(end);
    let factor = match UNITS.iter().find(|(name, _)| *name == unit) {
        Some((_, factor)) => *factor,
        None if unit.is_empty() => 1,
        None => return None,
    };
    // Of this magnitude multiples are exact.
    let amount = Amount::parse_value(number.as_bytes())?;
    Some(amount.times(factor))
}

/// A whole number that a field may have.
fn whole(amount: Amount) -> Option<u64> {
    amount.whole().and_then(|number| u64::try_from(number).ok())
}

/// A whole number, or the first and the last one of a range.
fn range(field: Field, text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| amount(field, text).and_then(whole);
    if let Some(number) = number(text) {
        return Some((number, number));
    }
    let (first, last) = text.split_once('-')?;
    Some((number(first)?, number(last)?))
}
