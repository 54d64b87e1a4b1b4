//! The words that people type for keys: `src,dport`, `pair`, `srcaddr/24`, `dst-country`.
//!
//! A word is a field by any of its names, a short word, a word for several keys, a prefix of
//! addresses, or a name of values, which a [`Naming`] knows. Keys are called by AWS's names in
//! answers, whatever was typed, so that scripts find them.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, shown};
use crate::field::{Field, Kind};
use crate::labels::Labels;
use crate::names::Naming;
use crate::nearest::nearest;
use crate::query::KEYS_MAX;
use crate::view::{KeyColumn, V6_BITS, View};

/// Short words for fields, which expressions know too.
const SHORT: [(&str, Field); 14] = [
    ("src", Field::SrcAddr),
    ("dst", Field::DstAddr),
    ("pkt-src", Field::PktSrcAddr),
    ("pkt-dst", Field::PktDstAddr),
    ("sport", Field::SrcPort),
    ("dport", Field::DstPort),
    ("proto", Field::Protocol),
    ("interface", Field::InterfaceId),
    ("account", Field::AccountId),
    ("vpc", Field::VpcId),
    ("subnet", Field::SubnetId),
    ("instance", Field::InstanceId),
    ("direction", Field::FlowDirection),
    ("flags", Field::TcpFlags),
];

/// Words for several keys.
const SEVERAL: [(&str, &[&str]); 3] = [
    ("pair", &["srcaddr", "dstaddr"]),
    ("5tuple", &["srcaddr", "dstaddr", "srcport", "dstport", "protocol"]),
    ("svc", &["protocol-name", "dstport"]),
];

/// The addresses that names are of, as words begin.
const ADDRESSES: [(&str, Field); 4] = [
    ("src", Field::SrcAddr),
    ("dst", Field::DstAddr),
    ("pkt-src", Field::PktSrcAddr),
    ("pkt-dst", Field::PktDstAddr),
];

/// Whose labels a word asks for, by how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Names,
    Countries,
    Systems,
    Services,
}

const SOURCES: [(&str, Source); 4] = [
    ("name", Source::Names),
    ("country", Source::Countries),
    ("asn", Source::Systems),
    ("aws-service", Source::Services),
];

/// Words whose labels need no file, or are of no address.
const OTHERS: [&str; 4] = ["interface-name", "protocol-name", "srcport-name", "dstport-name"];

/// What a word may be, for errors.
const EXPECTED: &str = "expected a field such as dstport, a short word (src, dst, sport, dport, \
     proto, interface, account), several at once (pair, 5tuple, svc), a prefix such as src/24, or \
     a name (src-name, dst-country, src-asn, dst-aws-service, interface-name, protocol-name, \
     dstport-name)";

/// Keys as they are typed, each with what it is called in answers.
///
/// ```
/// use flowagg::dialect::Keys;
/// use flowagg::{Naming, Query};
/// let keys = Keys::parse("src/24,dport", &Naming::new())?;
/// let (columns, labels): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
/// assert_eq!(labels, ["srcaddr/24", "dstport"]);
/// let query = Query::builder().group_by(columns).labels(labels).build()?;
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    keys: Vec<(KeyColumn, String)>,
}

impl Keys {
    /// Reads words with commas between them.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] for words that are no keys, keys of names that were not given, keys
    /// that are there twice, and more than [`KEYS_MAX`].
    pub fn parse(text: &str, naming: &Naming) -> Result<Self, Error> {
        let mut keys: Vec<(KeyColumn, String)> = Vec::new();
        for word in text.split(',').map(str::trim) {
            let word = canonical(word);
            let several = SEVERAL.iter().find(|(name, _)| *name == word);
            let one = [word.as_str()];
            let words = several.map_or(&one[..], |(_, words)| words);
            for &word in words {
                let key = parse_one(word, naming)?;
                if keys.iter().any(|(other, _)| *other == key.0) {
                    let of = several.map_or(String::new(), |(name, _)| format!(", also as {name}"));
                    return Err(fault(format!("key {} is there twice{of}", key.1)));
                }
                keys.push(key);
            }
        }
        if keys.len() > KEYS_MAX {
            return Err(fault(format!("{} keys, expected at most {KEYS_MAX}", keys.len())));
        }
        Ok(Self { keys })
    }

