//! Words for numbers: flags, and protocols and services by IANA's names, which keys show, and by
//! some others that are in wide use.

use crate::iana;

/// Names in wide use for protocols that IANA calls otherwise.
const PROTOCOLS: [(&str, u8); 3] = [("icmp6", 58), ("icmpv6", 58), ("ospf", 89)];

/// Names in wide use for the services of ports that IANA calls otherwise, or not at all.
const SERVICES: [(&str, u16); 14] = [
    ("dns", 53),
    ("dhcp", 67),
    ("msrpc", 135),
    ("smb", 445),
    ("smtps", 465),
    ("mssql", 1433),
    ("zookeeper", 2181),
    ("etcd", 2379),
    ("rdp", 3389),
    ("postgres", 5432),
    ("vnc", 5900),
    ("kafka", 9092),
    ("elasticsearch", 9200),
    ("memcached", 11211),
];

/// What TCP flags are called.
pub const FLAGS: [(&str, u8); 8] = [
    ("fin", 1),
    ("syn", 2),
    ("rst", 4),
    ("psh", 8),
    ("ack", 16),
    ("urg", 32),
    ("ece", 64),
    ("cwr", 128),
];

/// The number of a protocol, by its name in capitals or not.
pub fn protocol(word: &str) -> Option<u8> {
    find(&PROTOCOLS, word).or_else(|| iana::protocol(word))
}

/// The port of a service, by its name in capitals or not.
pub fn service(word: &str) -> Option<u16> {
    // Lists have many numbers, and the table is walked for a name.
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { None } else { find(&SERVICES, word).or_else(|| iana::port(word)) }
}

/// The ports of a service, of which a few have several.
pub fn ports(word: &str) -> Vec<u16> {
    match service(word) {
        Some(first) if iana::port(word) == Some(first) => iana::ports_of(word).collect(),
        first => first.into_iter().collect(),
    }
}

/// The bit of a flag, by its name in capitals or not.
pub fn flag(word: &str) -> Option<u8> {
    find(&FLAGS, word)
}

/// The names of protocols.
pub fn protocols() -> impl Iterator<Item = &'static str> {
    PROTOCOLS.iter().map(|(name, _)| *name).chain(iana::protocols().map(|(_, name)| name))
}

/// The names of services.
pub fn services() -> impl Iterator<Item = &'static str> {
    let names = iana::ports().flat_map(|(_, names)| names.split('/'));
    SERVICES.iter().map(|(name, _)| *name).chain(names)
}

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_one_number_each() {
        assert_eq!(protocol("TCP"), Some(6));
        assert_eq!(service("https"), Some(443));
        assert_eq!(flag("Syn"), Some(2));
        assert_eq!((protocol("tpc"), service(""), flag("x")), (None, None, None));
        assert_eq!((protocol("esp"), protocol("ICMPv6")), (Some(50), Some(58)));
        // What keys show can be typed, and no word in wide use is another thing there.
        assert_eq!(
            (ports("http-alt"), ports("rdp"), ports("x")),
            (vec![591, 8008, 8080], vec![3389], vec![])
        );
        assert_eq!(
            (service("rdp"), service("443"), service("syslog")),
            (Some(3389), None, Some(514))
        );
        assert!(PROTOCOLS.iter().all(|(name, _)| iana::protocol(name).is_none()));
        assert!(SERVICES.iter().all(|(name, _)| iana::port(name).is_none()));
        let bits = FLAGS.iter().fold(0, |all, (_, bit)| all | bit);
        assert_eq!(bits, u8::MAX);
    }
}
