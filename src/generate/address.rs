//! The addresses that take part: who they are and how often they are drawn.

use super::random::{Random, Ranks, mix32, mix64};
use super::text::{Page, Text};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The first two octets of the networks that interfaces live in.
pub(super) const NETWORKS: [[u8; 2]; 6] =
    [[10, 236], [172, 31], [192, 168], [172, 18], [10, 126], [172, 20]];

/// At most this many monitored hosts, each with an interface: "a few hundred" is a large S3
/// folder; every further host would see a smaller part of the traffic.
const MAX_HOSTS: u32 = 480;

/// At most this many unmonitored private addresses, so that they fit into `NETWORKS`.
const MAX_INSIDE: u32 = 49_152;

/// Of 256 draws of a public peer or a scanner, those that are uniform over all of them: visitors
/// seen once.
const UNIFORM: u64 = 32;

/// All addresses of one family, as text with a space after it: first the monitored hosts, then
/// other private addresses, public peers, and scanners (whose packets are only rejected).
#[derive(Debug, Clone)]
pub(super) struct Book {
    texts: Texts,
    hosts: u32,
    inside: u32,
    public: u32,
    inside_ranks: Ranks,
    public_ranks: Ranks,
    scanner_ranks: Option<Ranks>,
    lone: bool,
}

#[derive(Debug, Clone)]
enum Texts {
    Four(Vec<Text<16>>),
    Six(Vec<Text<40>>),
}

impl Book {
    pub(super) fn four(addresses: u32, seed: u32) -> Book {
        Book::new(addresses, |hosts, inside, outside| {
            let mut next = seed;
            let private = (0..hosts + inside).map(|index| private_four(index, hosts));
            let public = (0..outside).map(|_| public_four(&mut next));
            Texts::Four(private.chain(public).map(four_text).collect())
        })
    }

    pub(super) fn six(addresses: u32, seed: u32) -> Book {
        Book::new(addresses, |hosts, inside, outside| {
            let private = (0..hosts + inside).map(|index| private_six(index, hosts, seed));
            let public = (0..outside).map(|index| public_six(index, seed));
            let texts =
                private.chain(public).map(|address| Text::new(format!("{address} ").as_bytes()));
            Texts::Six(texts.collect())
        })
    }

    /// `texts(hosts, other private addresses, public peers and scanners)`.
    fn new(addresses: u32, texts: impl Fn(u32, u32, u32) -> Texts) -> Book {
        // One address alone can only be sent from: to a host that never answers.
        let lone = addresses == 1;
        let hosts = (addresses / 4).clamp(1, MAX_HOSTS);
        let peers = if lone { 1 } else { addresses.saturating_sub(hosts).max(1) };
        let scanners = peers / 8;
        let inside = (peers / 32).min(MAX_INSIDE);
        let public = peers - scanners - inside;
        Book {
            texts: texts(hosts, inside, public + scanners),
            hosts,
            inside,
            public,
            inside_ranks: Ranks::new(inside.max(1), 0),
            public_ranks: Ranks::new(public, UNIFORM),
            scanner_ranks: (scanners > 0).then(|| Ranks::new(scanners, UNIFORM)),
            lone,
        }
    }

    pub(super) fn hosts(&self) -> u32 {
        self.hosts
    }

    /// Whether the hosts never send.
    pub(super) fn lone(&self) -> bool {
        self.lone
    }

    /// The host address of an interface.
    pub(super) fn host(&self, interface: u32) -> u32 {
        interface % self.hosts
    }

    /// The name server of an interface's network.
    pub(super) fn resolver(&self, interface: u32) -> u32 {
        let network = interface % NETWORKS.len() as u32;
        self.hosts + if self.inside > 0 { network % self.inside } else { 0 }
    }

    /// A monitored host other than the interface's own; a public peer where there is no other.
    pub(super) fn other_host(&self, interface: u32, random: &mut Random) -> u32 {
        if self.hosts == 1 {
            return self.public_peer(random);
        }
        (self.host(interface) + 1 + random.below(self.hosts - 1)) % self.hosts
    }

    pub(super) fn inside_peer(&self, random: &mut Random) -> u32 {
        if self.inside == 0 {
            return self.public_peer(random);
        }
        // The name servers come first and are drawn least here.
        let rank = self.inside_ranks.draw(random) + NETWORKS.len() as u32;
        self.hosts + rank % self.inside
    }

    #[inline]
    pub(super) fn public_peer(&self, random: &mut Random) -> u32 {
        self.hosts + self.inside + self.public_ranks.draw(random)
    }

    #[inline]
    pub(super) fn scanner(&self, random: &mut Random) -> u32 {
        match &self.scanner_ranks {
            Some(ranks) => self.hosts + self.inside + self.public + ranks.draw(random),
            None => self.public_peer(random),
        }
    }

    /// Writes an address and a space.
    #[inline]
    pub(super) fn put(&self, address: u32, page: &mut Page) {
        match &self.texts {
            Texts::Four(texts) => page.put(&texts[address as usize]),
            Texts::Six(texts) => page.put(&texts[address as usize]),
        }
    }
}

