//! Names of protocols and ports, as IANA's registries have them.
//!
//! The tables are texts beside this file, with their sources and dates; nothing is looked up
//! anywhere else. A port's name depends on the protocol for one in fifty of them (514 is `shell`
//! of TCP and `syslog` of UDP): then both are the name, `shell/syslog`.

const PROTOCOLS: &str = include_str!("protocols.txt");
const PORTS: &str = include_str!("ports.txt");

/// The numbers and names of a table.
fn rows(table: &'static str) -> impl Iterator<Item = (u16, &'static str)> {
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let (number, name) = line.split_once(' ')?;
        Some((number.parse().ok()?, name))
    })
}

/// All protocols that have a name, with their numbers, in order.
pub fn protocols() -> impl Iterator<Item = (u16, &'static str)> {
    rows(PROTOCOLS)
}

/// All ports that have a name, in order; with a slash where TCP and UDP have different ones.
pub fn ports() -> impl Iterator<Item = (u16, &'static str)> {
    rows(PORTS)
}

/// The number of the protocol of that name, in capitals or not.
///
/// ```
/// assert_eq!(flowagg::iana::protocol("ipv6-icmp"), Some(58));
/// assert_eq!(flowagg::iana::protocol("GRE"), Some(47));
/// ```
pub fn protocol(name: &str) -> Option<u8> {
    let (number, _) = protocols().find(|(_, other)| other.eq_ignore_ascii_case(name))?;
    u8::try_from(number).ok()
}

/// The first port of that name, of TCP or of UDP, in capitals or not.
///
/// ```
/// assert_eq!(flowagg::iana::port("https"), Some(443));
/// assert_eq!(flowagg::iana::port("syslog"), Some(514));
/// ```
pub fn port(name: &str) -> Option<u16> {
    ports_of(name).next()
}

/// All ports of that name: a few names have several.
///
/// ```
/// assert!(flowagg::iana::ports_of("http-alt").eq([591, 8008, 8080]));
/// ```
pub fn ports_of(name: &str) -> impl Iterator<Item = u16> {
    let is_name = |names: &str| names.split('/').any(|other| other.eq_ignore_ascii_case(name));
    ports().filter(move |(_, names)| is_name(names)).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_and_whole() {
        let check = |table: &'static str, count: usize| {
            let rows: Vec<_> = rows(table).collect();
            let lines = table.lines().filter(|line| !line.starts_with('#'));
            assert_eq!((rows.len(), lines.count()), (count, count));
            assert!(rows.is_sorted_by(|left, right| left.0 < right.0));
            let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(rows.iter().all(|(_, name)| is_plain(name) && !name.contains(',')));
            assert!(table.lines().take(3).all(|line| line.starts_with('#')));
        };
        check(PROTOCOLS, 141);
        check(PORTS, 6123);
        assert!(protocols().all(|(number, _)| number <= 255));
    }

    #[test]
    fn names_lead_to_numbers_and_back() {
        let name = |wanted: u16| ports().find(|(port, _)| *port == wanted).map(|(_, name)| name);
        assert_eq!(name(22), Some("ssh"));
        assert_eq!(name(465), Some("submissions/igmpv3lite"));
        assert_eq!(name(514), Some("shell/syslog"));
        assert_eq!(name(3389), Some("ms-wbt-server"));
        assert_eq!(name(0), None);
        assert_eq!(port("Shell"), Some(514));
        assert_eq!(port("shell/syslog"), None);
        assert_eq!(port(""), None);
        assert_eq!([6, 17, 1].map(|number| Some(number) == protocol("udp")), [false, true, false]);
        assert_eq!(protocol("tcp"), Some(6));
        assert_eq!(protocol("hopopt"), Some(0));
        assert_eq!(protocol("none"), None);
    }
}
