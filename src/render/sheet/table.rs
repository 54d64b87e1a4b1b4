//! Tables for people: each sheet measured in one walk over its rows and written in another.

use std::io::{self, Write};

use super::grid::{Grid, Needs, Part, Row};
use super::{Cell, CellKind, Footer, Sheet, SheetFormat, Style, Unit, Units};
use crate::render::human;
use crate::render::table::{Look, styled, text};

/// Writes sheets one below the other; named ones under their names.
pub fn write(out: &mut dyn Write, sheets: &[Sheet<'_>], style: &Style) -> io::Result<()> {
    let look = Look::new(style.is_coloured);
    for (at, sheet) in sheets.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        if let Some((_, name)) = sheet.list.as_ref().filter(|_| style.has_header) {
            styled(out, &format!("{}:", text(name)), look.heading)?;
        }
        one(out, sheet, style, &look)?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, sheet: &Sheet<'_>, style: &Style, look: &Look) -> io::Result<()> {
    if let Some(title) = sheet.title.as_ref().filter(|_| style.has_header) {
        styled(out, &text(title), look.heading)?;
    }
    let columns = Columns::new(sheet, style);
    let mut needs = columns.needs();
    let count = columns.measure(&mut needs);
    if count > 0 {
        let grid = Grid::fit(needs, &columns.head(), style.width);
        if style.has_header {
            grid.write_head(out, &columns.head(), look.heading)?;
        }
        for (number, row) in (1..).zip((sheet.rows)()) {
            grid.write(out, &columns.row(number, &row), anstyle::Style::new())?;
        }
        for footer in sheet.footers(&columns.shown) {
            let look = if footer.is_aside { look.aside } else { anstyle::Style::new() };
            grid.write(out, &columns.footer(footer), look)?;
        }
    }
    if !sheet.notes.is_empty() {
        writeln!(out)?;
    }
    sheet.notes.iter().try_for_each(|note| styled(out, &text(note), look.aside))
}

/// Which columns a table has, and what of their cells.
struct Columns<'s, 'a> {
    sheet: &'s Sheet<'a>,
    shown: Vec<usize>,
    /// How many of them, from the first, are keys.
    keys: usize,
    parts: Vec<Place>,
}

/// A place right of the keys.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    kind: CellKind,
    what: What,
}

/// What of a cell stands in a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Exact,
    /// The rounded number beside the exact one, if there is room.
    Beside,
    /// The rounded number instead.
    Rounded,
}

impl<'s, 'a> Columns<'s, 'a> {
    fn new(sheet: &'s Sheet<'a>, style: &Style) -> Self {
        let shown = sheet.shown(SheetFormat::Table);
        let kind = |at: usize| sheet.columns[at].kind;
        let keys = shown.iter().take_while(|&&at| kind(at) == CellKind::Text).count();
        let mut parts = Vec::new();
        for &at in &shown[keys..] {
            let whats: &[What] = match (style.units, kind(at).unit()) {
                (_, Unit::None) | (Units::Raw, _) => &[What::Exact],
                (Units::Human, _) => &[What::Rounded],
                (Units::Both, Unit::Bytes) => &[What::Exact, What::Beside],
                (Units::Both, _) => &[What::Exact],
            };
            parts.extend(whats.iter().map(|&what| Place { at, kind: kind(at), what }));
        }
        Self { sheet, shown, keys, parts }
    }

    /// What fits the heads and the lines below the rows.
    fn needs(&self) -> Needs {
        let parts = self.parts.iter().map(|place| Part {
            width: match (place.what, place.kind) {
                (What::Beside, _) => human::BYTES_WIDTH,
                (_, CellKind::Share) => human::PERCENT_WIDTH,
                _ => 0,
            },
            is_right: place.kind.is_right_aligned(),
            is_optional: place.what == What::Beside,
        });
        let mut needs = Needs {
            rank: if self.sheet.is_ranked { Some(1) } else { None },
            keys: vec![0; self.keys],
            span: 0,
            parts: parts.collect(),
        };
        needs.add(&self.head());
        for footer in self.sheet.footers(&self.shown) {
            let row = self.footer(footer);
            needs.span = needs.span.max(human::width(&row.keys[0]));
            needs.add(&Row { keys: Vec::new(), ..row });
        }
        needs
    }

    /// Makes room for the rows; returns how many there are.
    fn measure(&self, needs: &mut Needs) -> u128 {
        let mut count = 0;
        for (number, row) in (1..).zip((self.sheet.rows)()) {
            needs.add(&self.measured(number, &row));
            count = number;
        }
        count
    }

    fn head(&self) -> Row {
        let heading = |at: usize| self.sheet.columns[at].heading();
        Row {
            rank: "#".to_owned(),
            keys: self.shown[..self.keys].iter().map(|&at| heading(at)).collect(),
            is_label: false,
            parts: (self.parts.iter())
                .map(|place| match place.what {
                    What::Beside => String::new(),
                    _ => heading(place.at),
                })
                .collect(),
        }
    }

    fn row(&self, number: u128, row: &[Cell]) -> Row {
        let key = |&at: &usize| self.sheet.cell(row, at).shown();
        Row {
            rank: if self.sheet.is_ranked { human::grouped(number) } else { String::new() },
            keys: self.shown[..self.keys].iter().map(key).collect(),
            is_label: false,
            parts: self.parts(|at| self.sheet.cell(row, at)),
        }
    }

    /// The row without the cells whose width is known: millions of rows may be measured.
    fn measured(&self, number: u128, row: &[Cell]) -> Row {
        let key = |&at: &usize| self.sheet.cell(row, at).shown();
        let part = |place: &Place| match (place.what, place.kind) {
            (What::Beside, _) | (_, CellKind::Share) => String::new(),
            _ => self.part(place, self.sheet.cell(row, place.at)),
        };
        Row {
            rank: if self.sheet.is_ranked { human::grouped(number) } else { String::new() },
            keys: self.shown[..self.keys].iter().map(key).collect(),
            is_label: false,
            parts: self.parts.iter().map(part).collect(),
        }
    }

    fn footer(&self, footer: &Footer) -> Row {
        Row {
            rank: String::new(),
            keys: vec![text(&footer.label)],
            is_label: true,
            parts: self.parts(|at| self.sheet.footer_cell(footer, at)),
        }
    }

    fn parts<'c>(&self, cell: impl Fn(usize) -> &'c Cell) -> Vec<String> {
        self.parts.iter().map(|place| self.part(place, cell(place.at))).collect()
    }

    fn part(&self, place: &Place, cell: &Cell) -> String {
        let rounded = || cell.rounded(place.kind.unit());
        match place.what {
            What::Exact => cell.shown(),
            What::Beside => rounded().unwrap_or_default(),
            What::Rounded => rounded().unwrap_or_else(|| cell.shown()),
        }
    }
}
