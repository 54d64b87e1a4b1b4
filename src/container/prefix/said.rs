//! Records whose columns were said, and what `grep` put before them. A number and a colon may be
//! the first group of an IPv6 address, and any word may be a text: what it is shows by what then is
//! in the columns of the first lines, and by numbers, which rise from line to line.

use std::net::IpAddr;

use super::{EVENTS, Form, LINES_LOOKED_AT, colons, is_name, number, time};
use crate::field::Kind;
use crate::layout::Layout;
use crate::record::tokens;

/// Columns of which is known what they hold.
const COLUMNS_KNOWN: usize = 64;

/// What the columns hold that were said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    columns: usize,
    /// A bit for each column of addresses, and of numbers.
    addresses: u64,
    numbers: u64,
}

/// How well a form suits lines: in how many a record is left, and how many of these begin with an
/// address that is a usual one.
type Suits = (usize, usize);

impl Said {
    /// The columns of a layout.
    pub fn of(layout: &Layout) -> Self {
        let of = |is: fn(Kind) -> bool| {
            let columns = 0..layout.columns().min(COLUMNS_KNOWN);
            let columns = columns.filter(|&column| is(layout.kind(column)));
            columns.fold(0, |bits, column| bits | 1 << column)
        };
        Self {
            columns: layout.columns(),
            addresses: of(|kind| kind == Kind::Address),
            numbers: of(|kind| matches!(kind, Kind::Number(_))),
        }
    }

    /// How many they are.
    pub fn columns(self) -> usize {
        self.columns
    }

    /// Whether each column of a line has a value of its kind, or none.
    pub fn is_record(self, line: &[u8]) -> bool {
        let mut count = 0;
        for value in tokens(line) {
            let bit = if count < COLUMNS_KNOWN { 1 << count } else { 0 };
            let is_sound = value == b"-"
                || (self.addresses & bit == 0 || address(value).is_some())
                    && (self.numbers & bit == 0 || value.iter().all(u8::is_ascii_digit));
            if !is_sound || count == 0 && value[0] == b'{' {
                return false;
            }
            count += 1;
        }
        count >= self.columns
    }

    fn suits(self, line: &[u8]) -> Suits {
        if Layout::from_header(line).is_some() {
            return (1, 0);
        }
        let first = tokens(line).next().filter(|_| self.addresses & 1 == 1);
        let is_usual = first.and_then(address).is_some_and(|address| match address {
            IpAddr::V4(_) => true,
            // Of the others few are in use, and short numbers are none.
            IpAddr::V6(address) => address.segments()[0] >= 0x2000,
        });
        let is_record = self.is_record(line);
        (is_record.into(), (is_record && is_usual).into())
    }

    /// What `grep` put before the first lines of a text, if it did.
    pub fn form(self, lines: &[&[u8]]) -> Option<Form> {
        let is_text = (self.addresses | self.numbers) & 1 == 0;
        let is_other = |line: &[u8]| time(line).is_some() || line.starts_with(EVENTS);
        let lines: Vec<&[u8]> = lines.iter().copied().filter(|line| !is_other(line)).collect();
        let suits = |kept: &dyn Fn(&[u8]) -> Option<usize>| {
            let kept = lines.iter().filter_map(|line| Some(&line[kept(line)?..]));
            let suits = kept.map(|line| self.suits(line));
            suits.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
        };
        let plain = suits(&|_| Some(0));
        let number = suits(&|line| number(line, 0));
        let path = suits(&|line| {
            let name = colons(line).find(|&at| is_name(&line[..at]))?;
            // A number after the name is none of a text's own.
            let is_whole = !is_text || self::number(line, name + 1).is_none();
            is_whole.then_some(name + 1)
        });
        let numbered_path = suits(&|line| numbered(line).map(|(.., rest)| rest));
        // What could be without a number has one that rises, or would have an odd address.
        let rise_after_names =
            rise(&lines, |line| numbered(line).map(|(end, from, _)| (end, from)));
        let is_numbered_path = match rise_after_names {
            Some(false) => numbered_path.0 > path.0,
            _ => numbered_path >= path,
        };
        let is_named = lines
            .iter()
            .any(|line| numbered(line).is_some_and(|(name, ..)| is_name(&line[..name])));
        if numbered_path.0 > 0 && is_numbered_path && (is_named || numbered_path > plain) {
            return Some(Form::NumberedPath);
        }
        if path.0 > 0 {
            return Some(Form::Path);
        }
        let rise = rise(&lines, |line| self::number(line, 0).map(|_| (0, 0)));
        let are_numbered = || lines.iter().all(|line| self::number(line, 0).is_some());
        let is_number = match rise {
            Some(false) => number.0 > plain.0,
            _ => number > plain || is_text && number == plain && rise.is_some() && are_numbered(),
        };
        (number.0 > 0 && is_number).then_some(Form::Number)
    }
}

fn address(value: &[u8]) -> Option<IpAddr> {
    str::from_utf8(value).ok()?.parse().ok()
}

/// Where the name of a file ends that has a number after it, where that begins, and where the rest
/// does.
fn numbered(line: &[u8]) -> Option<(usize, usize, usize)> {
    colons(line).find_map(|at| Some((at, at + 1, number(line, at + 1)?)))
}

/// Whether the numbers after one name rise from line to line; none if no name comes twice. `place`
/// says where a name ends and a number begins.
fn rise(lines: &[&[u8]], place: fn(&[u8]) -> Option<(usize, usize)>) -> Option<bool> {
    let mut last: Option<(&[u8], u64)> = None;
    let mut rise = None;
    for line in lines {
        let Some((end, start)) = place(line) else { continue };
        let digits = line[start..].iter().take_while(|byte| byte.is_ascii_digit());
        let number = digits.fold(0u64, |number, digit| {
            number.saturating_mul(10).saturating_add((digit - b'0').into())
        });
        if let Some((name, before)) = last
            && name == &line[..end]
        {
            rise = Some(rise != Some(false) && before < number);
        }
        last = Some((&line[..end], number));
    }
    rise
}

/// The first lines of a text that are not blank, as many as are looked at.
pub fn first_lines(text: &[u8]) -> Vec<&[u8]> {
    let lines =
        text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.take(LINES_LOOKED_AT).filter(|line| tokens(line).next().is_some()).collect()
}
