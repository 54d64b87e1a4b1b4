//! What files call addresses and interfaces: whatever they hold, they are read or refused, and
//! what is read is what a plain twin of each format says, asked one by one and by a query.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowagg::dialect::Keys;
use flowagg::{Engine, Error, ErrorKind, Labels, Naming, Prefix, Query, Scope};
use maxminddb::{PathElement, Reader};

use super::ask::{File, shows_nothing_raw, with_caught_panics};
use super::twin::cut;

/// Addresses that are asked for beside those of the input.
const ADDRESSES: [&str; 12] = [
    "0.0.0.0",
    "10.0.0.7",
    "010.0.0.7",
    "192.0.2.129",
    "198.51.100.7",
    "203.0.113.8",
    "255.255.255.255",
    "::",
    "2001:db8::7",
    "2001:DB8:8000:0::1",
    "::ffff:10.0.0.7",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

/// So many addresses and interfaces of the input are asked for.
const ASKED_MAX: usize = 30;

/// A file of names, of any kind.
pub fn names(input: &[u8]) {
    with_caught_panics(|| {
        let asked = asked(input);
        if let Some(naming) = accepted(Naming::new().with_names(input)) {
            let again = naming.clone().with_names(input).unwrap();
            assert_eq!(again.names(), naming.names());
            assert_eq!(again.interfaces(), naming.interfaces());
            let names = naming.names().unwrap();
            if let Some(twin) = table(input) {
                agrees(names, &asked, |address| most_specific(&twin, address));
            }
            counted("src-name", names, &asked, &naming);
            counted("interface-name", naming.interfaces().unwrap(), &asked, &naming);
        }
        if let Some(naming) = accepted(Naming::new().with_aws_ranges(input)) {
            let services = naming.aws_services().unwrap();
            if let Some((services_only, amazon)) = ranges(input) {
                agrees(services, &asked, |address| {
                    most_specific(&services_only, address)
                        .or_else(|| most_specific(&amazon, address))
                });
            }
            counted("src-aws-service", services, &asked, &naming);
        }
        if let Some(naming) = accepted(Naming::new().with_countries(input)) {
            let countries = naming.countries().unwrap();
            in_database(input, countries, &asked, country);
            counted("src-country", countries, &asked, &naming);
        }
        if let Some(naming) = accepted(Naming::new().with_asns(input)) {
            let systems = naming.asns().unwrap();
            in_database(input, systems, &asked, system);
            counted("src-asn", systems, &asked, &naming);
        }
    });
}

fn accepted(naming: Result<Naming, Error>) -> Option<Naming> {
    match naming {
        Ok(naming) => {
            naming.warnings().iter().for_each(|warning| shows_nothing_raw(warning));
            Some(naming)
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Names);
            shows_nothing_raw(&error.to_string());
            None
        }
    }
}

/// Some addresses, and words of the input that are addresses or may be interfaces.
fn asked(input: &[u8]) -> Vec<String> {
    let mut asked: Vec<String> = ADDRESSES.map(str::to_owned).into();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-');
    let words = input.split(|&byte| !is_part(byte)).filter_map(|word| str::from_utf8(word).ok());
    let words = words.filter(|word| word.parse::<IpAddr>().is_ok() || word.contains('-'));
    asked.extend(words.filter(|word| word.len() > 1).take(ASKED_MAX).map(str::to_owned));
    asked
}

/// The address of a text, as records have it.
fn address(text: &str) -> Option<IpAddr> {
    let octets: Option<Vec<u8>> = text.split('.').map(|octet| octet.parse().ok()).collect();
    let padded = || Some(<[u8; 4]>::try_from(octets?).ok()?.into());
    text.parse().ok().or_else(padded)
}

fn agrees(labels: &Labels, asked: &[String], twin: impl Fn(IpAddr) -> Option<String>) {
    for text in asked {
        let expected = address(text).and_then(&twin).unwrap_or_else(|| "-".to_owned());
        let found = String::from_utf8_lossy(labels.of(text.as_bytes()));
        assert_eq!(found, expected, "{text}");
    }
}

/// What a query by `key` counts is what there are labels of.
fn counted(key: &str, labels: &Labels, asked: &[String], naming: &Naming) {
    let mut text = "version srcaddr interface-id\n".to_owned();
    let mut expected: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for (nth, word) in asked.iter().enumerate() {
        let source = if word.parse::<IpAddr>().is_ok() { word } else { "-" };
        let interface = if source == "-" { word } else { "eni-1" };
        text += &format!("5 {source} {interface}\n");
        let seen = if key == "interface-name" { interface } else { source };
        *expected.entry(cut(labels.of(seen.as_bytes())).to_vec()).or_default() += 1;
        assert!(nth < ADDRESSES.len() + ASKED_MAX);
    }
    let (columns, names): (Vec<_>, Vec<_>) = Keys::parse(key, naming).unwrap().into_iter().unzip();
    let query = Query::builder().scope(Scope::All).group_by(columns).labels(names).top(0);
    let file = File::new(text.as_bytes());
    let found = file.ask(Engine::new().threads(1), &[query.build().unwrap()]);
    let expected: BTreeSet<(String, String)> = expected
        .into_iter()
        .map(|(label, count)| (label.escape_ascii().to_string(), count.to_string()))
        .collect();
    let contributors = found.answers[0].contributors.iter();
    let contributors = contributors.map(|(keys, value)| (keys[0].clone(), value.to_string()));
    assert_eq!(contributors.collect::<BTreeSet<_>>(), expected, "{key}");
}

