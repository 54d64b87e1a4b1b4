//! What a record says: services, sizes and scans, in the observed shares.

use super::random::{Random, scale};

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMP_SIX: u8 = 58;

/// Where the peer of a flow is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Public,
    Inside,
    Resolver,
}

/// A kind of accepted flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    pub(super) protocol: u8,
    pub(super) port: u16,
    pub(super) scope: Scope,
    /// In how many of 256 flows the monitored host is the one that serves.
    pub(super) serves: u8,
}

const fn tcp(port: u16, scope: Scope, serves: u8) -> Service {
    Service { protocol: TCP, port, scope, serves }
}

const fn udp(port: u16, scope: Scope) -> Service {
    Service { protocol: UDP, port, scope, serves: 0 }
}

/// Services with the number of flows they have of 256. Observed among accepted records: port
/// 443 37 %, 53 26 % (a little less here, so that UDP stays at 17 % of all records), then
/// application ports, 123, 6379, 80, 22; ICMP is 2 % of all records.
const SERVICES: [(u32, Service); 21] = [
    (98, tcp(443, Scope::Public, 112)),
    (57, udp(53, Scope::Resolver)),
    (3, tcp(53, Scope::Resolver, 0)),
    (4, udp(123, Scope::Public)),
    (9, tcp(6379, Scope::Inside, 96)),
    (9, tcp(80, Scope::Public, 160)),
    (5, tcp(22, Scope::Public, 224)),
    (10, tcp(9997, Scope::Inside, 128)),
    (11, tcp(8080, Scope::Public, 192)),
    (8, tcp(5432, Scope::Inside, 64)),
    (8, tcp(8443, Scope::Public, 192)),
    (6, tcp(3306, Scope::Inside, 96)),
    (5, tcp(9092, Scope::Inside, 128)),
    (4, tcp(8089, Scope::Inside, 128)),
    (3, tcp(9200, Scope::Inside, 128)),
    (3, tcp(27_017, Scope::Inside, 96)),
    (2, tcp(5000, Scope::Inside, 192)),
    (2, tcp(4200, Scope::Inside, 128)),
    (1, tcp(3000, Scope::Inside, 192)),
    (2, tcp(27_016, Scope::Inside, 128)),
    (6, Service { protocol: ICMP, port: 0, scope: Scope::Public, serves: 160 }),
];

/// `SERVICES` spread over 256 equally likely places.
const SERVICE_OF: [u8; 256] = {
    let mut places = [0; 256];
    let (mut service, mut place) = (0, 0);
    while service < SERVICES.len() {
        let end = place + SERVICES[service].0 as usize;
        while place < end {
            places[place] = service as u8;
            place += 1;
        }
        service += 1;
    }
    assert!(place == 256);
    places
};

/// A service for eight random bits.
#[inline]
pub(super) fn service(bits: u8) -> &'static Service {
    &SERVICES[usize::from(SERVICE_OF[usize::from(bits)])].1
}

/// A client's port: the range of Linux for seven of eight, else any above 1023.
#[inline]
pub(super) fn ephemeral_port(bits: u32) -> u16 {
    let (low, count) = if bits & 7 != 0 { (32_768, 28_232) } else { (1024, 64_512) };
    (low + scale(bits, count)) as u16
}

/// Packets and bytes of the accepted records of one kind, by rank in 1024ths.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    cells: Vec<Size>,
}

/// The sizes of one 1024th: a first value and how far the others reach above it.
#[derive(Debug, Clone, Copy)]
struct Size {
    packets: u32,
    more_packets: u32,
    bytes: u32,
    more_bytes: u32,
}

/// `(rank, packets, bytes)`; sizes in between are interpolated.
type Quantile = (u32, u32, u32);

