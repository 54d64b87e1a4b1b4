//! The generator: the same bytes for the same seed, and the shares that were asked for.

use super::{Generator, Options};
use std::collections::HashSet;

fn log(options: Options) -> String {
    let mut generator = Generator::new(options).expect("options are good");
    let mut out = Vec::new();
    while generator.fill(&mut out) {}
    String::from_utf8(out).expect("a log is ASCII")
}

fn records(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split(' ').collect()).collect()
}

fn sources<'a>(records: &'a [Vec<&str>]) -> HashSet<&'a str> {
    records.iter().map(|record| record[3]).filter(|&source| source != "-").collect()
}

/// The share of records whose field has the value.
fn share_of(records: &[Vec<&str>], field: usize, value: &str) -> f64 {
    let count = records.iter().filter(|record| record[field] == value).count();
    count as f64 / records.len() as f64
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn the_bytes_never_change() {
    let four = log(Options { lines: 1000, ..Options::default() });
    let both = Options { lines: 1000, seed: 7, ipv6: 0.5, header: true, ..Options::default() };
    assert_eq!(
        (fnv1a(four.as_bytes()), fnv1a(log(both).as_bytes())),
        (14_757_944_080_138_679_150, 11_789_139_477_046_042_480)
    );
}

#[test]
fn pieces_are_whole_lines_and_the_size_of_the_log_does_not_matter() {
    let mut generator = Generator::new(Options { lines: 5000, ..Options::default() }).unwrap();
    let (mut whole, mut piece) = (Vec::new(), Vec::new());
    while generator.fill(&mut piece) {
        assert_eq!(piece.last(), Some(&b'\n'));
        whole.append(&mut piece);
    }
    assert!(!generator.fill(&mut piece) && piece.is_empty());
    let longer = log(Options { lines: 6000, ..Options::default() });
    // A log may end within a run, but is the beginning of any longer one.
    assert!(longer.as_bytes().starts_with(&whole));
    assert_ne!(log(Options { lines: 5000, seed: 2, ..Options::default() }).as_bytes(), whole);
}

#[test]
fn lines_are_exact_and_the_header_is_one_more() {
    for lines in [0, 1, 2, 3, 55, 1000, 4321] {
        let text = log(Options { lines, ..Options::default() });
        assert_eq!(text.lines().count() as u64, lines);
        let text = log(Options { lines, header: true, ..Options::default() });
        assert_eq!(text.lines().count() as u64, lines + 1);
        assert!(text.starts_with("version account-id interface-id srcaddr dstaddr "));
    }
}

#[test]
fn every_record_is_well_formed() {
    let options = Options { lines: 40_000, ipv6: 0.3, no_data: 0.1, ..Options::default() };
    for record in records(&log(options)) {
        assert_eq!((record.len(), record[0], record[1].len()), (14, "2", 12), "{record:?}");
        let id = record[2].strip_prefix("eni-").unwrap();
        assert!(id.len() == 8 || id.len() == 17);
        let number = |field: usize| record[field].parse::<u64>().unwrap();
        assert!(number(10) < number(11));
        if record[13] != "OK" {
            assert!(record[3..10].iter().chain([&record[12]]).all(|value| *value == "-"));
            continue;
        }
        let addresses: [std::net::IpAddr; 2] = [3, 4].map(|field| record[field].parse().unwrap());
        assert_eq!(addresses.map(|address| address.to_string()), [record[3], record[4]]);
        assert_eq!(addresses[0].is_ipv4(), addresses[1].is_ipv4());
        assert!(number(5) <= 65_535 && number(6) <= 65_535);
        let (packets, bytes) = (number(8), number(9));
        assert!((28 * packets..=1520 * packets).contains(&bytes), "{record:?}");
    }
}

#[test]
fn shares_are_the_observed_ones() {
    let text = log(Options { lines: 200_000, ..Options::default() });
    let records = records(&text);
    let near = |share: f64, wanted: f64, off: f64| {
        assert!((share - wanted).abs() < off, "{share} for {wanted}");
    };
    near(share_of(&records, 13, "NODATA"), 0.02, 0.001);
    near(share_of(&records, 13, "SKIPDATA"), 0.0002, 0.0001);
    near(share_of(&records, 12, "REJECT"), 0.3 * 0.98, 0.003);
    near(share_of(&records, 7, "6"), 0.81 * 0.98, 0.02);
    near(share_of(&records, 7, "17"), 0.17 * 0.98, 0.02);
    near(share_of(&records, 7, "1"), 0.02 * 0.98, 0.005);
    near(text.len() as f64 / 200_000.0, 116.5, 1.0);
    let (rejected, accepted): (Vec<_>, Vec<_>) =
        records.into_iter().filter(|r| r[13] == "OK").partition(|r| r[12] == "REJECT");
    near(share_of(&rejected, 8, "1"), 0.98, 0.01);
    near(share_of(&rejected, 9, "40"), 0.79, 0.02);
    near(share_of(&accepted, 5, "443") + share_of(&accepted, 6, "443"), 0.37, 0.03);
    let mut bytes: Vec<u64> = accepted.iter().map(|record| record[9].parse().unwrap()).collect();
    bytes.sort_unstable();
    for (percent, wanted) in [(10, 70.0), (25, 128.0), (50, 926.0), (75, 7.7e3), (90, 62e3)] {
        near(bytes[bytes.len() * percent / 100] as f64 / wanted, 1.0, 0.1);
    }
}

#[test]
fn shares_of_0_and_1_are_exact() {
    let of = |no_data, reject, ipv6| {
        let options = Options { lines: 3000, no_data, reject, ipv6, ..Options::default() };
        let text = log(options);
        let records = records(&text);
        let shares = (share_of(&records, 13, "OK"), share_of(&records, 12, "REJECT"));
        let six = records.iter().filter(|record| record[3].contains(':')).count();
        (shares.0, shares.1, six)
    };
    assert_eq!(of(0.0, 0.0, 0.0), (1.0, 0.0, 0));
    assert_eq!(of(0.0, 1.0, 1.0), (1.0, 1.0, 3000));
    assert_eq!(of(1.0, 0.5, 0.5), (0.0, 0.0, 0));
    let (ok, rejected, six) = of(0.5, 0.9, 0.25);
    assert!((ok - 0.5).abs() < 0.02 && (rejected - 0.45).abs() < 0.03, "{ok} {rejected}");
    assert!((six as f64 / 1500.0 - 0.25).abs() < 0.06, "{six}");
}

#[test]
fn contributors_bound_the_sources() {
    for contributors in [1, 2, 3, 5, 100, 2000] {
        for ipv6 in [0.0, 1.0] {
            let lines = 2000 + 20 * u64::from(contributors);
            let text = log(Options { lines, contributors, ipv6, ..Options::default() });
            let distinct = sources(&records(&text)).len();
            assert!(distinct <= contributors as usize, "{distinct} of {contributors}");
            assert!(distinct * 10 >= contributors as usize * 8, "{distinct} of {contributors}");
        }
    }
    let mixed = |contributors| {
        let text = log(Options { lines: 20_000, contributors, ipv6: 0.5, ..Options::default() });
        sources(&records(&text)).len()
    };
    assert_eq!([mixed(1), mixed(2), mixed(9)], [2, 2, 9]);
}

#[test]
fn a_short_log_has_many_talkers() {
    let text = log(Options { lines: 1000, ..Options::default() });
    let records = records(&text);
    assert!(sources(&records).len() > 100);
    let interfaces: HashSet<&str> = records.iter().map(|record| record[2]).collect();
    assert!(interfaces.len() > 20);
}

#[test]
fn most_accepted_records_have_an_answer_in_their_window() {
    let text = log(Options { lines: 20_000, ..Options::default() });
    let records = records(&text);
    let keys: HashSet<[&str; 7]> =
        records.iter().map(|r| [r[2], r[3], r[4], r[5], r[6], r[10], r[12]]).collect();
    let accepted: Vec<_> = records.iter().filter(|record| record[12] == "ACCEPT").collect();
    let answer = |r: &&&Vec<&str>| keys.contains(&[r[2], r[4], r[3], r[6], r[5], r[10], r[12]]);
    assert!(accepted.iter().filter(answer).count() * 10 > accepted.len() * 9);
}

#[test]
fn unusable_options_are_refused() {
    let refused = |options| Generator::new(options).expect_err("should be refused");
    let default = Options::default;
    assert_eq!(refused(Options { ipv6: 1.5, ..default() }), "ipv6 1.5 is not within 0..=1");
    assert_eq!(refused(Options { no_data: -0.1, ..default() }), "no_data -0.1 is not within 0..=1");
    assert_eq!(
        refused(Options { reject: f64::NAN, ..default() }),
        "reject nan is not within 0..=1"
    );
    for contributors in [0, u32::MAX] {
        let error = refused(Options { contributors, ..default() });
        assert_eq!(error, format!("contributors {contributors} is not within 1..=16777216"));
    }
}