/// Prefixes and what they are called, the first first.
type Named = Vec<(Prefix, String)>;

fn most_specific(named: &[(Prefix, String)], address: IpAddr) -> Option<String> {
    let mut best: Option<(u8, &String)> = None;
    for (prefix, name) in named {
        let (own, bits) = match (*prefix, address) {
            (Prefix::V4(_, bits), IpAddr::V4(address)) => {
                (Prefix::v4(address.to_bits(), bits), bits)
            }
            (Prefix::V6(_, bits), IpAddr::V6(address)) => {
                (Prefix::v6(address.to_bits(), bits), bits)
            }
            _ => continue,
        };
        if own == Some(*prefix) && best.is_none_or(|(most, _)| bits > most) {
            best = Some((bits, name));
        }
    }
    best.map(|(_, name)| name.clone())
}

/// The prefixes of a table without a header, tabs and quotes; none of anything else.
fn table(input: &[u8]) -> Option<Named> {
    let text = str::from_utf8(input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input)).ok()?;
    if text.trim_ascii_start().starts_with(['{', '[']) || text.contains(['"', '\t']) {
        return None;
    }
    let lines = text.split('\n').map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut named = Named::new();
    for (nth, line) in lines.enumerate() {
        let (what, name) = line.split_once(',')?;
        let (what, name) = (what.trim(), name.trim());
        match Prefix::parse(what) {
            Some(prefix) => named.push((prefix, name.to_owned())),
            None if nth == 0 => return None,
            None => assert!(what.contains('-'), "{what}"),
        }
    }
    Some(named)
}

/// The prefixes of AWS's services, and those of AMAZON.
fn ranges(input: &[u8]) -> Option<(Named, Named)> {
    let file: serde_json::Value = serde_json::from_slice(input).ok()?;
    let mut named = Named::new();
    for (list, member) in [("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")] {
        for one in file[list].as_array()? {
            let prefix = Prefix::parse(one[member].as_str()?).unwrap();
            named.push((prefix, one["service"].as_str()?.to_owned()));
        }
    }
    // Of equal prefixes any but EC2's counts, then the first by name.
    named.sort_by_key(|(_, service)| (service == "EC2", service.clone()));
    Some(named.into_iter().partition(|(_, service)| service != "AMAZON"))
}

/// What a database says of an address, by the crate that reads it.
type Said = fn(&Reader<&[u8]>, IpAddr) -> Option<Option<String>>;

/// Labels of IPv4 addresses are what the database says of them; those of IPv6 too, but for other
/// ways to write those of IPv4, which have none.
fn in_database(input: &[u8], labels: &Labels, asked: &[String], said: Said) {
    let reader = Reader::from_source(input).unwrap();
    for text in asked {
        let found = String::from_utf8_lossy(labels.of(text.as_bytes())).into_owned();
        let expected = address(text).and_then(|address| {
            let is_v6_in_v4 = reader.metadata.ip_version == 4 && address.is_ipv6();
            if is_v6_in_v4 { None } else { said(&reader, address) }
        });
        // What the crate cannot say alone is not compared.
        let Some(expected) = expected else { continue };
        let is_alias = text.contains(':') && found == "-";
        if !is_alias {
            assert_eq!(Some(found).filter(|label| label != "-"), expected, "{text}");
        }
    }
}

fn member(reader: &Reader<&[u8]>, address: IpAddr, path: &[&str]) -> Option<Option<String>> {
    let path: Vec<PathElement<'_>> = path.iter().map(|name| PathElement::Key(name)).collect();
    reader.lookup(address).ok()?.decode_path(&path).ok()
}

fn country(reader: &Reader<&[u8]>, address: IpAddr) -> Option<Option<String>> {
    let code = member(reader, address, &["country_code"])?;
    let plain = member(reader, address, &["country"]).unwrap_or(None);
    let inner = || member(reader, address, &["country", "iso_code"]);
    match code.or(plain) {
        Some(code) => Some(Some(code)),
        None => inner(),
    }
}

fn system(reader: &Reader<&[u8]>, address: IpAddr) -> Option<Option<String>> {
    let of = |name: &str| member(reader, address, &[name]);
    let path = [PathElement::Key("autonomous_system_number")];
    let number: Option<u32> = reader.lookup(address).ok()?.decode_path(&path).ok()?;
    let number = number.map(|number| format!("AS{number}")).or(of("asn")?);
    let whose = of("autonomous_system_organization")?.or(of("as_name")?).or(of("name")?);
    let label = |number: String| match whose.filter(|whose| !whose.is_empty()) {
        Some(whose) => format!("{number} {whose}"),
        None => number,
    };
    Some(number.map(label))
}