/// Accepted TCP. Together with `SMALL` for a quarter of the records this gives the observed
/// quantiles: bytes p10 70, p25 128, p50 926, p75 7.7 K, p90 62 K, p99 39.6 M and packets p10 1,
/// p50 8, p75 21, p90 97; the record with the most packets had 27 368 of 1446 bytes.
const BULK: [Quantile; 21] = [
    (0, 1, 40),
    (43, 1, 60),
    (107, 2, 122),
    (155, 4, 270),
    (205, 5, 420),
    (265, 6, 620),
    (341, 9, 926),
    (430, 10, 1500),
    (508, 12, 2300),
    (596, 16, 4200),
    (684, 20, 7700),
    (740, 31, 14_000),
    (800, 48, 25_000),
    (850, 73, 43_000),
    (888, 90, 62_000),
    (920, 240, 180_000),
    (950, 700, 600_000),
    (980, 3000, 3_000_000),
    (1011, 27_368, 39_600_000),
    (1021, 60_000, 88_000_000),
    (1024, 1_200_000, 1_750_000_000),
];

/// Accepted UDP and ICMP: names, times and echoes.
const SMALL: [Quantile; 6] =
    [(0, 1, 56), (284, 1, 70), (500, 1, 92), (711, 1, 128), (900, 2, 200), (1024, 3, 290)];

impl Sizes {
    pub(super) fn bulk() -> Sizes {
        Sizes::new(&BULK)
    }

    pub(super) fn small() -> Sizes {
        Sizes::new(&SMALL)
    }

    fn new(quantiles: &[Quantile]) -> Sizes {
        let mut cells = Vec::with_capacity(1024);
        for pair in quantiles.windows(2) {
            let (low, high) = (pair[0], pair[1]);
            let between = |from: u32, to: u32, step: u32| {
                let rise = u64::from(to - from) * u64::from(step) / u64::from(high.0 - low.0);
                from + rise as u32
            };
            for step in 0..high.0 - low.0 {
                let packets = between(low.1, high.1, step);
                let bytes = between(low.2, high.2, step);
                cells.push(Size {
                    packets,
                    more_packets: between(low.1, high.1, step + 1) - packets,
                    bytes,
                    more_bytes: between(low.2, high.2, step + 1) - bytes,
                });
            }
        }
        Sizes { cells }
    }

    /// The packets and bytes of one record: a packet has 40 to 1500 bytes.
    #[inline]
    pub(super) fn draw(&self, rank: u32, dice: u64) -> (u32, u32) {
        let cell = &self.cells[rank as usize];
        let bytes = cell.bytes + scale(dice as u32, cell.more_bytes + 1);
        let packets = cell.packets + scale((dice >> 24) as u32, cell.more_packets + 1);
        // A quarter more or less packets for the same bytes.
        let part = 192 + (dice >> 57);
        let packets = ((u64::from(packets) * part + 128) >> 8) as u32;
        (packets.clamp(bytes.div_ceil(1500), (bytes / 40).max(1)), bytes)
    }
}

/// The rank of the answer in `Sizes`: near the rank of the question. Turning back at both ends
/// keeps the ranks uniform.
#[inline]
pub(super) fn answer_rank(rank: u32, bits: u8) -> u32 {
    let moved = rank as i32 + i32::from(bits) - 128;
    let turned = if moved < 0 { -1 - moved } else { moved };
    (if turned > 1023 { 2047 - turned } else { turned }) as u32
}

/// What a scanner sends: protocol, and the least and most bytes of its packets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    pub(super) protocol: u8,
    pub(super) bytes: u32,
    pub(super) more: u32,
}

/// Probes with their number of 256: 40 bytes 79 %, then 44, 52, 32, and 60 to 118.
const PROBES: [(usize, Probe); 7] = [
    (202, Probe { protocol: TCP, bytes: 40, more: 0 }),
    (16, Probe { protocol: TCP, bytes: 44, more: 0 }),
    (11, Probe { protocol: TCP, bytes: 52, more: 0 }),
    (13, Probe { protocol: TCP, bytes: 60, more: 0 }),
    (3, Probe { protocol: UDP, bytes: 32, more: 0 }),
    (5, Probe { protocol: UDP, bytes: 60, more: 58 }),
    (6, Probe { protocol: ICMP, bytes: 28, more: 4 }),
];

