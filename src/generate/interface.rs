//! The interfaces that report, when they do, and the flows they remember.

use super::address::NETWORKS;
use super::random::{Random, scale};
use super::text::Text;

/// Owners of the interfaces, one for each of `NETWORKS`: the account ids of AWS's own examples,
/// one with a leading zero.
const ACCOUNTS: [u64; NETWORKS.len()] = [
    111_122_223_333,
    123_456_789_012,
    444_455_556_666,
    12_345_678_901,
    777_788_889_999,
    210_987_654_321,
];

/// The first minute: 2023-11-14 22:13 UTC, in seconds since 1970.
const FIRST_SECOND: u64 = 1_700_000_000 / 60 * 60;

/// Times start over after 127 years of records, before they need an eleventh digit.
const ERA: u64 = 60 << 26;

/// Observed windows, `end - start` in seconds, by ascending length.
const WINDOWS: [u64; 16] = [4, 4, 8, 8, 11, 11, 14, 14, 21, 21, 50, 52, 55, 55, 60, 60];

/// Observed windows without data.
const SILENCES: [u64; 5] = [30, 52, 58, 97, 138];

/// How many records a run is to have, 64 equally likely numbers in ascending order. Runs of 1 to
/// 56 were observed; the mean of 18 is made up.
const RECORDS: [u8; 64] = [
    1, 2, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9, 10, 10, 10, 11, 11, 12, 12, 12, 13, 13, 14,
    14, 14, 15, 15, 16, 16, 17, 17, 18, 18, 19, 19, 20, 20, 21, 21, 22, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 32, 34, 36, 38, 40, 43, 46, 49, 52, 55,
];

/// The most records a run is to have; the answer to the last of them makes one more.
pub(super) const MAX_RECORDS: u8 = RECORDS[RECORDS.len() - 1];

/// Flows an interface remembers, to let them go on in a later window.
const REMEMBERED: usize = 16;

/// One accepted flow, seen from the interface.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) peer: u32,
    pub(super) host_port: u16,
    pub(super) peer_port: u16,
    pub(super) protocol: u8,
    pub(super) six: bool,
}

/// How much traffic an interface has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Short runs, and the first to have no data.
    Quiet,
    Steady,
    Busy,
    Hectic,
}

impl Pace {
    /// Windows in a minute.
    fn turns(self) -> u64 {
        match self {
            Pace::Quiet | Pace::Steady => 1,
            Pace::Busy => 2,
            Pace::Hectic => 4,
        }
    }
}

/// An elastic network interface.
#[derive(Debug, Clone)]
pub(super) struct Interface {
    /// Version, account and interface id.
    pub(super) prefix: Text<40>,
    /// Whether scanners reach it; half of all, and always the first.
    pub(super) public: bool,
    pace: Pace,
    /// How many of `WINDOWS` fit between its turns.
    fitting: u32,
    /// Seconds after the minute at which its first turn begins.
    phase: u64,
    /// No window begins before the last one has ended.
    free_from: u64,
    flows: [Flow; REMEMBERED],
    /// Which of `flows` are there, and which had their records in this window; a bit each.
    known: u16,
    told: u16,
}

impl Interface {
    pub(super) fn new(number: u32, random: &mut Random) -> Interface {
        let (dice, id) = (random.next(), random.next());
        let account = ACCOUNTS[number as usize % ACCOUNTS.len()];
        // Some interfaces are older than the long ids.
        let prefix = if dice & 63 == 0 {
            format!("2 {account:012} eni-{:08x} ", id as u32)
        } else {
            format!("2 {account:012} eni-0{id:016x} ")
        };
        let pace = match (dice >> 8) & 31 {
            0..=11 => Pace::Quiet,
            12..=25 => Pace::Steady,
            26..=29 => Pace::Busy,
            _ => Pace::Hectic,
        };
        let slot = 60 / pace.turns();
        Interface {
            prefix: Text::new(prefix.as_bytes()),
            public: number == 0 || dice >> 63 == 0,
            pace,
            fitting: WINDOWS.iter().filter(|&&length| length <= slot).count() as u32,
            phase: (dice >> 16) % 60,
            free_from: 0,
            flows: [Flow::default(); REMEMBERED],
            known: 0,
            told: 0,
        }
    }

    pub(super) fn quiet(&self) -> bool {
        self.pace == Pace::Quiet
    }

    /// Whether its last window has ended by then.
    pub(super) fn is_free(&self, second: u64) -> bool {
        self.free_from <= second
    }

