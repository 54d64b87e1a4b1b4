//! The members of a JSON object, and what they say that the object is.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::{ocsf, one_word};
use super::reach::LISTS;
use crate::field::Field;
use crate::json::decoded;

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

    /// The members that may be columns of a record: no objects and no lists.
    pub fn scalars(&self) -> impl Iterator<Item = (&str, &'a str)> {
        let members = self.0.iter().map(|(name, value)| (&**name, value.get()));
        members.filter(|(_, value)| !value.starts_with(['{', '[']))
    }

    /// Whether they are the columns of a flow-log record: half of those that can be, as in a
    /// header, or several.
    pub fn is_record(&self) -> bool {
        let known = self.scalars().filter(|(name, _)| Field::from_alias(name).is_some());
        let known = known.take(KNOWN_ENOUGH).count();
        known == KNOWN_ENOUGH || known >= 2 && known * 2 >= self.scalars().count()
    }

    /// Whether they are those of network activity in OCSF.
    pub fn is_activity(&self) -> bool {
        self.raw("class_uid").is_some_and(|class| word(class).as_deref() == Some(ocsf::CLASS))
    }

    /// Whether they are those of a message of CloudWatch Logs that holds no events.
    pub fn is_control(&self) -> bool {
        self.raw("messageType") == Some("\"CONTROL_MESSAGE\"")
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
