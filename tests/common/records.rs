//! Made-up records of version 2.

use flowagg::generate::{Generator, Options};

/// So many, some of them of IPv6 and of no traffic; without a header.
pub fn made_up(lines: u64, seed: u64) -> Vec<u8> {
    let options = Options { lines, seed, ipv6: 0.1, no_data: 0.05, ..Options::default() };
    let mut generator = Generator::new(options).unwrap();
    let mut text = Vec::new();
    while generator.fill(&mut text) {}
    text
}
