//! Texts and their numbers: so that a contributor with texts among its keys packs into a word.
//!
//! Logs have few texts, and those in runs: records of one interface stand together, an action is
//! one of two. Each text gets a number once in a run, the same for all workers and all questions;
//! a worker remembers those that it met, and looking up a text mostly is comparing it with the
//! one before. Numbers are given in the order in which texts are met, so that nothing may depend
//! on them but equality.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hashbrown::HashMap;

use crate::labels::Labels;
use crate::memory::Budget;
use crate::view::cut;

/// Texts that get a number; further ones do not, and contributors with them stay bytes. A worker
/// remembers so many in some 10 MB.
const TEXTS_MAX: usize = if cfg!(debug_assertions) { 5 } else { 1 << 18 };

/// Bytes that a text takes beside its own: where it stands among all, twice, and in a map.
const TEXT_BYTES: usize = 2 * size_of::<Arc<[u8]>>() + 2 * size_of::<usize>() + KNOWN_BYTES;

/// Bytes that a text takes in a map, at the least load.
const KNOWN_BYTES: usize = 2 * size_of::<(Arc<[u8]>, u32)>();

/// The texts of a run.
#[derive(Debug)]
pub struct Texts {
    /// The memory that they take theirs from.
    budget: Arc<Budget>,
    /// Bytes that they may take of it, with what workers remember of them.
    bytes_max: usize,
    workers: usize,
    known: Mutex<Known>,
    /// Whether no further text gets a number.
    is_full: AtomicBool,
    /// The texts by number, once there are no more.
    all: OnceLock<Vec<Arc<[u8]>>>,
}

#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<Arc<[u8]>, u32>,
    texts: Vec<Arc<[u8]>>,
    bytes: usize,
}

impl Default for Texts {
    fn default() -> Self {
        Self::new(Arc::new(Budget::new(usize::MAX, 0)), usize::MAX, 1)
    }
}

impl Texts {
    /// No texts yet, for so many workers, which together may take about so many bytes for them.
    pub fn new(budget: Arc<Budget>, bytes_max: usize, workers: usize) -> Self {
        let (known, is_full) = (Mutex::default(), AtomicBool::new(false));
        Self { budget, bytes_max, workers, known, is_full, all: OnceLock::new() }
    }

    /// The number of a text, if it has one or can get one.
    pub fn number(&self, text: &[u8]) -> Option<u32> {
        self.shared_number(text).map(|(number, _)| number)
    }

    fn shared_number(&self, text: &[u8]) -> Option<(u32, Arc<[u8]>)> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, &number)) = known.numbers.get_key_value(text) {
            return Some((number, Arc::clone(text)));
        }
        let bytes = text.len() + TEXT_BYTES + self.workers * KNOWN_BYTES;
        let is_full = self.is_full.load(Ordering::Relaxed)
            || known.texts.len() >= TEXTS_MAX
            || known.bytes + bytes > self.bytes_max
            || self.all.get().is_some();
        if is_full || !self.budget.try_take(bytes) {
            self.is_full.store(true, Ordering::Release);
            return None;
        }
        known.bytes += bytes;
        let (number, text) = (known.texts.len() as u32, Arc::<[u8]>::from(text));
        known.texts.push(Arc::clone(&text));
        known.numbers.insert(Arc::clone(&text), number);
        Some((number, text))
    }

    /// Ends the giving of numbers, so that they can be read.
    pub fn finish(&self) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.all.get_or_init(|| known.texts.clone());
    }

    /// The text of a number that was given.
    ///
    /// # Panics
    /// Before [`finish`](Self::finish).
    pub fn text(&self, number: u32) -> &[u8] {
        &self.all.get().expect("texts are read when all workers are done")[number as usize]
    }
}

/// A text and its number.
type Numbered = (Arc<[u8]>, u32);

/// What one worker remembers of the texts of a run.
#[derive(Debug, Default)]
pub struct Remembered {
    numbers: HashMap<Arc<[u8]>, u32>,
    /// The last two texts of each column and their numbers: neighbours in a log often agree, and
    /// where they do not, as actions do not, they are often one of two.
    last: Vec<[Option<Numbered>; 2]>,
    /// Whether all numbers that were given are here, and no more will be.
    is_complete: bool,
    /// The numbers of labels, for each of the lists of them that there are.
    labels: Vec<Labelled>,
}

/// The numbers of one list of labels, by the label.
#[derive(Debug)]
struct Labelled {
    labels: Arc<Labels>,
    numbers: Vec<u32>,
    /// The last text that was looked up, and its label.
    last: Option<(Box<[u8]>, u32)>,
}

/// The place of a label's number until it has one.
const NO_NUMBER: u32 = u32::MAX;

impl Remembered {
    /// The number of a text of a column, if it has one or can get one.
    #[inline(always)]
    pub fn number(&mut self, texts: &Texts, column: usize, text: &[u8]) -> Option<u32> {
        let last = self.last.get(column).into_iter().flatten().flatten();
        for (last, number) in last {
            if **last == *text {
                return Some(*number);
            }
        }
        self.look_up(texts, column, text)
    }

    fn look_up(&mut self, texts: &Texts, column: usize, text: &[u8]) -> Option<u32> {
        let (text, number) = self.known(texts, text)?;
        if self.last.len() <= column {
            self.last.resize(column + 1, [None, None]);
        }
        let [last, before] = &mut self.last[column];
        *before = last.replace((text, number));
        Some(number)
    }

