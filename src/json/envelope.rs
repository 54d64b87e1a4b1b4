//! The events in a JSON text, and the envelopes of CloudWatch Logs that they come in.
//!
//! An envelope is known by its members and by nothing else in them: an application's own event
//! may have a `message` or `events` too, and is an event as it stands. Its neighbours tell.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{JsonFault, decoded, trimmed};
use crate::amount::Amount;
use crate::field::{TIME_MAX, is_milliseconds};

/// An event's text and when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// The event, which should be a JSON object.
    pub text: &'a str,
    /// Seconds since the epoch: of the envelope, else of the event's own `start`.
    pub time: Option<u64>,
    /// Whether that `start` was in milliseconds.
    pub is_milliseconds: bool,
}

/// The members of what `aws logs filter-log-events` and `get-log-events` write.
const LIST: [&str; 6] = [
    "events",
    "searchedLogStreams",
    "nextToken",
    "nextForwardToken",
    "nextBackwardToken",
    "ResponseMetadata",
];

/// The members of an event in such a list, or in the payload of a subscription.
const LISTED: [&str; 7] =
    ["timestamp", "message", "ingestionTime", "eventId", "id", "logStreamName", "extractedFields"];

/// Calls `visit` with each event of a text, and says how many there are.
///
/// A text holds one JSON object or several, one after the other. Each is an event, or an envelope
/// of events: the payload of a CloudWatch Logs subscription, the output of `filter-log-events`
/// or `get-log-events`, or one event of those. Envelopes keep events as strings; what such a
/// string holds is not looked at here, nor are values that are no objects.
///
/// # Errors
/// If the text is not JSON; then nothing is visited.
pub fn events(text: &str, mut visit: impl FnMut(Event<'_>)) -> Result<usize, JsonFault> {
    let mut values = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Outline<'_>>();
    let mut start = 0;
    while let Some(outline) = stream.next() {
        let end = stream.byte_offset();
        values.push((trimmed(text.get(start..end).unwrap_or_default()), outline?));
        start = end;
    }
    let mut visited = 0;
    let mut visit = |event: Event<'_>| {
        visited += 1;
        visit(event);
    };
    for (text, outline) in &values {
        match outline.unwrapped() {
            Some(listed) => listed.iter().for_each(|listed| {
                let text = &decoded(listed.message);
                visit(Event { text, time: listed.time, is_milliseconds: false });
            }),
            None => {
                let start = outline.start.and_then(floor).filter(|start| *start <= TIME_MAX);
                let is_milliseconds = start.is_some_and(is_milliseconds);
                let factor = if is_milliseconds { 1000 } else { 1 };
                visit(Event { text, time: start.map(|start| start / factor), is_milliseconds });
            }
        }
    }
    Ok(visited)
}

/// Whether an object is an envelope of several events by what stands before them, the bracket of
/// their list included.
pub fn begins_list(head: &str) -> bool {
    let text = format!("{head}]}}");
    let outline: Option<Outline<'_>> = serde_json::from_str(&text).ok();
    outline.is_some_and(|outline| match (outline.message_type, outline.log_events) {
        (Some(message_type), Some(_)) => message_type == r#""DATA_MESSAGE""#,
        _ => outline.events.is_some() && !outline.is_beyond_list,
    })
}

/// An event in an envelope: its string, in quotes, and its time in seconds.
struct Listed<'a> {
    message: &'a str,
    time: Option<u64>,
}

/// The members of an object that tell an envelope, as they are spelled.
#[derive(Debug, Default)]
struct Outline<'a> {
    message_type: Option<&'a str>,
    log_events: Option<&'a str>,
    events: Option<&'a str>,
    timestamp: Option<&'a str>,
    message: Option<&'a str>,
    start: Option<&'a str>,
    /// Whether there are members that a list of events does not have.
    is_beyond_list: bool,
    /// Whether there are members that an event of a list does not have.
    is_beyond_listed: bool,
}

impl<'a> Outline<'a> {
    /// The events in it, if it is an envelope.
    fn unwrapped(&self) -> Option<Vec<Listed<'a>>> {
        if let (Some(message_type), Some(events)) = (self.message_type, self.log_events) {
            match message_type {
                r#""DATA_MESSAGE""# => return list(events, Outline::in_subscription),
                // A check of the destination, whose one message is no event.
                r#""CONTROL_MESSAGE""# => return Some(Vec::new()),
                _ => {}
            }
        }
        match self.events {
            Some(events) if !self.is_beyond_list => list(events, Outline::alone),
            _ => self.alone().map(|listed| vec![listed]),
        }
    }

    /// As an event in the payload of a subscription.
    fn in_subscription(&self) -> Option<Listed<'a>> {
        let message = self.message.filter(|message| message.starts_with('"'))?;
        let milliseconds = self.timestamp.and_then(floor);
        Some(Listed { message, time: milliseconds.map(|milliseconds| milliseconds / 1000) })
    }

    /// As an event of which nothing else says that it is one.
    fn alone(&self) -> Option<Listed<'a>> {
        let timestamp = self.timestamp?;
        let is_number = timestamp.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if self.is_beyond_listed || !is_number { None } else { self.in_subscription() }
    }
}

/// The events of an array, if all its elements are some.
fn list<'a>(
    array: &'a str,
    listed: impl Fn(&Outline<'a>) -> Option<Listed<'a>>,
) -> Option<Vec<Listed<'a>>> {
    let outlines: Vec<Outline<'a>> = serde_json::from_str(array).ok()?;
    outlines.iter().map(listed).collect()
}

/// The whole part of a number from 0: some programs write times with fractions.
fn floor(number: &str) -> Option<u64> {
    let odd = || u64::try_from(Amount::parse(number.as_bytes())?.floor()).ok();
    number.parse().ok().or_else(odd)
}

impl<'de: 'a, 'a> Deserialize<'de> for Outline<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Reads the outline of a value; what is no object has an empty one.
struct Reader;

impl<'a> Visitor<'a> for Reader {
    type Value = Outline<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<Outline<'a>, A::Error> {
        let mut outline = Outline::default();
        while let Some(name) = access.next_key::<&RawValue>()? {
            let name = decoded(name.get());
            outline.is_beyond_list |= !LIST.contains(&&*name);
            outline.is_beyond_listed |= !LISTED.contains(&&*name);
            let member = match &*name {
                "messageType" => &mut outline.message_type,
                "logEvents" => &mut outline.log_events,
                "events" => &mut outline.events,
                "timestamp" => &mut outline.timestamp,
                "message" => &mut outline.message,
                "start" => &mut outline.start,
                _ => {
                    access.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *member = Some(access.next_value::<&RawValue>()?.get());
        }
        Ok(outline)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut access: A) -> Result<Outline<'a>, A::Error> {
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Outline::default())
    }

    fn visit_unit<E>(self) -> Result<Outline<'a>, E> {
        Ok(Outline::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Outline<'a>, E> {
        Ok(Outline::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Outline<'a>, E> {
        Ok(Outline::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Outline<'a>, E> {
        Ok(Outline::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Outline<'a>, E> {
        Ok(Outline::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Outline<'a>, E> {
        Ok(Outline::default())
    }
}
