//! Makes flow logs up: version 2 records as AWS writes them, for measuring and for trying out.
//!
//! The numbers come from the shares observed in public samples (185 records of 8 sources, see
//! `formats.md`, section 6): services, sizes, rejected scans, windows and runs of records are
//! drawn from them. What such a small sample cannot tell is made up: a Zipf law over talkers,
//! a few hundred interfaces, long connections that return in later windows.
//!
//! The same [`Options`] give the same bytes on every machine: everything after the options is
//! integer arithmetic, and there is no clock, no hash map and no random device in here.
//!
//! Time advances by the minute. In each minute every interface is visited once or more, and a
//! visit leaves one run of records that share the interface and the window.

mod address;
mod interface;
mod random;
mod shares;
mod text;
mod traffic;

#[cfg(test)]
mod tests;

use address::Book;
use interface::{Flow, Interface, Visit, Window};
use random::{Random, scale};
use shares::Shares;
use text::{MARGIN, Page};
use traffic::{ICMP, ICMP_SIX, Ports, Probe, Scope, Sizes, TCP};

/// What to generate.
#[derive(Debug, Clone)]
pub struct Options {
    /// Records to write.
    pub lines: u64,
    /// Another seed gives another log with the same shares.
    pub seed: u64,
    /// The share of `OK` records with IPv6 addresses, 0 to 1.
    pub ipv6: f64,
    /// The share of records without data, 0 to 1: `NODATA`, and among them `SKIPDATA` for
    /// 0.02 % of all records.
    pub no_data: f64,
    /// The share of `OK` records that are `REJECT`, 0 to 1.
    pub reject: f64,
    /// How many addresses there are to send from, 1 to 16 777 216: monitored hosts, their peers,
    /// and scanners. The distinct `srcaddr` approach this number as the lines grow, and are never
    /// more (but for 1 with both families in use, which is one address of each).
    ///
    /// A quarter of them, at most 480, are monitored hosts, which is also the number of
    /// interfaces that report.
    pub contributors: u32,
    /// Whether to write the header line first, in addition to `lines`.
    pub header: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            lines: 1_000_000,
            seed: 1,
            ipv6: 0.0,
            no_data: 0.02,
            reject: 0.3,
            contributors: 385_000,
            header: false,
        }
    }
}

/// The most addresses to send from; they are all kept in memory.
const MAX_CONTRIBUTORS: u32 = 1 << 24;

/// The field names of version 2, in the order of the records.
const HEADER: &[u8] = b"version account-id interface-id srcaddr dstaddr srcport dstport protocol \
packets bytes start end action log-status\n";

/// [`Generator::fill`] stops after the run that reaches this size.
const CHUNK: usize = 64 << 10;

/// No line is longer: two IPv6 addresses and the longest numbers make 186 bytes.
const MAX_LINE: usize = 192;

/// No run is longer: as many records as asked for, and the answer to the last of them.
const MAX_RUN: usize = interface::MAX_RECORDS as usize + 1;

/// Of 256 accepted flows, those that go on from an earlier window.
const CONTINUED: u32 = 72;

/// Of 256 new flows, those that are remembered: the others end in their window.
const LONG_LIVED: u32 = 64;

/// Of 256 accepted flows, those with records in one direction only.
const UNANSWERED: u64 = 6;

/// Writes a flow log, piece by piece.
///
/// ```
/// use flowagg::generate::{Generator, Options};
///
/// let options = Options { lines: 1000, header: true, ..Options::default() };
/// let mut generator = Generator::new(options)?;
/// let mut log = Vec::new();
/// while generator.fill(&mut log) {}
/// assert!(log.starts_with(b"version account-id interface-id srcaddr "));
/// assert_eq!(log.iter().filter(|&&byte| byte == b'\n').count(), 1001);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone)]
pub struct Generator {
    random: Random,
    header: bool,
    left: u64,
    interfaces: Vec<Interface>,
    visits: Vec<Visit>,
    next_visit: usize,
    minute: u64,
    four: Book,
    six: Book,
    small: Sizes,
    bulk: Sizes,
    shares: Shares,
}

