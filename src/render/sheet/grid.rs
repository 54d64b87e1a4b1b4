//! Where the columns of a table stand, so that a row fits the terminal.
//!
//! Two IPv6 addresses alone are 80 columns wide. Rather than cut a key, which would make it
//! another one, a grid that is too wide puts the keys of a row below each other, or leaves out
//! the rounded numbers; if that is not enough, it breaks keys over lines; and if the other
//! columns alone are too wide, each column of a row stands in a line of its own.

use std::io::{self, Write};

use anstyle::Style;

use crate::render::human::{self, padded, pieces};

/// Keys are not broken into shorter pieces than this.
const KEY_MIN: usize = 16;

/// What stands between columns.
const GAP: usize = 2;

/// The columns of a table.
#[derive(Debug)]
pub struct Grid {
    rank: Option<usize>,
    keys: Keys,
    parts: Vec<Part>,
    has_optional: bool,
    width: usize,
}

#[derive(Debug)]
enum Keys {
    /// Each key has a column; all of them fill an area.
    SideBySide { widths: Vec<usize>, area: usize },
    /// The keys stand below each other, in one column.
    Stacked { width: usize },
    /// All columns stand below each other, after their names.
    Listed { names: Vec<String>, width: usize },
}

/// What has to fit.
#[derive(Debug)]
pub struct Needs {
    /// Width of the widest rank, if rows have one.
    pub rank: Option<usize>,
    /// Width of the widest key of each column.
    pub keys: Vec<usize>,
    /// Width of the widest text that spans the keys.
    pub span: usize,
    /// The columns right of the keys.
    pub parts: Vec<Part>,
}

/// A column right of the keys.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Width of its widest cell.
    pub width: usize,
    /// Whether cells stand at its right end.
    pub is_right: bool,
    /// Whether it is left out where there is no room.
    pub is_optional: bool,
}

/// The cells of a row.
#[derive(Debug, Default)]
pub struct Row {
    /// The rank, or nothing.
    pub rank: String,
    /// The keys, or one text that spans them.
    pub keys: Vec<String>,
    /// Whether it is that text.
    pub is_label: bool,
    /// The cells right of them.
    pub parts: Vec<String>,
}

impl Needs {
    /// Makes room for a row.
    pub fn add(&mut self, row: &Row) {
        let widest = |width: &mut usize, cell: &String| *width = human::width(cell).max(*width);
        self.rank.iter_mut().for_each(|width| widest(width, &row.rank));
        self.keys.iter_mut().zip(&row.keys).for_each(|(width, key)| widest(width, key));
        for (part, cell) in self.parts.iter_mut().zip(&row.parts) {
            widest(&mut part.width, cell);
        }
    }
}

impl Grid {
    /// The clearest grid that fits `width` columns, for rows of the `head`'s names.
    pub fn fit(needs: Needs, head: &Row, width: usize) -> Self {
        let Needs { rank, keys: widths, span, parts } = needs;
        let gaps = GAP * widths.len().saturating_sub(1);
        let flat = (widths.iter().sum::<usize>() + gaps).max(span);
        let tallest = widths.iter().copied().max().unwrap_or(0).max(span);
        let taken = |has_optional: bool| {
            let parts = parts.iter().filter(|part| has_optional || !part.is_optional);
            rank.map_or(0, |rank| rank + GAP) + parts.map(|part| GAP + part.width).sum::<usize>()
        };
        let grid = |keys: Keys, has_optional: bool| Self {
            rank,
            keys,
            parts: parts.clone(),
            has_optional,
            width,
        };
        for has_optional in [true, false] {
            let room = width.saturating_sub(taken(has_optional));
            if flat <= room {
                return grid(Keys::SideBySide { widths, area: flat }, has_optional);
            }
            if tallest <= room {
                return grid(Keys::Stacked { width: tallest }, has_optional);
            }
        }
        // Where keys are broken anyway, there is room beside their pieces.
        let has_optional = width.saturating_sub(taken(true)) >= KEY_MIN;
        let room = width.saturating_sub(taken(has_optional));
        if room < tallest.min(KEY_MIN) && parts.len() > 1 {
            let names: Vec<String> = head.keys.iter().chain(&head.parts).cloned().collect();
            let widest = names.iter().map(|name| human::width(name)).max().unwrap_or(0);
            return grid(Keys::Listed { names, width: widest }, true);
        }
        grid(Keys::Stacked { width: room.max(KEY_MIN).max(span) }, has_optional)
    }

    /// Writes the names of the columns, unless each cell stands after its own.
    pub fn write_head(&self, out: &mut dyn Write, head: &Row, style: Style) -> io::Result<()> {
        match self.keys {
            Keys::Listed { .. } => Ok(()),
            _ => self.write(out, head, style),
        }
    }

