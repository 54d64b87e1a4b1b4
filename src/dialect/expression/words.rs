//! Words for numbers: protocols, services and flags, as they are in wide use.

/// Protocols by their numbers.
const PROTOCOLS: [(&str, u8); 17] = [
    ("icmp", 1),
    ("igmp", 2),
    ("ipip", 4),
    ("tcp", 6),
    ("egp", 8),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmp6", 58),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("ospf", 89),
    ("vrrp", 112),
    ("sctp", 132),
];

/// Services by their ports.
const SERVICES: [(&str, u16); 62] = [
    ("ftp-data", 20),
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("dns", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("dhcp", 67),
    ("tftp", 69),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("nntp", 119),
    ("ntp", 123),
    ("msrpc", 135),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap", 143),
    ("snmp", 161),
    ("snmptrap", 162),
    ("bgp", 179),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("smb", 445),
    ("submissions", 465),
    ("smtps", 465),
    ("isakmp", 500),
    ("syslog", 514),
    ("submission", 587),
    ("ldaps", 636),
    ("domain-s", 853),
    ("rsync", 873),
    ("imaps", 993),
    ("pop3s", 995),
    ("socks", 1080),
    ("openvpn", 1194),
    ("ms-sql-s", 1433),
    ("mssql", 1433),
    ("oracle", 1521),
    ("radius", 1812),
    ("nfs", 2049),
    ("zookeeper", 2181),
    ("etcd", 2379),
    ("mysql", 3306),
    ("rdp", 3389),
    ("ipsec-nat-t", 4500),
    ("sip", 5060),
    ("mdns", 5353),
    ("postgresql", 5432),
    ("postgres", 5432),
    ("amqp", 5672),
    ("vnc", 5900),
    ("redis", 6379),
    ("kafka", 9092),
    ("elasticsearch", 9200),
    ("memcached", 11211),
    ("mongodb", 27017),
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
    find(&PROTOCOLS, word)
}

/// The port of a service, by its name in capitals or not.
pub fn service(word: &str) -> Option<u16> {
    find(&SERVICES, word)
}

/// The bit of a flag, by its name in capitals or not.
pub fn flag(word: &str) -> Option<u8> {
    find(&FLAGS, word)
}

/// The names of protocols.
pub fn protocols() -> impl Iterator<Item = &'static str> {
    PROTOCOLS.iter().map(|(name, _)| *name)
}

/// The names of services.
pub fn services() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|(name, _)| *name)
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
        let names: Vec<&str> = services().chain(protocols()).collect();
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name} is there twice");
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
        let bits = FLAGS.iter().fold(0, |all, (_, bit)| all | bit);
        assert_eq!(bits, u8::MAX);
    }
}