impl Generator {
    /// Prepares the addresses and interfaces.
    ///
    /// # Errors
    ///
    /// One line that names the option that cannot be used: a share outside 0 to 1, or
    /// contributors of 0 or above 16 777 216.
    pub fn new(options: Options) -> Result<Generator, String> {
        let six_share = shares::share("ipv6", options.ipv6)?;
        let no_data = shares::share("no_data", options.no_data)?;
        let reject = shares::share("reject", options.reject)?;
        let contributors = options.contributors;
        if !(1..=MAX_CONTRIBUTORS).contains(&contributors) {
            let range = 1..=MAX_CONTRIBUTORS;
            return Err(format!("contributors {contributors} is not within {range:?}"));
        }
        let mut random = Random::new(options.seed);
        let (in_four, in_six) = split(contributors, six_share);
        let four = Book::four(in_four, random.next() as u32);
        let six = Book::six(in_six, random.next() as u32);
        let hosts = four.hosts().max(six.hosts());
        let interfaces: Vec<Interface> =
            (0..hosts).map(|number| Interface::new(number, &mut random)).collect();
        Ok(Generator {
            visits: interface::visits(&interfaces, &mut random),
            random,
            header: options.header,
            left: options.lines,
            interfaces,
            next_visit: 0,
            minute: 0,
            four,
            six,
            small: Sizes::small(),
            bulk: Sizes::bulk(),
            shares: Shares::new(six_share, no_data, reject),
        })
    }

    /// Appends the next run of whole lines (64 KiB or more until the log ends) to `out`; false
    /// when nothing was left to append.
    pub fn fill(&mut self, out: &mut Vec<u8>) -> bool {
        if self.left == 0 && !self.header {
            return false;
        }
        if std::mem::take(&mut self.header) {
            out.extend_from_slice(HEADER);
        }
        let at = out.len();
        out.resize(at + CHUNK + MAX_RUN * MAX_LINE + MARGIN, 0);
        let mut page = Page { bytes: &mut out[at..], at: 0 };
        while page.at < CHUNK && self.left > 0 {
            self.visit(&mut page);
        }
        let end = at + page.at;
        out.truncate(end);
        true
    }

    /// Lets the next interface report.
    fn visit(&mut self, page: &mut Page) {
        if self.next_visit == self.visits.len() {
            self.next_visit = 0;
            self.minute += 1;
        }
        let Visit { interface: number, second } = self.visits[self.next_visit];
        self.next_visit += 1;
        let begin = self.minute * 60 + second;
        let interface = &mut self.interfaces[number as usize];
        if !interface.is_free(begin) {
            return;
        }
        let dice = self.random.next();
        if self.shares.no_data_is_due(interface.quiet()) {
            self.silence(number, begin, dice, page);
        } else {
            let (window, records) = interface.window(begin, dice);
            self.run(number, &window, records, page);
        }
    }

    /// Writes a record without data.
    fn silence(&mut self, number: u32, begin: u64, dice: u64, page: &mut Page) {
        let interface = &mut self.interfaces[number as usize];
        let window = interface.silence(begin, dice);
        page.put(&interface.prefix);
        page.put_all(b"- - - - - - - ");
        page.put_all(&window.accept);
        // The action and the status are others.
        page.at -= "ACCEPT OK\n".len();
        if self.shares.skip_is_due() {
            page.put_all(b"- SKIPDATA\n");
        } else {
            page.put_all(b"- NODATA\n");
        }
        self.left -= 1;
        self.shares.count_no_data();
    }

    /// Writes the records of one window: as many as given, and one more if that is an answer.
    fn run(&mut self, number: u32, window: &Window, records: u32, page: &mut Page) {
        let public = self.interfaces[number as usize].public;
        let mut room = u64::from(records).min(self.left);
        while room > 0 {
            let six = (self.random.next() >> 32) < self.shares.six;
            let rejects = self.shares.reject_is_due(public, &mut self.random);
            let written = if rejects {
                self.scan(number, window, six, room, page)
            } else {
                self.exchange(number, window, six, page)
            };
            self.left -= written;
            self.shares.count(written, rejects);
            room = room.saturating_sub(written).min(self.left);
        }
    }

    /// Writes the records of one flow, one for each direction, and returns how many.
    fn exchange(&mut self, number: u32, window: &Window, six: bool, page: &mut Page) -> u64 {
        let dice = self.random.next();
        let flow = self.flow(number, six, dice as u32);
        let (book, more) = if flow.six { (&self.six, 20) } else { (&self.four, 0) };
        let sizes = if flow.protocol == TCP { &self.bulk } else { &self.small };
        let prefix = &self.interfaces[number as usize].prefix;
        let host = (book.host(number), flow.host_port);
        let peer = (flow.peer, flow.peer_port);
        let rank = (dice >> 32) as u32 & 1023;
        let ranks = [rank, traffic::answer_rank(rank, (dice >> 42) as u8)];
        let one_way = book.lone() || (dice >> 50) & 255 < UNANSWERED;
        let count = if one_way { 1 } else { self.left.min(2) };
        let mut inward = book.lone() || dice >> 63 == 0;
        for rank in &ranks[..count as usize] {
            let (packets, bytes) = sizes.draw(*rank, self.random.next());
            let (from, to) = if inward { (peer, host) } else { (host, peer) };
            page.put(prefix);
            book.put(from.0, page);
            book.put(to.0, page);
            page.put_number(u32::from(from.1));
            page.put_number(u32::from(to.1));
            page.put_number(u32::from(flow.protocol));
            page.put_number(packets);
            // The header of IPv6 has 20 bytes more.
            page.put_number(bytes + packets * more);
            page.put_all(&window.accept);
            inward = !inward;
        }
        count
    }