    fn known(&mut self, texts: &Texts, text: &[u8]) -> Option<(Arc<[u8]>, u32)> {
        let (text, number) = match self.numbers.get_key_value(text) {
            Some((text, &number)) => (Arc::clone(text), number),
            None if self.is_complete => return None,
            None => {
                let Some((number, text)) = texts.shared_number(text) else {
                    // No lock for the many that are still to come.
                    let known = texts.known.lock().unwrap_or_else(PoisonError::into_inner);
                    self.numbers.clone_from(&known.numbers);
                    self.is_complete = texts.is_full.load(Ordering::Acquire);
                    return None;
                };
                self.numbers.insert(Arc::clone(&text), number);
                (text, number)
            }
        };
        Some((text, number))
    }

    /// Where the numbers of these labels are remembered.
    pub fn place_of(&mut self, labels: &Arc<Labels>) -> usize {
        let found = self.labels.iter().position(|known| Arc::ptr_eq(&known.labels, labels));
        found.unwrap_or_else(|| {
            let numbers = vec![NO_NUMBER; labels.count()];
            self.labels.push(Labelled { labels: Arc::clone(labels), numbers, last: None });
            self.labels.len() - 1
        })
    }

    /// The number of the text of a label, if it has one or can get one; `place` is that of its
    /// list.
    #[inline(always)]
    pub fn label_number(&mut self, texts: &Texts, place: usize, label: u32) -> Option<u32> {
        match self.labels[place].numbers[label as usize] {
            NO_NUMBER => self.look_label_up(texts, place, label),
            number => Some(number),
        }
    }

    #[cold]
    fn look_label_up(&mut self, texts: &Texts, place: usize, label: u32) -> Option<u32> {
        let labels = Arc::clone(&self.labels[place].labels);
        let (_, number) = self.known(texts, cut(labels.text(label)))?;
        self.labels[place].numbers[label as usize] = number;
        Some(number)
    }

    /// The label of a text, which often is that of the text before.
    #[inline(always)]
    pub fn label_of(&mut self, place: usize, text: &[u8]) -> u32 {
        let Labelled { labels, last, .. } = &mut self.labels[place];
        match last {
            Some((last, label)) if **last == *text => *label,
            _ => {
                let label = labels.find(text);
                *last = Some((text.into(), label));
                label
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_numbers() {
        let texts = Texts::default();
        let (mut one, mut two) = (Remembered::default(), Remembered::default());
        assert_eq!(one.number(&texts, 0, b"a"), Some(0));
        assert_eq!(two.number(&texts, 1, b"b"), Some(1));
        assert_eq!(two.number(&texts, 1, b"a"), Some(0));
        assert_eq!(two.number(&texts, 0, b"a"), Some(0));
        assert_eq!(one.number(&texts, 0, b"b"), Some(1));
        assert_eq!(texts.number(b""), Some(2));
        texts.finish();
        assert_eq!([0, 1, 2].map(|number| texts.text(number)), [&b"a"[..], b"b", b""]);
        assert_eq!(texts.number(b"b"), Some(1));
        assert_eq!(texts.number(b"new"), None);
    }

    #[test]
    fn labels_are_texts_with_numbers() {
        let labels = Arc::new(Labels::of_numbers([(1, "a"), (2, "b"), (3, "a")]));
        let texts = Texts::default();
        let (mut one, mut two) = (Remembered::default(), Remembered::default());
        assert_eq!(one.number(&texts, 0, b"b"), Some(0));
        let place = one.place_of(&labels);
        let mut number = |text: &[u8]| {
            let label = one.label_of(place, text);
            assert_eq!(label, labels.find(text));
            one.label_number(&texts, place, label)
        };
        assert_eq!([b"1", b"2", b"3", b"3"].map(|text| number(text)), [1, 0, 1, 1].map(Some));
        assert_eq!(number(b"17"), Some(2));
        assert_eq!(one.place_of(&labels), place);
        assert_eq!(two.place_of(&Arc::new(Labels::of_numbers([(1, "c")]))), 0);
        let place = two.place_of(&labels);
        assert_eq!(two.label_number(&texts, place, labels.find_number(3)), Some(1));
        assert_eq!(one.number(&texts, 0, b"-"), Some(2));
    }

    #[test]
    fn texts_that_are_too_long_together_end_the_giving() {
        let bytes = 2 * (TEXT_BYTES + KNOWN_BYTES) + 100;
        for (limit, bytes_max) in [(usize::MAX, bytes), (bytes, usize::MAX)] {
            let texts = Texts::new(Arc::new(Budget::new(limit, 0)), bytes_max, 1);
            assert_eq!(texts.number(&[b'a'; 40]), Some(0));
            assert_eq!(texts.number(&[b'b'; 80]), None);
            // It would fit, but no text gets a number after another one got none.
            assert_eq!(texts.number(b"c"), None);
            assert_eq!(texts.number(&[b'a'; 40]), Some(0));
        }
    }

    #[test]
    fn beyond_the_most_no_text_ever_gets_a_number() {
        let texts = Texts::default();
        let (mut one, mut two) = (Remembered::default(), Remembered::default());
        let name = |at: usize| at.to_string().into_bytes();
        for at in 0..TEXTS_MAX {
            assert_eq!(one.number(&texts, 0, &name(at)), Some(at as u32));
        }
        for at in 0..3 {
            assert_eq!(two.number(&texts, 0, b"more"), None);
            assert_eq!(two.number(&texts, 0, &name(at)), Some(at as u32));
            assert_eq!(one.number(&texts, 0, b"even more"), None);
            assert_eq!(one.number(&texts, 0, &name(at)), Some(at as u32));
        }
    }
}
