//! What has to happen in text order although blocks are read in any: a header counts for the
//! lines after it, also those in later blocks, and line numbers count up.
//!
//! A worker scans its block, then waits for its turn; at its turn it learns the layout and the
//! number of lines before the block, and says what its own lines change. Scanning never waits,
//! and blocks are claimed in order, so the wait is short: no turn depends on a later one.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::layout::Layout;

/// The order of one input's blocks.
#[derive(Debug)]
pub struct Order {
    state: Mutex<State>,
    moved_on: Condvar,
}

#[derive(Debug)]
struct State {
    next: u64,
    waiting: u32,
    before: Before,
    /// A worker went away without taking its turn: those who wait would wait forever.
    is_broken: bool,
}

/// What the lines before a block say of it.
#[derive(Debug, Clone)]
pub struct Before {
    /// The layout of its first lines.
    pub layout: Arc<Layout>,
    /// How many lines there are before it.
    pub lines: u64,
}

impl Order {
    /// The order of an input whose first lines have `layout`.
    pub fn new(layout: Arc<Layout>) -> Arc<Self> {
        Self::after(Before { layout, lines: 0 })
    }

    /// The order of blocks of which is known what comes before the first.
    pub fn after(before: Before) -> Arc<Self> {
        let state = Mutex::new(State { next: 0, waiting: 0, before, is_broken: false });
        Arc::new(Self { state, moved_on: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to go `number`th, counted from 0. Every number has to be claimed once.
    pub fn turn(self: &Arc<Self>, number: u64) -> Turn {
        Turn { order: Some(Arc::clone(self)), number }
    }
}

/// The right and the duty to go on at one's place.
#[derive(Debug)]
pub struct Turn {
    order: Option<Arc<Order>>,
    number: u64,
}

impl Turn {
    /// Waits for all blocks before this one, then tells those after it that it has `lines` lines
    /// and, if a header is among them, the layout after its end.
    ///
    /// # Panics
    /// If the worker of a block before this one panicked.
    pub fn take(mut self, lines: u64, layout: Option<Arc<Layout>>) -> Before {
        let order = self.order.take().expect("a turn is taken once");
        let mut state = order.state();
        while state.next != self.number && !state.is_broken {
            state.waiting += 1;
            state = order.moved_on.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        assert!(!state.is_broken, "the worker of an earlier block stopped");
        let before = state.before.clone();
        state.next += 1;
        state.before.lines += lines;
        if let Some(layout) = layout {
            state.before.layout = layout;
        }
        if state.waiting > 0 {
            order.moved_on.notify_all();
        }
        before
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(order) = &self.order {
            order.state().is_broken = true;
            order.moved_on.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_taken_in_order_whoever_comes_first() {
        let order = Order::new(Arc::new(Layout::v2()));
        let other = Arc::new(Layout::new(["bytes"]).unwrap());
        let turns: Vec<Turn> = (0..8).map(|number| order.turn(number)).collect();
        let seen: Vec<Before> = std::thread::scope(|scope| {
            let threads: Vec<_> = turns
                .into_iter()
                .enumerate()
                .rev()
                .map(|(number, turn)| {
                    let header = (number == 3).then(|| Arc::clone(&other));
                    scope.spawn(move || turn.take(10, header))
                })
                .collect();
            threads.into_iter().rev().map(|thread| thread.join().unwrap()).collect()
        });
        for (number, before) in seen.iter().enumerate() {
            assert_eq!(before.lines, number as u64 * 10);
            assert_eq!(before.layout.columns(), if number > 3 { 1 } else { 14 });
        }
    }

    #[test]
    fn a_turn_that_is_dropped_wakes_those_who_wait() {
        let order = Order::new(Arc::new(Layout::v2()));
        let (first, second) = (order.turn(0), order.turn(1));
        let waiter = std::thread::spawn(move || second.take(1, None));
        drop(first);
        assert!(waiter.join().is_err());
    }
}