/// A probe for eight random bits.
#[inline]
pub(super) fn probe(bits: u8) -> Probe {
    let mut left = usize::from(bits);
    for (count, probe) in PROBES {
        if left < count {
            return probe;
        }
        left -= count;
    }
    PROBES[0].1
}

/// Ports that scanners ask for in half of their probes.
const SCANNED_PORTS: [u16; 32] = [
    22, 23, 80, 443, 445, 3389, 8080, 5900, 6379, 3306, 5432, 21, 25, 8443, 9200, 27_017, 2375,
    1433, 5060, 8088, 81, 8081, 8888, 1723, 2323, 5555, 7547, 9000, 10_001, 11_211, 37_215, 52_869,
];

/// The ports of one scan, in the order they are asked for; none comes twice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    known: bool,
    next: u32,
    step: u32,
}

impl Ports {
    /// Well-known ports for half of the short scans, else an even walk over all of them.
    #[inline]
    pub(super) fn new(dice: u64, scans: u32) -> Ports {
        let known = dice & 1 == 0 && scans <= 4;
        let first = (dice >> 32) as u32;
        let next = scale(first, if known { SCANNED_PORTS.len() as u32 } else { ALL_PORTS });
        // A power of two has no factor in common with 65 535.
        Ports { known, next, step: 1 << ((dice >> 1) & 15) }
    }

    #[inline]
    pub(super) fn next(&mut self) -> u16 {
        if self.known {
            let port = SCANNED_PORTS[self.next as usize % SCANNED_PORTS.len()];
            self.next += 1;
            return port;
        }
        let port = 1 + self.next;
        self.next = (self.next + self.step) % ALL_PORTS;
        port as u16
    }
}

/// Ports 1 to 65 535.
const ALL_PORTS: u32 = 65_535;

/// How many records one scanner leaves in one window on one interface: mostly one, a few for
/// most others, and now and then a sweep over 8 to 55 ports.
#[inline]
pub(super) fn scan_length(random: &mut Random) -> u32 {
    let dice = random.next();
    match dice & 63 {
        0 => 8 + scale((dice >> 32) as u32, 48),
        1..=14 => 2 + scale((dice >> 32) as u32, 3),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        assert_eq!(PROBES.iter().map(|(count, _)| count).sum::<usize>(), 256);
        assert_eq!(SERVICES.iter().map(|(count, _)| count).sum::<u32>(), 256);
        let port_443 = (0..=255).filter(|&bits| service(bits).port == 443).count();
        assert_eq!(port_443, 98);
    }

    #[test]
    fn every_rank_has_a_possible_size() {
        let mut random = Random::new(3);
        for sizes in [Sizes::bulk(), Sizes::small()] {
            assert_eq!(sizes.cells.len(), 1024);
            for rank in 0..1024 {
                let (packets, bytes) = sizes.draw(rank, random.next());
                assert!(packets >= 1 && bytes >= packets * 40 && bytes <= packets * 1500);
            }
        }
    }

    #[test]
    fn a_scan_asks_for_no_port_twice() {
        let mut random = Random::new(4);
        for scans in [1, 4, 55] {
            for _ in 0..1000 {
                let mut ports = Ports::new(random.next(), scans);
                let mut seen: Vec<u16> = (0..scans).map(|_| ports.next()).collect();
                seen.sort_unstable();
                seen.dedup();
                assert_eq!((seen.len(), seen[0] > 0), (scans as usize, true));
            }
        }
    }

    #[test]
    fn answers_stay_within_the_ranks() {
        for rank in 0..1024 {
            assert!((0..=255).all(|bits| answer_rank(rank, bits) < 1024), "{rank}");
        }
    }

    #[test]
    fn client_ports_are_above_the_known_ones() {
        let mut random = Random::new(5);
        assert!((0..10_000).all(|_| ephemeral_port(random.next() as u32) >= 1024));
        assert_eq!(ephemeral_port(u32::MAX), 60_999);
    }
}
