//! The engine once more, slow and plain: line by line as `Line::parse` has it, into trees.

use std::collections::BTreeMap;

use flowagg::Uses;
use flowagg::{Amount, Field, LINE_BYTES_MAX, Layout, Line, Reason, Record, Status, Tally, tokens};

use super::ask::{Found, Of, Outcome, QUESTIONS, Question, shown};

/// Key text beyond this is cut.
const KEY_BYTES_MAX: usize = 1024;
/// Times from this number on are milliseconds.
const MILLISECONDS_MIN: u64 = 100_000_000_000;
/// So many malformed lines are shown, and so much of each.
const SHOWN: (usize, usize) = (5, 200);

/// What the twin finds in a text.
#[derive(Debug, Default)]
pub struct Twin {
    sums: [Sums; QUESTIONS.len()],
    tally: Tally,
    malformed: Vec<(u64, Reason, String)>,
    layouts: Vec<Layout>,
}

#[derive(Debug, Default)]
struct Sums {
    by_key: BTreeMap<Vec<Vec<u8>>, Amount>,
    uses: Uses,
}

impl Twin {
    /// Reads a text whose first lines have `layout`, or none that is known.
    pub fn new(text: &[u8], layout: Option<&Layout>) -> Self {
        let mut twin = Self::default();
        let mut layout = layout.cloned();
        let text = text.strip_suffix(b"\n").or((!text.is_empty()).then_some(text));
        for line in text.into_iter().flat_map(|text| text.split(|&byte| byte == b'\n')) {
            twin.tally.lines += 1;
            // A byte order mark before the text is none of it.
            let mark = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| twin.tally.lines == 1);
            let line = mark.unwrap_or(line);
            let Some(known) = &layout else {
                layout = twin.unknown(line);
                continue;
            };
            match Line::parse(line, known) {
                Line::Blank => twin.tally.blank += 1,
                Line::Malformed(reason) => twin.fault(line, reason),
                Line::Record(record) => twin.record(&record, known),
                Line::Header(next) => {
                    twin.tally.headers += 1;
                    layout = Some(next);
                }
            }
        }
        twin
    }

    /// A line before the first header, where nothing says what its values are.
    fn unknown(&mut self, line: &[u8]) -> Option<Layout> {
        let first = tokens(line).next();
        match (first, Layout::from_header(line)) {
            _ if line.len() >= LINE_BYTES_MAX => self.fault(line, Reason::TooLong),
            (None, _) => self.tally.blank += 1,
            (_, Some(layout)) => {
                self.tally.headers += 1;
                return Some(layout);
            }
            (Some([b'{', ..]), _) => self.fault(line, Reason::NoRecord),
            _ => self.fault(line, Reason::NoLayout),
        }
        None
    }

    fn fault(&mut self, line: &[u8], reason: Reason) {
        self.tally.malformed += 1;
        *self.tally.reasons.entry(reason).or_default() += 1;
        if self.malformed.len() < SHOWN.0 {
            let text = line[..line.len().min(SHOWN.1)].escape_ascii().to_string();
            self.malformed.push((self.tally.lines, reason, text));
        }
    }

    fn record(&mut self, record: &Record<'_>, layout: &Layout) {
        match record.status() {
            Status::NoData => self.tally.no_data += 1,
            Status::SkipData => self.tally.skip_data += 1,
            _ => self.tally.ok += 1,
        }
        self.tally.extra_columns += u64::from(record.has_extra_columns());
        let is_milliseconds = |column: usize| {
            let text = record.column(column);
            layout.field(column).zip(text).is_some_and(|(field, text)| seconds(field, text) != text)
        };
        self.tally.milliseconds += u64::from((0..layout.columns()).any(is_milliseconds));
        if !self.layouts.contains(layout) {
            self.layouts.push(layout.clone());
        }
        for (question, sums) in QUESTIONS.iter().zip(&mut self.sums) {
            if record.status() == Status::Ok || question.is_of_all {
                sums.add(question, record);
            }
        }
    }

    /// What the engine should have found.
    pub fn outcome(self) -> Outcome {
        let mut layouts = self.layouts;
        layouts.sort_by_key(|layout| format!("{layout:?}"));
        let sums = QUESTIONS.iter().zip(&self.sums);
        Outcome {
            answers: sums.map(|(question, sums)| sums.found(question)).collect(),
            tally: self.tally,
            malformed: self.malformed,
            layouts,
            faults: Vec::new(),
            containers: vec!["text"],
        }
    }
}

impl Sums {
    fn add(&mut self, question: &Question, record: &Record<'_>) {
        if question.is_accepted && record.text(Field::Action) != Some(b"ACCEPT") {
            self.uses.filtered_out += 1;
            return;
        }
        let key =
            question.keys.iter().map(|&field| record.text(field).map(|text| cut(text).into()));
        let Some(key) = key.collect::<Option<Vec<Vec<u8>>>>() else {
            self.uses.no_key += 1;
            return;
        };
        let number = match question.of {
            Of::Records => Some(1),
            Of::Sum(field) | Of::Least(field) | Of::Largest(field) => record.number(field),
        };
        let Some(number) = number.map(Amount::from) else {
            self.uses.no_value += 1;
            return;
        };
        self.uses.added += 1;
        let value = self.by_key.get(&key).map_or(number, |&value| question.of.join(value, number));
        self.by_key.insert(key, value);
    }

    fn found(&self, question: &Question) -> Found {
        let mut sums: Vec<_> = self.by_key.iter().collect();
        let total = sums.iter().map(|(_, value)| **value);
        let total = total.reduce(|left, right| question.of.join(left, right));
        sums.sort_by(|l, r| r.1.cmp(l.1).then_with(|| l.0.cmp(r.0)));
        let unique = sums.len() as u64;
        // Everything together is no contributor that is listed.
        sums.retain(|(key, _)| !key.is_empty());
        let contributors = sums.into_iter().map(|(key, value)| (shown(key), *value)).collect();
        Found { contributors, unique, total, uses: self.uses }
    }
}

impl Of {
    fn join(self, left: Amount, right: Amount) -> Amount {
        match self {
            Self::Records | Self::Sum(_) => left + right,
            Self::Least(_) => left.min(right),
            Self::Largest(_) => left.max(right),
        }
    }
}

/// Visits each record of a text in the default format, with its line and its layout.
pub fn each(text: &[u8], mut visit: impl FnMut(&[u8], &Layout, &Record<'_>)) {
    let mut layout = Layout::v2();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    for line in text.split(|&byte| byte == b'\n') {
        let next = match Line::parse(line, &layout) {
            Line::Header(next) => Some(next),
            Line::Record(record) => {
                visit(line, &layout, &record);
                None
            }
            Line::Blank | Line::Malformed(_) => None,
        };
        layout = next.unwrap_or(layout);
    }
}

/// A value's text; of a time in milliseconds that of its seconds.
pub fn seconds(field: Field, text: &[u8]) -> &[u8] {
    let is_time = matches!(field, Field::Start | Field::End);
    let number = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    match number.is_some_and(|number: u64| is_time && number >= MILLISECONDS_MIN) {
        true => &text[..text.len() - 3],
        false => text,
    }
}

/// A key's text, cut at a character's boundary if it is too long.
pub fn cut(text: &[u8]) -> &[u8] {
    if text.len() <= KEY_BYTES_MAX {
        return text;
    }
    let is_boundary = |&end: &usize| text[end] & 0xc0 != 0x80;
    let end = (KEY_BYTES_MAX - 3..=KEY_BYTES_MAX).rev().find(is_boundary);
    &text[..end.unwrap_or(KEY_BYTES_MAX)]
}
