//! The members of a JSON object, and what they say that the object is.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::{ocsf, one_word};
use super::reach::LISTS;
use crate::field::{Field, Kind};
use crate::json::decoded;
use crate::value::Address;

/// So many known members make a record, whatever others there are.
const KNOWN_ENOUGH: usize = 4;

/// The members of an object, in their order.
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Those of the object that a text is; none if it is none.
    pub fn new(text: &'a str) -> Option<Self> {
        struct Reader;
        impl<'a> Visitor<'a> for Reader {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<Members<'a>, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(name) = access.next_key::<&RawValue>()? {
                    members.push((decoded(name.get()), access.next_value()?));
                }
                Ok(Members(members))
            }
        }
        serde_json::Deserializer::from_str(text).deserialize_map(Reader).ok()
    }

    /// The value of the last member of that name, as it is spelled.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().rfind(|(other, _)| other == name);
        found.map(|(_, value)| value.get())
    }

    /// The values in each of its lists of events.
    pub fn lists(&self) -> impl Iterator<Item = Vec<&'a RawValue>> {
        let lists = self.0.iter().filter(|(name, _)| LISTS.contains(&&**name));
        // What is no list cannot be read as one.
        lists.filter_map(|(_, value)| serde_json::from_str(value.get()).ok())
    }

    fn all(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    /// The members that may be columns of a record: no objects and no lists.
    fn scalars(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.all().filter(|(_, value)| !value.starts_with(['{', '[']))
    }

    /// The columns of a record. An object or a list in the place of a field is one that is wrong.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &'a str)> {
        let is_column = |(name, value): &(&str, &str)| {
            !value.starts_with(['{', '[']) || Field::from_alias(name).is_some()
        };
        self.all().filter(is_column)
    }

    /// Whether they are the columns of a flow-log record: half of those that can be, as in a
    /// header, or several. What wraps a message has an account and a source of its own too, but
    /// not two addresses.
    pub fn is_record(&self) -> bool {
        let known = self.scalars().filter(|(name, _)| Field::from_alias(name).is_some());
        let known = known.take(KNOWN_ENOUGH).count();
        (known == KNOWN_ENOUGH || known >= 2 && known * 2 >= self.scalars().count())
            && (self.message().is_none() || self.has_addresses())
    }

    /// Whether two or more are addresses, or at least that one is and the others are not there.
    fn has_addresses(&self) -> bool {
        let is_address =
            |name: &str| Field::from_alias(name).is_some_and(|field| field.kind() == Kind::Address);
        let found = self.scalars().filter(|(name, _)| is_address(name)).map(|(_, value)| {
            word(value).map_or(Address::Absent, |word| Address::parse(word.as_bytes()))
        });
        let (absent, others): (Vec<_>, Vec<_>) =
            found.partition(|address| *address == Address::Absent);
        absent.len() + others.len() > 1 && !others.is_empty() && !others.contains(&Address::Bad)
    }

    /// Whether they are those of network activity in OCSF.
    pub fn is_activity(&self) -> bool {
        self.raw("class_uid").is_some_and(|class| word(class).as_deref() == Some(ocsf::CLASS))
    }

    /// Whether they are those of a message of CloudWatch Logs that holds no events.
    pub fn is_control(&self) -> bool {
        self.raw("messageType") == Some("\"CONTROL_MESSAGE\"")
    }

    /// Whether there are two messages: two objects became one.
    pub fn are_of_two(&self) -> bool {
        self.0.iter().filter(|(name, _)| name == "message").count() > 1
    }

    /// The text of a message, as it is spelled.
    pub fn message(&self) -> Option<&'a str> {
        self.raw("message").filter(|message| message.starts_with('"'))
    }
}

/// Whether this stands before the events of an envelope, in its list.
pub fn is_page(head: &[u8]) -> bool {
    let text = str::from_utf8(head).ok().map(|head| format!("{head}]}}"));
    text.as_deref().and_then(Members::new).is_some_and(|members| {
        let is_other = members.is_activity() || members.is_record() || members.is_control();
        !is_other && members.message().is_none()
    })
}

/// A value as a word of a line; none for null and for a text that is empty.
pub fn word(value: &str) -> Option<Cow<'_, str>> {
    match value.as_bytes().first()? {
        b'n' => None,
        b'"' => match decoded(value) {
            Cow::Borrowed(text) => one_word(text),
            Cow::Owned(text) => one_word(&text).map(|word| Cow::Owned(word.into_owned())),
        },
        // Tools that have numbers with fractions only write 443.0.
        _ => Some(Cow::Borrowed(match value.split_once('.') {
            Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
            _ => value,
        })),
    }
}
