//! Databases in all sizes of their records, and what is none.

#[path = "../../../tests/common/mmdb.rs"]
mod made;

use super::*;
use made::Value;

fn found(labels: &Labels, address: &str) -> String {
    String::from_utf8(labels.of(address.as_bytes()).to_vec()).unwrap()
}

#[test]
fn countries_of_addresses() {
    for (is_v6, bits) in [(false, 24), (false, 28), (true, 24), (true, 28), (true, 32)] {
        let labels = countries(&made::countries(is_v6, bits)).unwrap();
        assert_eq!(labels.count(), 3);
        for (address, code) in [
            ("192.0.2.0", "NZ"),
            ("192.0.2.127", "NZ"),
            ("192.0.2.128", "IS"),
            ("192.0.3.0", "-"),
            ("198.51.100.255", "IS"),
            ("203.0.113.6", "-"),
            ("203.0.113.7", "NZ"),
            ("203.0.113.8", "-"),
            ("10.0.0.1", "-"),
            ("2001:db8::1", if is_v6 { "IS" } else { "-" }),
            ("2001:db8:ffff::1", if is_v6 { "NZ" } else { "-" }),
            ("2a0f:ffff::", if is_v6 { "IS" } else { "-" }),
            // Another way to write an address of IPv4, which logs do not have.
            ("2002:c000:200::", "-"),
            ("::1", "-"),
            ("-", "-"),
        ] {
            assert_eq!(found(&labels, address), code, "{address} {bits} {is_v6}");
        }
    }
}

#[test]
fn systems_and_whose_they_are() {
    for (is_v6, bits) in [(false, 32), (true, 24)] {
        let labels = systems(&made::systems(is_v6, bits)).unwrap();
        assert_eq!(found(&labels, "192.0.2.200"), "AS64496 Example, Inc.");
        assert_eq!(found(&labels, "198.51.100.1"), "AS4200000001");
        assert_eq!(found(&labels, "203.0.113.1"), "AS64511 Other");
        assert_eq!(found(&labels, "198.51.100.200"), "-");
    }
}

/// Other makers of databases write a country as a text.
#[test]
fn countries_as_texts() {
    let records = [
        Value::Map(vec![("country", Value::Text("NZ"))]),
        Value::Map(vec![("country", Value::Text("Iceland")), ("country_code", Value::Text("IS"))]),
        Value::Map(vec![("city", Value::Text("x"))]),
    ];
    let networks = [("0.0.0.0/1", 0), ("128.0.0.0/2", 1), ("192.0.0.0/2", 2)];
    let labels = countries(&made::database("x", false, 24, &networks, &records)).unwrap();
    let codes = ["1.1.1.1", "129.0.0.1", "193.0.0.1"].map(|address| found(&labels, address));
    assert_eq!(codes, ["NZ", "IS", "-"]);
}

/// A leaf above all of IPv4 is one of its addresses too.
#[test]
fn a_leaf_of_all_addresses() {
    let records = [Value::Map(vec![("country", Value::Text("NZ"))])];
    let file = made::database("x", true, 24, &[("::/1", 0)], &records);
    let labels = countries(&file).unwrap();
    let codes = ["1.1.1.1", "2001:db8::1", "ffff::"].map(|address| found(&labels, address));
    assert_eq!(codes, ["NZ", "NZ", "-"]);
}

#[test]
fn what_is_no_database_is_said() {
    let fault = |file: &[u8]| countries(file).unwrap_err().to_string();
    assert!(fault(b"10.0.0.1,web").starts_with("no MaxMind database: "));
    assert_eq!(
        fault(&made::systems(true, 24)),
        "a database of the type Made-up-ASN, in which no address has a country; is it one for \
         --asn?"
    );
    let error = systems(&made::countries(true, 24)).unwrap_err().to_string();
    assert!(error.ends_with("no address has an autonomous system; is it one for --geoip?"));
}

