//! What cannot be written, told before logs are read.

use super::{SheetColumn, SheetFormat, Style};
use crate::error::{Error, ErrorKind};
use crate::nearest::nearest;
use crate::render::human;

/// Whether sheets of these columns can be written so, with only the `picked` columns: to be asked
/// before logs are read.
///
/// # Errors
/// [`ErrorKind::Query`] of what cannot be, with what to type instead.
pub fn check(
    sheets: &[&[SheetColumn]],
    format: SheetFormat,
    style: &Style,
    picked: &[String],
) -> Result<(), Error> {
    let refuse = |text: String| Err(Error::new(ErrorKind::Query, text));
    if format == SheetFormat::Parquet {
        if !cfg!(feature = "parquet") {
            let text = "this build does not write Parquet; build flowagg with --features parquet";
            return refuse(text.to_owned());
        }
        if sheets.len() > 1 {
            return refuse(format!(
                "a Parquet file holds one list, and there are {}; ask for one at a time",
                sheets.len()
            ));
        }
    }
    let has_no_header = matches!(
        format,
        SheetFormat::Json | SheetFormat::Ndjson | SheetFormat::Markdown | SheetFormat::Parquet
    );
    if !style.has_header && has_no_header {
        let text = "--no-header is for tables, CSV and TSV; there are no names of columns to \
                    leave out";
        return refuse(text.to_owned());
    }
    let known: Vec<&SheetColumn> =
        sheets.iter().flat_map(|columns| columns.iter()).filter(|c| c.is_in(format)).collect();
    for name in picked {
        if known.iter().any(|column| column.is_called(name)) {
            continue;
        }
        let mut names: Vec<&str> = Vec::new();
        for column in &known {
            if !names.contains(&column.name.as_str()) {
                names.push(&column.name);
            }
        }
        let shown = human::escaped(name.as_bytes());
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean {}?", human::escaped(near.as_bytes())),
            None => format!("expected some of {}", human::escaped(names.join(", ").as_bytes())),
        };
        return refuse(format!("--columns {shown}: there is no such column; {hint}"));
    }
    Ok(())
}
