//! What values of Parquet mean where they need not become text: addresses and numbers.

use parquet::basic::Type;

use super::pages::{Fault, spread};
use super::spelling::{DASH, Spelling, Texts};
use crate::scan::{DIGITS_MAX, PAD, Padded, Scanner, TEXT_BYTES_MAX};

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Texts, which go as they are.
    Text,
    /// Texts, of which a regular row has `OK`.
    Status,
    /// Texts that spell addresses.
    Address,
    /// Numbers, up to this one in a regular row.
    Number(u64),
}

/// The largest number of a regular row where a column has no lower limit.
pub const NUMBER_MAX: u64 = 10_u64.pow(DIGITS_MAX as u32) - 1;

/// Decoded values of a dictionary, or of rows.
#[derive(Debug, Default)]
pub struct Values {
    /// Of a column of addresses; where there is none, any.
    pub addresses: Vec<u32>,
    /// Where there is none; empty if each is an address.
    pub others: Vec<bool>,
    /// Of a column of numbers. Those below 0 are beyond what a signed word holds.
    pub numbers: Vec<u64>,
}

impl Values {
    /// Forgets them.
    pub fn clear(&mut self) {
        self.addresses.clear();
        self.others.clear();
        self.numbers.clear();
    }

    /// Adds what texts spell.
    pub fn read_addresses(
        &mut self,
        texts: &mut Texts,
        scanner: &mut Scanner,
    ) -> Result<(), Fault> {
        texts.bytes.push(b'\n');
        let length = texts.bytes.len();
        if length >= TEXT_BYTES_MAX {
            return Err("addresses of more than 1 GiB".into());
        }
        texts.bytes.resize(length + PAD, 0);
        let marks = scanner.scan(Padded::new(&texts.bytes, length), 0);
        // The first text is the dash of those that are none.
        let rows: Vec<u32> = (1..marks.end() as u32 - 1).collect();
        let (mut values, mut odd) = (Vec::new(), Vec::new());
        marks.ipv4s(&rows, 0, &mut values, &mut odd);
        if values.len() == texts.spans.len() && odd.is_empty() {
            self.addresses = values;
            return Ok(());
        }
        let mut odd = odd.iter().map(|&at| at as usize).peekable();
        let mut nth = 0;
        for &span in &texts.spans {
            let is_none = span == DASH;
            let address = if is_none { 0 } else { values[nth] };
            self.others.push(is_none || odd.next_if_eq(&nth).is_some());
            self.addresses.push(address);
            nth += usize::from(!is_none);
        }
        Ok(())
    }

    /// Adds `count` plain numbers; returns how many bytes these are.
    pub fn read_numbers(
        &mut self,
        kind: Type,
        spelling: Spelling,
        bytes: &[u8],
        count: usize,
    ) -> Result<usize, Fault> {
        let width = if kind == Type::INT32 { 4 } else { 8 };
        let length = count.checked_mul(width).filter(|&length| length <= bytes.len());
        let bytes = &bytes[..length.ok_or("a page is cut short")?];
        let (fours, eights) = (bytes.as_chunks::<4>().0, bytes.as_chunks::<8>().0);
        let from = self.numbers.len();
        match (kind, spelling) {
            (Type::INT32, Spelling::Unsigned) => {
                self.numbers.extend(fours.iter().map(|v| u64::from(u32::from_le_bytes(*v))));
            }
            (Type::INT32, _) => {
                self.numbers.extend(fours.iter().map(|v| i64::from(i32::from_le_bytes(*v)) as u64));
            }
            (Type::INT64, _) => {
                self.numbers.extend(eights.iter().map(|v| u64::from_le_bytes(*v)));
            }
            (other, _) => return Err(format!("values of type {other}").into()),
        }
        match spelling {
            Spelling::Seconds { per_second } => {
                let of = Spelling::Seconds { per_second };
                let seconds = |value: &mut u64| *value = of.number(*value as i64) as u64;
                self.numbers[from..].iter_mut().for_each(seconds);
            }
            Spelling::Days => {
                let seconds =
                    |value: &mut u64| *value = Spelling::Days.number(*value as i64) as u64;
                self.numbers[from..].iter_mut().for_each(seconds);
            }
            Spelling::Number | Spelling::Unsigned | Spelling::Account => {}
        }
        Ok(bytes.len())
    }

    /// Adds what is there for no value.
    pub fn push_none(&mut self, role: Role) {
        match role {
            Role::Text | Role::Status => {}
            Role::Address => self.addresses.push(0),
            Role::Number(_) => self.numbers.push(0),
        }
    }

    /// Takes those at `places` of a dictionary's, the last of which is for no value.
    pub fn look_up(&mut self, known: &Values, places: &[u32], role: Role) {
        match role {
            Role::Text | Role::Status => {}
            Role::Address => {
                let known = &known.addresses[..];
                self.addresses.extend(places.iter().map(|&place| known[place as usize]));
            }
            Role::Number(_) => {
                let known = &known.numbers[..];
                self.numbers.extend(places.iter().map(|&place| known[place as usize]));
            }
        }
        if !known.others.is_empty() {
            let is_other = |&place: &u32| known.others.get(place as usize).is_none_or(|is| *is);
            self.others.extend(places.iter().map(is_other));
        }
    }

    /// Puts something where no value is present, which may be everywhere.
    pub fn spread(&mut self, present: &[u32], role: Role) {
        match role {
            Role::Text | Role::Status => {}
            Role::Address => spread(&mut self.addresses, present, 0, &mut Vec::new()),
            Role::Number(_) => spread(&mut self.numbers, present, 0, &mut Vec::new()),
        }
        if !self.others.is_empty() {
            spread(&mut self.others, present, true, &mut Vec::new());
        }
    }
}
