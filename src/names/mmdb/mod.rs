//! Labels from databases in MaxMind's format (`.mmdb`), of MaxMind and others.
//!
//! A database is a tree of bits over all addresses, with records at its leaves; very many leaves
//! share a record. The tree is walked once and each record read once, so that a run asks no
//! database: its addresses lie in a set of prefixes like any other. The crate `maxminddb` reads
//! records and what a file says of itself. The tree is walked here, with a limit that a damaged
//! one runs into; the crate would walk a circle for ever. So it would with values, which are walked
//! before it decodes them.

mod walk;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};

use hashbrown::HashMap;
use maxminddb::Reader;
use memchr::memmem;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fault;
use crate::error::Error;
use crate::labels::Labels;
use crate::prefixes::Prefix;

/// What a record says of a country, in one of the ways there are.
#[derive(Deserialize)]
struct CountryRecord {
    country: Option<Country>,
    country_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Country {
    Code(String),
    Names { iso_code: Option<String> },
}

/// What a record says of an autonomous system.
#[derive(Deserialize)]
struct SystemRecord {
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<String>,
    asn: Option<String>,
    as_name: Option<String>,
    name: Option<String>,
}

/// Countries, by their ISO codes.
pub fn countries(file: &[u8]) -> Result<Labels, Error> {
    labels(file, "a country", "--asn", |record: CountryRecord| {
        let code = match record.country {
            Some(Country::Code(code)) => Some(code),
            Some(Country::Names { iso_code }) => iso_code,
            None => None,
        };
        record.country_code.or(code)
    })
}

/// Autonomous systems, by their number and whose they are.
pub fn systems(file: &[u8]) -> Result<Labels, Error> {
    labels(file, "an autonomous system", "--geoip", |record: SystemRecord| {
        let number = record.autonomous_system_number.map(|number| format!("AS{number}"));
        let number = number.or(record.asn)?;
        let whose = record.autonomous_system_organization.or(record.as_name).or(record.name);
        Some(match whose.filter(|whose| !whose.is_empty()) {
            Some(whose) => format!("{number} {whose}"),
            None => number,
        })
    })
}

/// Reads what all records say, in the words of `label`.
fn labels<R: DeserializeOwned>(
    file: &[u8],
    what: &str,
    other: &str,
    label: impl Fn(R) -> Option<String>,
) -> Result<Labels, Error> {
    if tree_bytes(file).is_some_and(|(tree, before)| tree > before) {
        return Err(fault(CUT_SHORT));
    }
    if metadata(file).is_some_and(|metadata| !walk::ends(metadata, 0, &mut u64::MAX.clone())) {
        return Err(fault(CANNOT_BE));
    }
    // The crate may panic on files that are damaged in still other ways.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let reader = Reader::from_source(file)
            .map_err(|error| fault(format!("no MaxMind database: {}", said(&error))))?;
        let mut texts: HashMap<usize, Option<String>> = HashMap::new();
        let leaves = leaves(file, &reader)?;
        let nodes = reader.metadata.node_count as usize;
        let tree_bytes = nodes * usize::from(reader.metadata.record_size) / 4;
        let values = file.get(tree_bytes + GAP_BYTES..).ok_or_else(|| fault(CUT_SHORT))?;
        let mut values_left = walk::values_max(file.len());
        let mut labels_left = LABELS_A_BYTE * file.len();
        for &(prefix, record) in &leaves {
            if texts.contains_key(&record) {
                continue;
            }
            let address = match prefix {
                Prefix::V4(first, _) => IpAddr::V4(Ipv4Addr::from_bits(first)),
                Prefix::V6(first, _) => IpAddr::V6(Ipv6Addr::from_bits(first)),
            };
            let damaged =
                |says: &str| fault(format!("a damaged database: of {address} it says: {says}"));
            let found = reader.lookup(address).map_err(|error| damaged(&said(&error)))?;
            if found.offset().is_some_and(|at| !walk::ends(values, at, &mut values_left)) {
                return Err(damaged(match values_left {
                    0 => "more values than such a file holds",
                    _ => "what has no end",
                }));
            }
            let found = found.decode::<R>().map_err(|error| damaged(&said(&error)))?;
            let text = found.and_then(&label);
            let bytes = text.as_ref().map_or(0, String::len);
            if bytes > LABEL_BYTES_MAX {
                let says = format!("{what} of {bytes} bytes, expected at most {LABEL_BYTES_MAX}");
                return Err(damaged(&says));
            }
            labels_left = labels_left
                .checked_sub(bytes)
                .ok_or_else(|| damaged("more labels than such a file holds"))?;
            texts.insert(record, text);
        }
        if !texts.values().any(Option::is_some) {
            let kind = reader.metadata.database_type.escape_debug();
            return Err(fault(format!(
                "a database of the type {kind}, in which no address has {what}; is it one for \
                 {other}?"
            )));
        }
        let labelled = leaves
            .iter()
            .filter_map(|(prefix, record)| Some((*prefix, texts.get(record)?.as_deref()?)));
        Ok(Labels::of_prefixes(labelled))
    }));
    read.unwrap_or_else(|_| Err(fault(CANNOT_BE)))
}

fn said(error: &maxminddb::MaxMindDbError) -> String {
    error.to_string().escape_debug().to_string()
}

const CUT_SHORT: &str = "a damaged database: it is cut short";
const CANNOT_BE: &str = "a damaged database: what it says of itself cannot be";