    /// What is grouped by.
    pub fn columns(&self) -> impl Iterator<Item = &KeyColumn> {
        self.keys.iter().map(|(column, _)| column)
    }

    /// What the keys are called.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(_, label)| label.as_str())
    }
}

impl IntoIterator for Keys {
    type Item = (KeyColumn, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter()
    }
}

fn fault(text: String) -> Error {
    Error::new(ErrorKind::Query, text)
}

/// A word in small letters with hyphens, unless only its capitals tell its field (`srcAddr`).
fn canonical(word: &str) -> String {
    match Field::parse(word) {
        Some(field) => field.name().to_owned(),
        None => word.replace('_', "-").to_ascii_lowercase(),
    }
}

fn parse_one(word: &str, naming: &Naming) -> Result<(KeyColumn, String), Error> {
    if word.is_empty() {
        return Err(fault(format!("an empty key, {EXPECTED}")));
    }
    if let Some((address, lengths)) = word.split_once('/') {
        return prefix(word, address, lengths);
    }
    // AWS's own names come first: pkt-src-aws-service is a field of logs.
    if let Some(field) = field(word) {
        return Ok((field.into(), field.name().to_owned()));
    }
    if let Some((field, labels)) = named(word, naming)? {
        return Ok((KeyColumn::new(field, View::Label(labels)), word.to_owned()));
    }
    Err(unknown(word))
}

/// The fields that a word means, if it means nothing but fields.
pub(super) fn fields_of(word: &str) -> Option<Vec<Field>> {
    let word = canonical(word);
    match SEVERAL.iter().find(|(name, _)| *name == word) {
        Some((_, words)) => words.iter().map(|word| field(word)).collect(),
        None => field(&word).map(|field| vec![field]),
    }
}

/// The field that a word means by any of its names, or a short one.
pub(super) fn field_of(word: &str) -> Option<Field> {
    field(&canonical(word))
}

/// The short words for fields.
pub(super) fn short_words() -> impl Iterator<Item = &'static str> {
    SHORT.iter().map(|(short, _)| *short)
}

fn field(word: &str) -> Option<Field> {
    let short = SHORT.iter().find(|(short, _)| *short == word).map(|(_, field)| *field);
    short.or_else(|| Field::from_alias(word))
}

/// `srcaddr/24`, or with a length for IPv6 too `srcaddr/24/48`.
fn prefix(word: &str, address: &str, lengths: &str) -> Result<(KeyColumn, String), Error> {
    let Some(field) = field(address) else { return Err(unknown(address)) };
    if field.kind() != Kind::Address {
        return Err(fault(format!(
            "{} in {}: {field} has no addresses, expected one such as srcaddr/24",
            shown(&format!("/{lengths}")),
            shown(word)
        )));
    }
    let length = |text: &str, most: u8| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|length: &u8| is_plain && *length <= most)
    };
    let view = match lengths.split_once('/') {
        Some((v4, v6)) => length(v4, 32).zip(length(v6, 128)),
        None => length(lengths, 32)
            .map(|v4| (v4, V6_BITS))
            .or_else(|| length(lengths, 128).map(|v6| (32, v6))),
    };
    let Some((v4, v6)) = view else {
        return Err(fault(format!(
            "{} is no length of a prefix, expected 0 to 32 bits of IPv4, 33 to 128 of IPv6, or \
             both as in {field}/24/48",
            shown(lengths)
        )));
    };
    Ok((KeyColumn::new(field, View::Prefix { v4, v6 }), format!("{field}/{lengths}")))
}

