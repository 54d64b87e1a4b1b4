//! Where the columns of a ranking stand, so that a row fits a terminal of 80 columns.
//!
//! Two IPv6 addresses alone are 80 columns wide. Rather than cut a key, which would make it
//! another one, a grid that is too wide puts the keys of a contributor below each other, or
//! leaves out the rounded values; and if that is not enough, it breaks keys over lines.

use std::io::{self, Write};

use anstyle::Style;

/// The width that a table has at most, if its keys can be broken at all.
const WIDTH: usize = 80;

/// What a rounded value is wide: `1.23 GB`.
const ROUNDED: usize = 7;

/// What a share is wide: `100.0%`.
const SHARE: usize = 6;

/// Keys are not broken into shorter pieces than this.
const KEY_MIN: usize = 16;

/// The columns of a ranking.
#[derive(Debug)]
pub struct Grid {
    rank: usize,
    keys: Keys,
    value: usize,
    rounded: bool,
    largest: usize,
    cumulative: bool,
}

#[derive(Debug)]
enum Keys {
    /// Each key has a column; all of them fill an area.
    SideBySide { widths: Vec<usize>, area: usize },
    /// The keys stand below each other, in one column.
    Stacked { width: usize },
}

/// What has to fit.
#[derive(Debug)]
pub struct Needs {
    /// Characters of the widest rank.
    pub rank: usize,
    /// Characters of the widest key of each column.
    pub keys: Vec<usize>,
    /// Characters of the widest text that spans the keys.
    pub span: usize,
    /// Characters of the widest value.
    pub value: usize,
    /// Whether values come rounded too.
    pub rounded: bool,
    /// Characters of the largest value of a single event; 0 without that column.
    pub largest: usize,
    /// Whether shares are added up too.
    pub cumulative: bool,
    /// Characters of the sparklines; 0 without them.
    pub spark: usize,
}

/// The cells of a row.
#[derive(Debug, Default)]
pub struct Row {
    /// The rank, or nothing.
    pub rank: String,
    /// The keys, or one text that spans them.
    pub keys: Vec<String>,
    /// The exact value.
    pub value: String,
    /// The rounded value, shown if there is room.
    pub rounded: String,
    /// The largest value of a single event, if there is a column for it.
    pub largest: String,
    /// The share.
    pub share: String,
    /// The shares down to this row, if there is a column for it.
    pub cumulative: String,
    /// The sparkline, if there is one.
    pub spark: String,
}

impl Grid {
    /// The clearest grid that fits.
    pub fn fit(needs: Needs) -> Self {
        let Needs { rank, keys: widths, span, value, rounded, largest, cumulative, spark } = needs;
        let flat = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        let flat = flat.max(span);
        let tallest = widths.iter().copied().max().unwrap_or(0).max(span);
        let room = |rounded: bool| {
            let optional = |is_there: bool, width: usize| if is_there { 2 + width } else { 0 };
            let numbers = 2
                + value
                + optional(rounded, ROUNDED)
                + optional(largest > 0, largest)
                + 2
                + SHARE
                + optional(cumulative, SHARE)
                + optional(spark > 0, spark);
            WIDTH.saturating_sub(rank + 2 + numbers)
        };
        for rounded in [rounded, false] {
            if flat <= room(rounded) {
                let keys = Keys::SideBySide { widths, area: flat };
                return Self { rank, keys, value, rounded, largest, cumulative };
            }
            if tallest <= room(rounded) {
                let keys = Keys::Stacked { width: tallest };
                return Self { rank, keys, value, rounded, largest, cumulative };
            }
        }
        let width = room(rounded).max(KEY_MIN).max(span);
        Self { rank, keys: Keys::Stacked { width }, value, rounded, largest, cumulative }
    }

    /// Writes a row in a style.
    pub fn write(&self, out: &mut dyn Write, row: &Row, style: Style) -> io::Result<()> {
        let (on, off) = (style.render(), style.render_reset());
        let (area, lines) = self.key_lines(&row.keys);
        for (at, keys) in lines.iter().enumerate() {
            let line = if at == 0 {
                let rank_width = self.rank;
                let numbers = self.numbers(row);
                format!("{:>rank_width$}  {keys:<area$}{numbers}", row.rank)
            } else {
                format!("{:width$}{keys}", "", width = self.rank + 2)
            };
            writeln!(out, "{on}{}{off}", line.trim_end())?;
        }
        Ok(())
    }

    /// What stands right of the keys.
    fn numbers(&self, row: &Row) -> String {
        let cells = [
            (true, &row.value, self.value),
            (self.rounded, &row.rounded, ROUNDED),
            (self.largest > 0, &row.largest, self.largest),
            (true, &row.share, SHARE),
            (self.cumulative, &row.cumulative, SHARE),
        ];
        let cells = cells.into_iter().filter(|(is_there, ..)| *is_there);
        let mut text: String = cells.map(|(_, cell, width)| format!("  {cell:>width$}")).collect();
        if !row.spark.is_empty() {
            text.push_str("  ");
            text.push_str(&row.spark);
        }
        text
    }

    /// The lines that the keys of a row take, and how wide these may be.
    fn key_lines(&self, keys: &[String]) -> (usize, Vec<String>) {
        match &self.keys {
            Keys::SideBySide { widths, area } => {
                let cells = keys.iter().zip(widths).map(|(key, width)| format!("{key:<width$}"));
                (*area, vec![cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()])
            }
            Keys::Stacked { width } => {
                (*width, keys.iter().flat_map(|key| pieces(key, *width)).collect())
            }
        }
    }
}

/// A text broken into lines of so many characters.
fn pieces(text: &str, width: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    match characters.is_empty() {
        true => vec![String::new()],
        false => characters.chunks(width).map(|piece| piece.iter().collect()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(keys: &[&str], value: &str) -> Vec<String> {
        let grid = Grid::fit(Needs {
            rank: 1,
            keys: keys.iter().map(|key| key.len()).collect(),
            span: 0,
            value: value.len(),
            rounded: true,
            largest: 0,
            cumulative: false,
            spark: 0,
        });
        let row = Row {
            rank: "1".to_owned(),
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
            value: value.to_owned(),
            rounded: "1.23 GB".to_owned(),
            share: "100.0%".to_owned(),
            ..Row::default()
        };
        let mut text = Vec::new();
        grid.write(&mut text, &row, Style::new()).unwrap();
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn rows_fit_eighty_columns() {
        let six = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff";
        let value = "1,234,567,890,123";
        assert_eq!(
            lines(&["10.0.0.1", "10.0.0.2"], value),
            ["1  10.0.0.1  10.0.0.2  1,234,567,890,123  1.23 GB  100.0%"]
        );
        assert_eq!(lines(&[six], value), [format!("1  {six}  {value}  1.23 GB  100.0%")]);
        assert_eq!(
            lines(&[six, six], value),
            [format!("1  {six}  {value}  1.23 GB  100.0%"), format!("   {six}")]
        );
        let value = "1,234,567,890,123,456,789";
        assert_eq!(lines(&[six], value), [format!("1  {six}  {value}  100.0%")]);
        let long = "x".repeat(100);
        let broken = lines(&[&long], value);
        assert_eq!(broken.len(), 4);
        assert_eq!(broken[0].len(), WIDTH);
        assert_eq!(broken.concat().matches('x').count(), 100);
    }
}