    /// The window of a turn that begins at a second, and how many records it is to have.
    pub(super) fn window(&mut self, begin: u64, dice: u64) -> (Window, u32) {
        let length = WINDOWS[scale(dice as u32, self.fitting) as usize];
        let spare = 60 / self.pace.turns() - length;
        let start = begin + u64::from(scale((dice >> 20) as u32, spare as u32 + 1));
        self.free_from = start + length;
        self.told = 0;
        let records = u32::from(RECORDS[(dice >> 58) as usize]);
        let records = if self.quiet() { records.div_ceil(4) } else { records };
        (Window::new(start, length), records)
    }

    /// A window without data.
    pub(super) fn silence(&mut self, begin: u64, dice: u64) -> Window {
        let length = SILENCES[scale(dice as u32, SILENCES.len() as u32) as usize];
        self.free_from = begin + length;
        Window::new(begin, length)
    }

    /// A remembered flow, unless it is not there or had its records in this window.
    #[inline]
    pub(super) fn go_on(&mut self, slot: usize, six: bool) -> Option<Flow> {
        let bit = 1 << (slot % REMEMBERED);
        let flow = self.flows[slot % REMEMBERED];
        if self.known & !self.told & bit == 0 || flow.six != six {
            return None;
        }
        self.told |= bit;
        Some(flow)
    }

    /// Remembers a flow of this window in the place of another one.
    #[inline]
    pub(super) fn remember(&mut self, slot: usize, flow: Flow) {
        self.flows[slot % REMEMBERED] = flow;
        self.known |= 1 << (slot % REMEMBERED);
        self.told |= 1 << (slot % REMEMBERED);
    }
}

/// The end of the lines of one window: its start and end, the action and the status.
pub(super) struct Window {
    pub(super) accept: [u8; 32],
    pub(super) reject: [u8; 32],
}

impl Window {
    fn new(start: u64, length: u64) -> Window {
        let start = FIRST_SECOND + start % ERA;
        let mut accept = *b"0000000000 0000000000 ACCEPT OK\n";
        put_time(&mut accept[..10], start);
        put_time(&mut accept[11..21], start + length);
        let mut reject = accept;
        reject[22..28].copy_from_slice(b"REJECT");
        Window { accept, reject }
    }
}

/// Writes a number into all of `text`.
fn put_time(text: &mut [u8], mut time: u64) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (time % 10) as u8;
        time /= 10;
    }
}

/// One turn of an interface in a minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub(super) interface: u32,
    /// Seconds after the minute.
    pub(super) second: u64,
}

/// The visits of one minute: by quarters, since the writers of a log are not in step, and in any
/// order within a quarter.
pub(super) fn visits(interfaces: &[Interface], random: &mut Random) -> Vec<Visit> {
    let mut visits = Vec::new();
    for (interface, number) in interfaces.iter().zip(0..) {
        let turns = interface.pace.turns();
        for turn in 0..turns {
            let second = interface.phase + turn * 60 / turns;
            visits.push((second / 15, random.next(), Visit { interface: number, second }));
        }
    }
    visits.sort_by_key(|&(quarter, shuffle, _)| (quarter, shuffle));
    visits.into_iter().map(|(_, _, visit)| visit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_an_interface_do_not_overlap() {
        let mut random = Random::new(2);
        for number in 0..40 {
            let mut interface = Interface::new(number, &mut random);
            let slot = 60 / interface.pace.turns();
            for turn in 0..100 {
                let begin = interface.phase + turn * slot;
                if interface.is_free(begin) {
                    let (_, records) = interface.window(begin, random.next());
                    assert!((1..=u32::from(MAX_RECORDS)).contains(&records));
                    assert!((begin + 4..=begin + slot).contains(&interface.free_from));
                }
            }
        }
    }

    #[test]
    fn a_window_ends_the_line() {
        let window = Window::new(7, 60);
        assert_eq!(&window.accept, b"1699999987 1700000047 ACCEPT OK\n");
        assert_eq!(&window.reject, b"1699999987 1700000047 REJECT OK\n");
        assert_eq!(Window::new(ERA + 7, 60).accept, window.accept);
    }

    #[test]
    fn a_flow_goes_on_once_in_a_window() {
        let mut interface = Interface::new(0, &mut Random::new(2));
        assert!(interface.go_on(3, false).is_none());
        interface.remember(3, Flow { peer: 9, ..Flow::default() });
        assert!(interface.go_on(3, false).is_none());
        interface.window(60, 0);
        assert!(interface.go_on(3, true).is_none());
        assert_eq!(interface.go_on(3, false).map(|flow| flow.peer), Some(9));
        assert!(interface.go_on(3, false).is_none());
    }
}