/// The bytes of the longest label. Names of countries and of those who run autonomous systems have
/// some hundred at most; records that each point at one long text would fill all of the memory.
const LABEL_BYTES_MAX: usize = 1 << 10;

/// Bytes of labels for each byte of a file, in which a record takes twenty or more.
const LABELS_A_BYTE: usize = 8;

/// Bytes between the tree and what records hold.
const GAP_BYTES: usize = 16;

/// What is before all that a file says of itself, at its end.
const MARK: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// What a file says of itself.
fn metadata(file: &[u8]) -> Option<&[u8]> {
    memmem::rfind(file, MARK).map(|start| &file[start + MARK.len()..])
}

/// The bytes of the tree by what a file says of itself, with the gap behind it, and those that
/// are there at most. The crate believes what is said, and panics.
fn tree_bytes(file: &[u8]) -> Option<(usize, usize)> {
    let start = memmem::rfind(file, MARK)?;
    let number = |key: &[u8]| {
        let value = &file[memmem::find(&file[start..], key)? + start + key.len()..];
        let (&control, mut value) = value.split_first()?;
        if control >> 5 == 0 {
            value = value.get(1..)?;
        }
        let bytes = value.get(..usize::from(control & 31))?;
        bytes.iter().try_fold(0usize, |all, &byte| all.checked_mul(256)?.checked_add(byte.into()))
    };
    let (nodes, bits) = (number(b"node_count")?, number(b"record_size")?);
    Some(((nodes.checked_mul(bits)? / 4).checked_add(GAP_BYTES)?, start))
}

/// A place in the tree.
struct Place {
    record: usize,
    /// The bits that lead there, in the highest of so many as an address has.
    address: u128,
    depth: u8,
}

/// The prefixes of all leaves with a record.
fn leaves(file: &[u8], reader: &Reader<&[u8]>) -> Result<Vec<(Prefix, usize)>, Error> {
    let tree = Tree {
        file,
        nodes: reader.metadata.node_count as usize,
        bits: reader.metadata.record_size,
    };
    let is_v6 = match reader.metadata.ip_version {
        4 => false,
        6 => true,
        version => {
            return Err(fault(format!("a database of IP version {version}, expected 4 or 6")));
        }
    };
    let all = if is_v6 { 128 } else { 32 };
    // In a tree of IPv6, addresses of IPv4 are those of 96 zeros and more; other ways to write
    // them lead there too, and are not gone.
    let mut ipv4 = 0;
    for _ in 0..if is_v6 { 96 } else { 0 } {
        ipv4 = if ipv4 < tree.nodes { tree.child(ipv4, 0)? } else { ipv4 };
    }
    let mut found = Vec::new();
    let mut waiting = vec![Place { record: 0, address: 0, depth: 0 }];
    let mut visits = 0;
    while let Some(Place { record, address, depth }) = waiting.pop() {
        let is_alias = is_v6 && ipv4 != 0 && record == ipv4 && address != 0;
        if record == tree.nodes || is_alias && record < tree.nodes {
            continue;
        }
        if record > tree.nodes {
            if record - tree.nodes < GAP_BYTES || record - tree.nodes >= file.len() {
                return Err(fault("a damaged database: a record that is nowhere"));
            }
            push_leaf(is_v6, address, depth, record, &mut found);
            continue;
        }
        visits += 1;
        if depth >= all || visits > tree.nodes {
            return Err(fault("a damaged database: its tree of addresses is none"));
        }
        let one = address | 1 << (all - 1 - depth);
        for (address, side) in [(one, 1), (address, 0)] {
            waiting.push(Place { record: tree.child(record, side)?, address, depth: depth + 1 });
        }
    }
    Ok(found)
}

fn push_leaf(is_v6: bool, address: u128, depth: u8, record: usize, to: &mut Vec<(Prefix, usize)>) {
    let is_v4 = !is_v6 || depth >= 96 && address >> 32 == 0;
    let prefix = match is_v4 {
        true => Prefix::v4(address as u32, if is_v6 { depth - 96 } else { depth }),
        false => Prefix::v6(address, depth),
    };
    to.extend(prefix.map(|prefix| (prefix, record)));
    // A leaf that has all of IPv4 in it.
    if !is_v4 && address == 0 {
        to.extend(Prefix::v4(0, 0).map(|prefix| (prefix, record)));
    }
}

/// The tree of a database: nodes of two records each.
struct Tree<'a> {
    file: &'a [u8],
    nodes: usize,
    /// Bits of a record.
    bits: u16,
}

impl Tree<'_> {
    /// The record on a side of a node: another node, nothing (the number of nodes), or more.
    fn child(&self, node: usize, side: usize) -> Result<usize, Error> {
        let bytes = usize::from(self.bits) / 4;
        let start = node.checked_mul(bytes);
        let node = start.and_then(|start| self.file.get(start..start.checked_add(bytes)?));
        let node = node.ok_or_else(|| fault(CUT_SHORT))?;
        let joined = |bytes: &[u8]| bytes.iter().fold(0, |all, &byte| all << 8 | usize::from(byte));
        Ok(match (self.bits, side) {
            (28, 0) => usize::from(node[3] >> 4) << 24 | joined(&node[..3]),
            (28, _) => usize::from(node[3] & 15) << 24 | joined(&node[4..]),
            (_, 0) => joined(&node[..bytes / 2]),
            _ => joined(&node[bytes / 2..]),
        })
    }
}

#[cfg(test)]
mod tests;
