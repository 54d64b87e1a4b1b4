//! The time that the records of a batch span, for the account of their file.

use super::{Batch, Form, Lines, Reading};
use crate::container::Decoded;
use crate::field::Field;
use crate::layout::Place;
use crate::scan::Marks;
use crate::value::Number;

impl Batch {
    /// The smallest and the largest `start` of the records, in seconds; none if none has one.
    /// `decoded` are the rows that the batch was filled from, if they were decoded.
    pub fn start_span(
        &self,
        reading: &Reading,
        marks: &Marks<'_>,
        decoded: Option<&Decoded>,
    ) -> Option<(u64, u64)> {
        if reading.lines != Lines::Records {
            return None;
        }
        let column = reading.layout.position(Field::Start)?;
        let mut found = Vec::new();
        match (reading.number(column), decoded) {
            (Some(place), _) => found.extend_from_slice(self.numbers(place)),
            (None, None) => marks.numbers(&self.rows, column, &mut found),
            (None, Some(decoded)) => {
                let columns = reading.layout.columns();
                let starts = decoded.numbers.iter().find(|(other, _)| *other == column);
                if let Some((_, starts)) = starts {
                    found.extend(self.rows.iter().map(|&mark| starts[mark as usize / columns]));
                }
            }
        }
        for row in (0..self.plain_rows()).filter(|&row| self.plain_form(row) == Form::Records) {
            let text = self.plain_text(marks, row, Place::At(column));
            found.extend(text.and_then(|text| Number::parse(text).value()));
        }
        let first = found.iter().min()?;
        found.iter().max().map(|last| (*first, *last))
    }
}
