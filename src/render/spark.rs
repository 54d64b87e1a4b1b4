//! Sparklines: how a contributor's value goes from period to period, in a few characters.

use crate::report::{Answer, Datapoint};

/// Eighths of a cell.
const BARS: [char; 8] = [
    '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}',
];

/// The most cells of a sparkline; more periods share cells.
const CELLS_MAX: u64 = 12;

/// The time that sparklines show, and how it is cut into cells.
#[derive(Debug, Clone)]
pub struct Sparks {
    first: u64,
    cell_seconds: u64,
    cells: u64,
    joint: Joint,
}

/// What becomes of the values of periods that share a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joint {
    /// Their sum.
    Sum,
    /// The largest: numbers of different values do not add up.
    Largest,
    /// The smallest.
    Smallest,
}

impl Sparks {
    /// Cells for the periods of an answer; none if it has no events with a time.
    pub fn new(answer: &Answer, period: u64) -> Option<Self> {
        let (first, last) = (answer.periods().first()?.start, answer.periods().last()?.start);
        let periods = (last - first) / period + 1;
        let cell_seconds = periods.div_ceil(CELLS_MAX) * period;
        let cells = (last - first) / cell_seconds + 1;
        Some(Self { first, cell_seconds, cells, joint: Joint::Sum })
    }

    /// The same, where values of one cell become one so.
    pub fn joined(self, joint: Joint) -> Self {
        Self { joint, ..self }
    }

    /// What a cell is: `per 5m`.
    pub fn heading(&self) -> String {
        let (value, unit) = match self.cell_seconds {
            seconds if seconds % 86_400 == 0 => (seconds / 86_400, 'd'),
            seconds if seconds % 3600 == 0 => (seconds / 3600, 'h'),
            seconds => (seconds / 60, 'm'),
        };
        format!("per {value}{unit}")
    }

    /// The line of a contributor; its largest cell is full, a cell without events blank.
    pub fn line(&self, points: &[Datapoint]) -> String {
        let mut cells: Vec<Option<f64>> = vec![None; self.cells as usize];
        for point in points {
            let cell = &mut cells[((point.start - self.first) / self.cell_seconds) as usize];
            let value = point.value.to_f64();
            *cell = Some(match (*cell, self.joint) {
                (None, _) => value,
                (Some(other), Joint::Sum) => other + value,
                (Some(other), Joint::Largest) => other.max(value),
                (Some(other), Joint::Smallest) => other.min(value),
            });
        }
        let largest = cells.iter().flatten().fold(0.0f64, |most, value| most.max(*value));
        let bar = |cell: &Option<f64>| match cell {
            None => ' ',
            Some(value) if largest <= 0.0 || *value <= 0.0 => BARS[0],
            Some(value) => BARS[((value / largest * 8.0).ceil() as usize).clamp(1, 8) - 1],
        };
        cells.iter().map(bar).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;

    #[test]
    fn cells_show_periods_and_gaps() {
        let sparks = Sparks { first: 600, cell_seconds: 300, cells: 5, joint: Joint::Sum };
        let point = |start, value: u64| Datapoint { start, value: Amount::from(value) };
        let points = [point(600, 8), point(1200, 1), point(1260, 3), point(1800, 0)];
        assert_eq!(sparks.line(&points), "\u{2588} \u{2584} \u{2581}");
        assert_eq!(sparks.heading(), "per 5m");
        let largest = sparks.clone().joined(Joint::Largest);
        assert_eq!(largest.line(&points), "\u{2588} \u{2583} \u{2581}");
        let smallest = sparks.clone().joined(Joint::Smallest);
        assert_eq!(smallest.line(&points), "\u{2588} \u{2581} \u{2581}");
        assert_eq!(sparks.line(&[]), "     ");
    }
}