/// The labels that a word asks for, and whose.
fn named(word: &str, naming: &Naming) -> Result<Option<(Field, Arc<Labels>)>, Error> {
    let lacks = |option: &str, what: &str| {
        Err(fault(format!("{word} needs {what}, expected {option} too")))
    };
    match word {
        "protocol-name" => return Ok(Some((Field::Protocol, Naming::protocols()))),
        "srcport-name" => return Ok(Some((Field::SrcPort, Naming::ports()))),
        "dstport-name" => return Ok(Some((Field::DstPort, Naming::ports()))),
        "interface-name" => {
            return match naming.interfaces() {
                Some(labels) => Ok(Some((Field::InterfaceId, Arc::clone(labels)))),
                None => lacks("--names FILE", "names of interfaces"),
            };
        }
        _ => {}
    }
    let of_address = ADDRESSES.iter().find_map(|(address, field)| {
        let rest = word.strip_prefix(address)?.strip_prefix('-')?;
        let (_, source) = SOURCES.iter().find(|(name, _)| *name == rest)?;
        Some((*field, *source))
    });
    let Some((field, source)) = of_address else { return Ok(None) };
    let labels = match source {
        Source::Names => naming.names(),
        Source::Countries => naming.countries(),
        Source::Systems => naming.asns(),
        Source::Services => naming.aws_services(),
    };
    match (labels, source) {
        (Some(labels), _) => Ok(Some((field, Arc::clone(labels)))),
        (None, Source::Names) => lacks("--names FILE", "names of addresses"),
        (None, Source::Countries) => lacks("--geoip FILE.mmdb", "countries of addresses"),
        (None, Source::Systems) => lacks("--asn FILE.mmdb", "autonomous systems of addresses"),
        (None, Source::Services) => {
            lacks("--aws-ranges ip-ranges.json", "AWS's services of addresses")
        }
    }
}