    /// A flow that goes on, or a new one.
    fn flow(&mut self, number: u32, six: bool, bits: u32) -> Flow {
        let interface = &mut self.interfaces[number as usize];
        let slot = ((bits >> 8) & 15) as usize;
        if bits & 255 < CONTINUED
            && let Some(flow) = interface.go_on(slot, six)
        {
            return flow;
        }
        let flow = self.new_flow(number, six);
        if (bits >> 12) & 255 < LONG_LIVED {
            self.interfaces[number as usize].remember(slot, flow);
        }
        flow
    }

    fn new_flow(&mut self, number: u32, six: bool) -> Flow {
        let random = &mut self.random;
        let book = if six { &self.six } else { &self.four };
        let dice = random.next();
        let service = traffic::service(dice as u8);
        let serves = ((dice >> 8) as u8) < service.serves;
        let (mut client, mut server) = (traffic::ephemeral_port((dice >> 16) as u32), service.port);
        let mut protocol = service.protocol;
        if protocol == ICMP {
            (client, server) = (0, 0);
            protocol = if six { ICMP_SIX } else { ICMP };
        }
        let (host_port, peer_port) = if serves { (server, client) } else { (client, server) };
        let meets_host = service.scope == Scope::Inside && dice >> 62 == 0;
        let peer = match service.scope {
            Scope::Public => book.public_peer(random),
            Scope::Resolver => book.resolver(number),
            Scope::Inside if meets_host => book.other_host(number, random),
            Scope::Inside => book.inside_peer(random),
        };
        let flow = Flow { peer, host_port, peer_port, protocol, six };
        if meets_host && peer < book.hosts() {
            // The other interface will report the same flow from its side.
            let (peer_port, host_port) = (host_port, peer_port);
            let seen = Flow { peer: book.host(number), host_port, peer_port, protocol, six };
            self.interfaces[peer as usize].remember((dice >> 56) as usize & 15, seen);
        }
        flow
    }

    /// Writes the rejected records of one scanner, at most `room`, and returns how many.
    fn scan(&mut self, number: u32, window: &Window, six: bool, room: u64, page: &mut Page) -> u64 {
        let random = &mut self.random;
        let book = if six { &self.six } else { &self.four };
        let scanner = book.scanner(random);
        let dice = random.next();
        let probe = traffic::probe(dice as u8);
        let scans = if probe.protocol == ICMP { 1 } else { traffic::scan_length(random) };
        let mut ports = Ports::new(random.next(), scans);
        let protocol = if six && probe.protocol == ICMP { ICMP_SIX } else { probe.protocol };
        let source_port = traffic::ephemeral_port((dice >> 8) as u32);
        let prefix = &self.interfaces[number as usize].prefix;
        let count = u64::from(scans).min(room);
        for _ in 0..count {
            page.put(prefix);
            book.put(scanner, page);
            book.put(book.host(number), page);
            if probe.protocol == ICMP {
                page.put_all(b"0 0 ");
            } else {
                page.put_number(u32::from(source_port));
                page.put_number(u32::from(ports.next()));
            }
            page.put_number(u32::from(protocol));
            put_probe(&probe, six, random.next(), page);
            page.put_all(&window.reject);
        }
        count
    }
}

/// Writes packets and bytes of a rejected record: one packet in 98 %.
fn put_probe(probe: &Probe, six: bool, dice: u64, page: &mut Page) {
    let packets = if (dice >> 8) & 63 == 0 { 2 + ((dice >> 14) & 1) as u32 } else { 1 };
    let bytes = probe.bytes + scale((dice >> 16) as u32, probe.more + 1) + 20 * u32::from(six);
    page.put_number(packets);
    page.put_number(packets * bytes);
}

/// How many of the addresses are IPv4 and IPv6: by the share of their records, and at least one
/// of each family in use.
fn split(contributors: u32, six: u64) -> (u32, u32) {
    match six {
        0 => (contributors, 0),
        0x1_0000_0000 => (0, contributors),
        _ => {
            let in_six = (u64::from(contributors) * six) >> 32;
            let in_six = (in_six as u32).clamp(1, (contributors - 1).max(1));
            ((contributors - in_six).max(1), in_six)
        }
    }
}
