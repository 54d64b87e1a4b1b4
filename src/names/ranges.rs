//! Services of addresses from AWS's `ip-ranges.json`.
//!
//! Most of its prefixes are there twice and more: AMAZON has all of them, EC2 what other services
//! run on. Nobody asks which of AWS's addresses are AMAZON's; so that is the answer only where no
//! other service covers an address, however specific.

use std::cmp::Reverse;

use hashbrown::HashSet;
use serde::Deserialize;

use super::fault;
use crate::error::Error;
use crate::error::shown;
use crate::labels::Labels;
use crate::prefixes::Prefix;

#[derive(Deserialize)]
struct File {
    prefixes: Vec<V4>,
    ipv6_prefixes: Vec<V6>,
}

#[derive(Deserialize)]
struct V4 {
    ip_prefix: String,
    service: String,
}

#[derive(Deserialize)]
struct V6 {
    ipv6_prefix: String,
    service: String,
}

/// Reads the file.
pub fn read(text: &[u8]) -> Result<Labels, Error> {
    let file: File = serde_json::from_slice(text).map_err(|error| {
        fault(format!(
            "{error}; expected ip-ranges.json from https://ip-ranges.amazonaws.com/ip-ranges.json"
        ))
    })?;
    let mut found = Vec::new();
    for (at, V4 { ip_prefix, service }) in file.prefixes.into_iter().enumerate() {
        let place = || format!("$.prefixes[{at}].ip_prefix");
        found.push((prefix(&ip_prefix, place)?, service));
    }
    for (at, V6 { ipv6_prefix, service }) in file.ipv6_prefixes.into_iter().enumerate() {
        let place = || format!("$.ipv6_prefixes[{at}].ipv6_prefix");
        found.push((prefix(&ipv6_prefix, place)?, service));
    }
    let (all, services): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, service)| service == "AMAZON");
    let covered: HashSet<Prefix> = services.iter().map(|(prefix, _)| *prefix).collect();
    let all = all.into_iter().filter(|(prefix, _)| !is_covered(*prefix, &covered));
    let mut labels: Vec<(Prefix, String)> = services.into_iter().chain(all).collect();
    // Of equal prefixes the first counts.
    labels.sort_by(|(_, left), (_, right)| rank(left).cmp(&rank(right)));
    Ok(Labels::of_prefixes(labels))
}

fn rank(service: &str) -> (Reverse<bool>, &str) {
    (Reverse(service != "EC2"), service)
}

fn prefix(text: &str, place: impl Fn() -> String) -> Result<Prefix, Error> {
    let found = Prefix::parse(text);
    found.ok_or_else(|| {
        let text = shown(text);
        fault(format!("{}: {text}, expected a prefix such as 3.5.140.0/22", place()))
    })
}

/// Whether a prefix, or one around it, is among these.
fn is_covered(prefix: Prefix, among: &HashSet<Prefix>) -> bool {
    match prefix {
        Prefix::V4(first, bits) => {
            (0..=bits).filter_map(|bits| Prefix::v4(first, bits)).any(|p| among.contains(&p))
        }
        Prefix::V6(first, bits) => {
            (0..=bits).filter_map(|bits| Prefix::v6(first, bits)).any(|p| among.contains(&p))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"syncToken": "1", "createDate": "2026-01-01-00-00-00", "prefixes": [
      {"ip_prefix": "3.0.0.0/15", "region": "x", "service": "AMAZON", "network_border_group": "x"},
      {"ip_prefix": "3.0.0.0/15", "region": "x", "service": "EC2", "network_border_group": "x"},
      {"ip_prefix": "3.0.5.0/24", "region": "x", "service": "AMAZON"},
      {"ip_prefix": "3.0.5.32/27", "region": "x", "service": "EC2"},
      {"ip_prefix": "3.0.5.32/27", "region": "x", "service": "EC2_INSTANCE_CONNECT"},
      {"ip_prefix": "3.0.5.32/27", "region": "x", "service": "AMAZON"},
      {"ip_prefix": "52.0.0.0/8", "region": "x", "service": "AMAZON"},
      {"ip_prefix": "52.1.0.0/16", "region": "x", "service": "S3"},
      {"ip_prefix": "52.1.0.0/16", "region": "x", "service": "CLOUDFRONT"}],
     "ipv6_prefixes": [
      {"ipv6_prefix": "2600:1f00::/24", "region": "x", "service": "AMAZON"},
      {"ipv6_prefix": "2600:1f00:1::/48", "region": "x", "service": "S3"}]}"#;

    #[test]
    fn amazon_is_the_service_only_where_no_other_is() {
        let labels = read(FILE.as_bytes()).unwrap();
        let service = |text: &str| str::from_utf8(labels.of(text.as_bytes())).unwrap();
        assert_eq!(service("3.0.0.1"), "EC2");
        assert_eq!(service("3.0.5.1"), "EC2", "AMAZON is more specific there");
        assert_eq!(service("3.0.5.33"), "EC2_INSTANCE_CONNECT");
        assert_eq!(service("52.0.0.1"), "AMAZON");
        assert_eq!(service("52.1.0.1"), "CLOUDFRONT");
        assert_eq!(service("2600:1f00:1::7"), "S3");
        assert_eq!(service("2600:1f00:2::7"), "AMAZON");
        assert_eq!(service("10.0.0.1"), "-");
    }

    #[test]
    fn what_is_no_such_file() {
        let fault = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            fault(&FILE.replace("52.0.0.0/8", "52.0.0.0/99")),
            "$.prefixes[6].ip_prefix: \"52.0.0.0/99\", expected a prefix such as 3.5.140.0/22"
        );
        assert!(fault("{}").starts_with("missing field `prefixes` at line 1"));
        assert!(fault("10.0.0.1,web").contains("expected ip-ranges.json"));
    }
}