fn unknown(word: &str) -> Error {
    let mut words: Vec<String> = SHORT.iter().map(|(short, _)| (*short).to_owned()).collect();
    words.extend(SEVERAL.iter().map(|(name, _)| (*name).to_owned()));
    words.extend(OTHERS.map(str::to_owned));
    for (address, _) in ADDRESSES {
        words.extend(SOURCES.map(|(name, _)| format!("{address}-{name}")));
    }
    let fields = Field::ALL.iter().map(|field| field.name());
    let near = nearest(word, fields.chain(words.iter().map(String::as_str)));
    let near = near.map_or(",".to_owned(), |near| format!("; did you mean {near}?"));
    fault(format!("unknown key {}{near} {EXPECTED}", shown(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Result<Vec<String>, String> {
        let keys = Keys::parse(text, &Naming::new()).map_err(|error| error.to_string())?;
        Ok(keys.labels().map(str::to_owned).collect())
    }

    fn naming() -> Naming {
        Naming::new().with_names(b"10.0.0.0/8,inside\neni-1,first\n").unwrap()
    }

    #[test]
    fn words_of_all_kinds_have_the_names_of_aws() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(labels(text).unwrap(), expected, "{text}");
        };
        check("src", &["srcaddr"]);
        check("DST, dport ,proto", &["dstaddr", "dstport", "protocol"]);
        check("srcAddr,pkt_dstaddr,starttime", &["srcaddr", "pkt-dstaddr", "start"]);
        check("interface,account,az-id", &["interface-id", "account-id", "az-id"]);
        check("pair", &["srcaddr", "dstaddr"]);
        check("5tuple", &["srcaddr", "dstaddr", "srcport", "dstport", "protocol"]);
        check("svc,action", &["protocol-name", "dstport", "action"]);
        check("sport,srcport-name", &["srcport", "srcport-name"]);
        check("src/24,src/16,src", &["srcaddr/24", "srcaddr/16", "srcaddr"]);
        check("dst/16/48,pkt-src/56", &["dstaddr/16/48", "pkt-srcaddr/56"]);
        check("pkt-srcaddr/24,pkt-src-aws-service", &["pkt-srcaddr/24", "pkt-src-aws-service"]);
        // Both of one length, and none.
        check("src/32/32,src/32,dst/0", &["srcaddr/32/32", "srcaddr/32", "dstaddr/0"]);
    }

    #[test]
    fn prefixes_have_their_lengths() {
        let view = |text: &str| {
            let keys = Keys::parse(text, &Naming::new()).unwrap();
            keys.columns().next().unwrap().view().clone()
        };
        assert_eq!(view("src/24"), View::Prefix { v4: 24, v6: 64 });
        assert_eq!(view("src/24/56"), View::Prefix { v4: 24, v6: 56 });
        assert_eq!(view("src/48"), View::Prefix { v4: 32, v6: 48 });
        assert_eq!(view("src/32"), View::Prefix { v4: 32, v6: 64 });
        assert_eq!(view("src/128"), View::Prefix { v4: 32, v6: 128 });
        for wrong in ["129", "33/64", "24/129", "", "x", "-1", "+8", "24/", "/24", "24/48/1"] {
            let error = labels(&format!("src/{wrong}")).unwrap_err();
            assert!(error.contains("is no length of a prefix"), "{wrong}: {error}");
        }
        let error = labels("bytes/24").unwrap_err();
        assert!(error.starts_with("\"/24\" in \"bytes/24\": bytes has no addresses"), "{error}");
    }

    #[test]
    fn names_are_those_that_were_given() {
        let keys = Keys::parse("src-name,dst_name,interface-name,pkt-dst-name", &naming());
        let keys = keys.unwrap();
        let names = ["src-name", "dst-name", "interface-name", "pkt-dst-name"];
        assert!(keys.labels().eq(names));
        let of = |at: usize, text: &str| {
            let Some(View::Label(labels)) = keys.columns().nth(at).map(KeyColumn::view) else {
                panic!("no labels")
            };
            String::from_utf8(labels.of(text.as_bytes()).to_vec()).unwrap()
        };
        assert_eq!(of(0, "10.1.2.3"), "inside");
        assert_eq!(of(2, "eni-1"), "first");
        assert_eq!(keys.columns().nth(3).unwrap().column(), &Field::PktDstAddr.into());
        for (word, option) in [
            ("src-name", "--names FILE"),
            ("interface-name", "--names FILE"),
            ("dst-country", "--geoip FILE.mmdb"),
            ("pkt-src-asn", "--asn FILE.mmdb"),
            ("dst-aws-service", "--aws-ranges ip-ranges.json"),
        ] {
            let error = labels(word).unwrap_err();
            assert!(error.starts_with(&format!("{word} needs ")), "{error}");
            assert!(error.ends_with(&format!("expected {option} too")), "{error}");
        }
    }

    #[test]
    fn what_is_no_key_is_said() {
        let error = |text: &str| labels(text).unwrap_err();
        let near = |text: &str, meant: &str| {
            let found = error(text);
            assert!(found.contains(&format!("did you mean {meant}? expected a field")), "{found}");
        };
        near("srcadr", "srcaddr");
        near("dstprot", "dstport");
        near("paer", "pair");
        near("dst-contry", "dst-country");
        near("5tupel", "5tuple");
        near("srcadr/24", "srcaddr");
        let found = error("nothing-at-all-like-this");
        assert!(found.starts_with("unknown key \"nothing-at-all-like-this\", expected"), "{found}");
        assert!(error("").starts_with("an empty key, expected a field"));
        assert!(error("src,,dst").starts_with("an empty key"));
        assert!(error("\u{1b}[2J").starts_with("unknown key \"\\u{1b}[2j\""));
        assert_eq!(error("src,srcaddr"), "key srcaddr is there twice");
        assert_eq!(error("src,pair"), "key srcaddr is there twice, also as pair");
        assert_eq!(error("5tuple,action,start,end,bytes"), "9 keys, expected at most 8");
        assert!(labels("5tuple,action,start,end").is_ok());
    }
}
