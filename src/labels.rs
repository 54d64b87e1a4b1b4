//! Labels: other texts that values are known by, such as the country of an address.
//!
//! What has a label is looked up by what a column's values are anyway: an address in a set of
//! prefixes, a number in a list, a text in a map. Labels have small numbers, so that a row costs
//! one look-up and no hashing of the label; many values have one label. What has none is
//! labelled `-`, as flow logs write what is not applicable.

use std::fmt;
use std::io::Write;
use std::net::Ipv4Addr;

use hashbrown::HashMap;

use crate::prefixes::{Prefix, Prefixes};
use crate::value::Number;

/// The label of what has none.
const NO_LABEL: u32 = 0;

/// Other texts that values are known by.
///
/// ```
/// use flowagg::Labels;
/// let labels = Labels::of_numbers([(22, "ssh"), (443, "https")]);
/// assert_eq!(labels.of(b"443"), b"https");
/// assert_eq!(labels.of(b"80"), b"-");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Labels {
    /// Each label once; the first is that of what has none.
    texts: Vec<Box<str>>,
    by: By,
}

/// What is looked up; what is found is a label's place among the texts.
#[derive(Clone, PartialEq, Eq)]
enum By {
    Addresses(Prefixes),
    Numbers(Vec<u32>),
    Texts(HashMap<Box<[u8]>, u32>),
}

/// Labels by their text, while a list of them is made.
#[derive(Default)]
struct Places {
    places: HashMap<Box<str>, u32>,
}

impl Places {
    fn new() -> Self {
        let mut places = Self::default();
        places.place("-");
        places
    }

    fn place(&mut self, text: &str) -> u32 {
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        let place = self.places.len() as u32;
        self.places.insert(text.into(), place);
        place
    }

    fn finish(self, by: By) -> Labels {
        let mut texts: Vec<(u32, Box<str>)> =
            self.places.into_iter().map(|(text, place)| (place, text)).collect();
        texts.sort_unstable();
        Labels { texts: texts.into_iter().map(|(_, text)| text).collect(), by }
    }
}

impl Labels {
    /// Labels of addresses: that of the most specific prefix that an address lies in counts, and
    /// of one prefix the first.
    pub fn of_prefixes<S: AsRef<str>>(labels: impl IntoIterator<Item = (Prefix, S)>) -> Self {
        let mut places = Places::new();
        let labels = labels.into_iter().map(|(prefix, text)| (prefix, places.place(text.as_ref())));
        let prefixes = Prefixes::new(labels);
        places.finish(By::Addresses(prefixes))
    }

    /// Labels of numbers; of one number the first counts.
    pub fn of_numbers<S: AsRef<str>>(labels: impl IntoIterator<Item = (u16, S)>) -> Self {
        let mut places = Places::new();
        let mut numbers = Vec::new();
        for (number, text) in labels {
            let number = usize::from(number);
            if numbers.len() <= number {
                numbers.resize(number + 1, NO_LABEL);
            }
            if numbers[number] == NO_LABEL {
                numbers[number] = places.place(text.as_ref());
            }
        }
        places.finish(By::Numbers(numbers))
    }

    /// Labels of texts; of one text the first counts.
    pub fn of_texts<T: AsRef<[u8]>, S: AsRef<str>>(
        labels: impl IntoIterator<Item = (T, S)>,
    ) -> Self {
        let mut places = Places::new();
        let mut found: HashMap<Box<[u8]>, u32> = HashMap::new();
        for (text, label) in labels {
            let place = places.place(label.as_ref());
            found.entry(text.as_ref().into()).or_insert(place);
        }
        places.finish(By::Texts(found))
    }

    /// How many labels there are, with that of what has none.
    pub(crate) fn count(&self) -> usize {
        self.texts.len()
    }

    /// The text of a label.
    pub(crate) fn text(&self, label: u32) -> &[u8] {
        self.texts[label as usize].as_bytes()
    }

    /// The label of a value: the definition of the other ways to look one up.
    pub fn of(&self, value: &[u8]) -> &[u8] {
        self.text(self.find(value))
    }

    /// The label of a value's text. An address is the same however it is spelled, as it is for
    /// `--where`, and a number too.
    pub(crate) fn find(&self, text: &[u8]) -> u32 {
        match &self.by {
            By::Addresses(prefixes) => prefixes.find(text).unwrap_or(NO_LABEL),
            By::Numbers(labels) => match Number::parse(text).value() {
                Some(number) => in_list(labels, number),
                None => NO_LABEL,
            },
            By::Texts(labels) => labels.get(text).copied().unwrap_or(NO_LABEL),
        }
    }