    /// Writes a row in a style.
    pub fn write(&self, out: &mut dyn Write, row: &Row, style: Style) -> io::Result<()> {
        let (on, off) = (style.render(), style.render_reset());
        let lines = match &self.keys {
            Keys::Listed { names, width } => self.listed(row, names, *width),
            _ => self.aligned(row),
        };
        lines.iter().try_for_each(|line| writeln!(out, "{on}{}{off}", line.trim_end()))
    }

    fn aligned(&self, row: &Row) -> Vec<String> {
        let (area, lines) = self.key_lines(&row.keys);
        let (first, indent) = match self.rank {
            Some(width) => (format!("{:>width$}{:GAP$}", row.rank, ""), width + GAP),
            None => (String::new(), 0),
        };
        let line = |(at, keys): (usize, &String)| match at {
            0 => first.clone() + &padded(keys, area, false) + &self.numbers(row, area > 0),
            _ => format!("{:indent$}{keys}", ""),
        };
        lines.iter().enumerate().map(line).collect()
    }

    /// What stands right of the keys, if there are any.
    fn numbers(&self, row: &Row, has_keys: bool) -> String {
        let parts = self.parts.iter().zip(&row.parts);
        let parts = parts.filter(|(part, _)| self.has_optional || !part.is_optional);
        let mut text = String::new();
        for (Part { width, is_right, .. }, cell) in parts {
            if has_keys || !text.is_empty() {
                text.push_str("  ");
            }
            text.push_str(&padded(cell, *width, *is_right));
        }
        text
    }

    /// The lines that the keys of a row take, and how wide these may be.
    fn key_lines(&self, keys: &[String]) -> (usize, Vec<String>) {
        match &self.keys {
            Keys::SideBySide { widths, area } => {
                let cells = keys.iter().zip(widths).map(|(key, width)| padded(key, *width, false));
                let line = match widths.is_empty() {
                    true => keys.concat(),
                    false => cells.collect::<Vec<_>>().join("  ").trim_end().to_owned(),
                };
                (*area, vec![line])
            }
            Keys::Stacked { width } | Keys::Listed { width, .. } => {
                (*width, keys.iter().flat_map(|key| pieces(key, *width)).collect())
            }
        }
    }

    /// Each cell in a line, after the name of its column; an optional one beside the one before.
    fn listed(&self, row: &Row, names: &[String], width: usize) -> Vec<String> {
        let keys = names.len() - self.parts.len();
        let room = self.width.saturating_sub(width + GAP).max(KEY_MIN);
        let mut lines = Vec::new();
        let label = match (row.is_label, row.rank.is_empty()) {
            (true, _) => row.keys.concat(),
            (false, false) => format!("#{}", row.rank),
            (false, true) => String::new(),
        };
        lines.push(label);
        let mut entry = |name: &str, cell: &str| {
            for (at, piece) in pieces(cell, room).iter().enumerate() {
                let name = if at == 0 { name } else { "" };
                lines.push(padded(name, width + GAP, false) + piece);
            }
        };
        if !row.is_label {
            names.iter().zip(&row.keys).for_each(|(name, key)| entry(name, key));
        }
        let mut cells = names[keys..].iter().zip(&row.parts).zip(&self.parts).peekable();
        while let Some(((name, cell), _)) = cells.next() {
            let beside = cells.next_if(|(_, part)| part.is_optional);
            let cell = match beside {
                Some(((_, beside), _)) => format!("{cell}  {beside}"),
                None => cell.clone(),
            };
            if !cell.trim().is_empty() {
                entry(name, cell.trim_end());
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(keys: &[&str], value: &str) -> Vec<String> {
        let part = |is_optional: bool| Part { width: 0, is_right: true, is_optional };
        let row = Row {
            rank: "1".to_owned(),
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
            parts: [value, "1.23 GB", "100.0%"].map(str::to_owned).to_vec(),
            is_label: false,
        };
        let mut needs = Needs {
            rank: Some(0),
            keys: vec![0; keys.len()],
            span: 0,
            parts: vec![part(false), part(true), part(false)],
        };
        needs.add(&row);
        let head = Row {
            rank: "#".to_owned(),
            keys: keys.iter().map(|_| "key".to_owned()).collect(),
            parts: ["bytes", "", "share"].map(str::to_owned).to_vec(),
            is_label: false,
        };
        let mut text = Vec::new();
        Grid::fit(needs, &head, 80).write(&mut text, &row, Style::new()).unwrap();
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
        assert_eq!(broken[0].len(), 80);
        assert_eq!(broken.concat().matches('x').count(), 100);
    }

    #[test]
    fn what_never_fits_is_listed() {
        let value = "9".repeat(60);
        assert_eq!(
            lines(&["10.0.0.1 and more words"], &value),
            [
                "#1".to_owned(),
                "key    10.0.0.1 and more words".to_owned(),
                format!("bytes  {value}  1.23 GB"),
                "share  100.0%".to_owned(),
            ]
        );
    }
}