/// Records of 64 networks, all but the first of which point into the first.
fn pointing(name: &'static str, first: Value, at: u16) -> Vec<u8> {
    let record = |value: Value| Value::Map(vec![(name, value)]);
    let others = (1..64).map(|_| record(Value::Pointer(at)));
    let records: Vec<Value> = std::iter::once(record(first)).chain(others).collect();
    let networks: Vec<String> = (0..64).map(|nth| format!("{}.0.0.0/6", nth * 4)).collect();
    let networks: Vec<(&str, usize)> =
        networks.iter().enumerate().map(|(nth, network)| (network.as_str(), nth)).collect();
    made::database("x", false, 24, &networks, &records)
}

/// A small file cannot lead to more than fits into memory, or can be read in good time.
#[test]
fn what_records_share_has_limits() {
    let text = |bytes: usize| Value::Text(String::leak("N".repeat(bytes)));
    // Behind a map's control byte and a name of seven.
    let shared = |bytes: usize| countries(&pointing("country", text(bytes), 9));
    assert_eq!(shared(100).unwrap().count(), 2);
    for bytes in [600, LABEL_BYTES_MAX] {
        let error = shared(bytes).unwrap_err().to_string();
        assert!(error.ends_with("it says: more labels than such a file holds"), "{error}");
    }
    let error = shared(LABEL_BYTES_MAX + 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "a damaged database: of 0.0.0.0 it says: a country of 1025 bytes, expected at most 1024"
    );
    let list = |values: usize| Value::List(vec![Value::Number(1); values]);
    let shared = |values: usize| countries(&pointing("x", list(values), 3)).unwrap_err();
    assert!(shared(1_000).to_string().contains("no address has a country"));
    let error = shared(20_000).to_string();
    assert!(error.ends_with("it says: more values than such a file holds"), "{error}");
    // Nor has one record more than 65,536.
    let error = shared(65_536).to_string();
    assert!(error.ends_with("it says: what has no end"), "{error}");
}

/// No damage is taken for a database that it cannot be, and none ends the program.
#[test]
fn damaged_databases_are_refused() {
    let whole = made::countries(true, 24);
    let nodes = 6 * Reader::from_source(&whole[..]).unwrap().metadata.node_count as usize;
    // A circle: the first node leads to itself.
    let mut circle = whole.clone();
    circle[..6].fill(0);
    let error = countries(&circle).unwrap_err().to_string();
    assert_eq!(error, "a damaged database: its tree of addresses is none");
    // Every record that is none: it leads beyond the end.
    let mut beyond = whole.clone();
    beyond[..nodes].fill(0xff);
    assert!(countries(&beyond).unwrap_err().to_string().starts_with("a damaged database: "));
    // Without its front all that is left says less than it should.
    assert!(countries(&whole[nodes - 6..]).is_err());
    // More nodes than there are.
    let mut more = whole.clone();
    let at = whole.windows(10).position(|bytes| bytes == b"node_count").unwrap() + 11;
    more[at] = 0xff;
    assert_eq!(countries(&more).unwrap_err().to_string(), CUT_SHORT);
    let mut gap = whole.clone();
    gap[..6].copy_from_slice(&[
        0,
        ((nodes / 6) >> 8) as u8,
        ((nodes / 6) & 255) as u8 + 7,
        0,
        0,
        0,
    ]);
    let error = countries(&gap).unwrap_err().to_string();
    assert_eq!(error, "a damaged database: a record that is nowhere");
    // A record that leads to itself, and something that a file says of itself.
    let mut endless = whole.clone();
    endless[nodes + 16..nodes + 18].copy_from_slice(&[0x20, 0]);
    let error = countries(&endless).unwrap_err().to_string();
    assert_eq!(error, "a damaged database: of 192.0.2.0 it says: what has no end");
    let languages = whole.windows(10).position(|bytes| bytes == b"\x49languages").unwrap() + 10;
    let start = whole.len() - metadata(&whole).unwrap().len();
    let mut endless = whole.clone();
    let to = (languages - start) as u8;
    endless[languages..languages + 2].copy_from_slice(&[0x20, to]);
    assert_eq!(countries(&endless).unwrap_err().to_string(), CANNOT_BE);
    for length in 0..whole.len() {
        let _ = countries(&whole[..length]);
    }
    let mut changed = whole.clone();
    for at in 0..whole.len() {
        changed[at] ^= 0x11;
        if let Ok(labels) = countries(&changed) {
            assert!(labels.count() <= 4, "byte {at}");
        }
        changed[at] = whole[at];
    }
}