    /// The label of an IPv4 address.
    #[inline]
    pub(crate) fn find_v4(&self, address: u32) -> u32 {
        match &self.by {
            By::Addresses(prefixes) => prefixes.v4(address).unwrap_or(NO_LABEL),
            By::Numbers(_) => NO_LABEL,
            By::Texts(_) => self.find_written(Ipv4Addr::from_bits(address)),
        }
    }

    /// The label of a number.
    #[inline]
    pub(crate) fn find_number(&self, number: u64) -> u32 {
        match &self.by {
            By::Addresses(_) => NO_LABEL,
            By::Numbers(labels) => in_list(labels, number),
            By::Texts(_) => self.find_written(number),
        }
    }

    fn find_written(&self, value: impl fmt::Display) -> u32 {
        let mut buffer = [0; 20];
        let mut rest = &mut buffer[..];
        let written = write!(rest, "{value}");
        debug_assert!(written.is_ok(), "20 bytes hold any number and any IPv4 address");
        let length = 20 - rest.len();
        self.find(&buffer[..length])
    }
}

fn in_list(labels: &[u32], number: u64) -> u32 {
    let place = usize::try_from(number).ok();
    place.and_then(|place| labels.get(place)).copied().unwrap_or(NO_LABEL)
}

impl fmt::Debug for Labels {
    /// There may be very many of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match &self.by {
            By::Addresses(_) => "addresses",
            By::Numbers(_) => "numbers",
            By::Texts(_) => "texts",
        };
        write!(f, "{} labels of {of}", self.texts.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes() -> Labels {
        let prefix = |text: &str| Prefix::parse(text).unwrap();
        Labels::of_prefixes([
            (prefix("10.0.0.0/8"), "inside"),
            (prefix("10.1.0.0/16"), "web"),
            (prefix("10.1.0.0/16"), "never"),
            (prefix("192.0.2.7"), "inside"),
            (prefix("2001:db8::/32"), "documents"),
        ])
    }

    #[test]
    fn the_most_specific_and_the_first_count() {
        let labels = prefixes();
        let found = |text: &str| String::from_utf8(labels.of(text.as_bytes()).to_vec()).unwrap();
        assert_eq!(found("10.2.3.4"), "inside");
        assert_eq!(found("10.1.3.4"), "web");
        assert_eq!(found("192.0.2.7"), "inside");
        assert_eq!(found("2001:db8::1"), "documents");
        for none in ["-", "", "192.0.2.8", "::1", "10.0.0", "443", "x", "10.1.0.0/16"] {
            assert_eq!(found(none), "-", "{none}");
        }
        assert_eq!(format!("{labels:?}"), "4 labels of addresses");
    }

    #[test]
    fn other_spellings_mean_the_same_address() {
        let labels = prefixes();
        assert_eq!(labels.of(b"2001:DB8::1"), b"documents");
        assert_eq!(labels.of(b"2001:0db8:0:0:0:0:0:1"), b"documents");
    }

    /// Whatever is looked up by its words is what is looked up by its text.
    #[test]
    fn words_and_their_texts_have_one_label() {
        let of_texts = Labels::of_texts([("10.1.0.1", "a"), ("443", "b"), ("eni-1", "a")]);
        let of_numbers = Labels::of_numbers([(443, "https"), (0, "none"), (443, "never")]);
        for labels in [prefixes(), of_texts.clone(), of_numbers.clone()] {
            for address in [0, 1, 0x0a01_0001, 0x0aff_0000, 0xc000_0207, u32::MAX] {
                let text = Ipv4Addr::from_bits(address).to_string();
                assert_eq!(labels.find_v4(address), labels.find(text.as_bytes()), "{labels:?}");
            }
            for number in [0, 1, 443, 65_535, 65_536, u64::MAX] {
                let text = number.to_string();
                assert_eq!(labels.find_number(number), labels.find(text.as_bytes()), "{labels:?}");
            }
        }
        assert_eq!(of_texts.text(of_texts.find_v4(0x0a01_0001)), b"a");
        assert_eq!(of_texts.text(of_texts.find_number(443)), b"b");
        assert_eq!(of_texts.of(b"eni-1"), b"a");
        assert_eq!(of_texts.count(), 3);
        assert_eq!(of_numbers.of(b"443"), b"https");
        assert_eq!(of_numbers.of(b"00443"), b"https");
        assert_eq!(of_numbers.of(b"0"), b"none");
    }
}