/// Where a private address lives: its network, and its number there. The name server of each
/// network, the first addresses after the hosts, is number 0.
fn place(index: u32, hosts: u32) -> (usize, u32) {
    let count = NETWORKS.len() as u32;
    match index.checked_sub(hosts) {
        Some(network) if network < count => (network as usize, 0),
        _ => ((index % count) as usize, 1 + index / count),
    }
}

/// An address and a space.
fn four_text(address: Ipv4Addr) -> Text<16> {
    let mut bytes = [0; 32];
    let mut page = Page { bytes: &mut bytes, at: 0 };
    for octet in address.octets() {
        page.put_number(u32::from(octet));
        page.bytes[page.at - 1] = b'.';
    }
    let end = page.at;
    bytes[end - 1] = b' ';
    Text::new(&bytes[..end])
}

fn private_four(index: u32, hosts: u32) -> Ipv4Addr {
    let (network, number) = place(index, hosts);
    let [first, second] = NETWORKS[network];
    if number == 0 {
        return Ipv4Addr::new(first, second, 0, 2);
    }
    // Scattered over 128 subnets, from .100 on as address pools are: 101 has no factor in common
    // with 150, nor 37 with 128, so no two numbers below 150 * 128 meet.
    let (turn, within) = (number / 150, number % 150);
    let subnet = 128 + (within * 91 + turn * 37) % 128;
    Ipv4Addr::new(first, second, subnet as u8, 100 + (within * 101 % 150) as u8)
}

/// Counts `next` up to the next public address; a bijection scatters them.
fn public_four(next: &mut u32) -> Ipv4Addr {
    loop {
        let address = Ipv4Addr::from_bits(mix32(*next));
        *next = next.wrapping_add(1);
        if is_public(address) {
            return address;
        }
    }
}

fn is_public(address: Ipv4Addr) -> bool {
    let [first, second, third, fourth] = address.octets();
    let reserved = match first {
        0 | 10 | 127 | 224.. => true,
        100 => (64..128).contains(&second),
        169 => second == 254,
        172 => (16..32).contains(&second),
        192 => second == 168 || (second == 0 && (third == 0 || third == 2)),
        198 => second == 18 || second == 19 || (second == 51 && third == 100),
        203 => second == 0 && third == 113,
        _ => false,
    };
    !reserved && fourth != 0 && fourth != 255
}

/// Networks of providers and clients, the first 32 bits of their addresses.
const PREFIXES: [u32; 8] = [
    0x2600_1f18,
    0x2a05_d018,
    0x2606_4700,
    0x2a03_2880,
    0x2404_6800,
    0x2a01_04f8,
    0x2001_41d0,
    0x2403_0200,
];

fn private_six(index: u32, hosts: u32, seed: u32) -> Ipv6Addr {
    let (network, number) = place(index, hosts);
    let network = 0x2600_1f18_4a00_0000 | ((network as u64) << 16) | u64::from(number % 8);
    let own = match number {
        0 => 2,
        _ => mix64((u64::from(seed) << 32) | u64::from(index)),
    };
    Ipv6Addr::from_bits((u128::from(network) << 64) | u128::from(own))
}

/// Half of them servers with short addresses, half hosts that made up their lower half.
fn public_six(index: u32, seed: u32) -> Ipv6Addr {
    let dice = mix32(index ^ seed);
    let prefix = u128::from(PREFIXES[dice as usize % PREFIXES.len()]) << 96;
    let own = if index.is_multiple_of(2) {
        u128::from(dice)
    } else {
        (u128::from(dice >> 16) << 64) | u128::from(mix64(u64::from(dice) << 32 | u64::from(seed)))
    };
    Ipv6Addr::from_bits(prefix | own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_address_is_there_twice() {
        let (count, hosts) = (200_000, 480);
        let mut next = 7;
        let mut four: HashSet<Ipv4Addr> = (0..49_632).map(|at| private_four(at, hosts)).collect();
        assert!(four.iter().all(Ipv4Addr::is_private));
        four.extend((0..count).map(|_| public_four(&mut next)));
        assert_eq!(four.len(), 49_632 + count as usize);
        let mut six: HashSet<Ipv6Addr> = (0..49_632).map(|at| private_six(at, hosts, 7)).collect();
        six.extend((0..count).map(|at| public_six(at, 7)));
        assert_eq!(six.len(), 49_632 + count as usize);
    }

    #[test]
    fn an_address_and_its_space_fit() {
        let address = Ipv4Addr::new(203, 0, 113, 9);
        let mut bytes = [0; 16];
        let mut page = Page { bytes: &mut bytes, at: 0 };
        page.put(&four_text(address));
        let end = page.at;
        assert_eq!(&bytes[..end], b"203.0.113.9 ");
        let widest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ";
        assert_eq!((widest.len(), "255.255.255.255 ".len()), (40, 16));
    }
}
