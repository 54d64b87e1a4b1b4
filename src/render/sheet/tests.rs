//! One sheet in every format, and what hostile words become in each.

use super::*;
use crate::amount::Amount;

const FORMATS: [SheetFormat; 6] = [
    SheetFormat::Table,
    SheetFormat::Json,
    SheetFormat::Ndjson,
    SheetFormat::Csv,
    SheetFormat::Tsv,
    SheetFormat::Markdown,
];

fn columns() -> Vec<SheetColumn> {
    vec![
        SheetColumn::new("srcaddr", CellKind::Text),
        SheetColumn::new("start", CellKind::Time),
        SheetColumn::new("bytes", CellKind::Number(Unit::Bytes)),
        SheetColumn::new("packets", CellKind::Number(Unit::Packets)),
        SheetColumn::new("mean", CellKind::Mean(Unit::None)).headed("avg"),
        SheetColumn::new("share", CellKind::Share),
        SheetColumn::new("cumulative", CellKind::Share).headed("cumul.").for_people(),
        SheetColumn::new("spark", CellKind::Spark).headed("per 1m"),
    ]
}

fn rows() -> Vec<Vec<Cell>> {
    let row = |text: &[u8], time: Option<u64>, bytes: &str, share: f64| {
        vec![
            Cell::text(text),
            time.map_or(Cell::Missing, Cell::Time),
            Amount::parse(bytes.as_bytes()).unwrap().into(),
            1_234_567u64.into(),
            Cell::Mean(2.5),
            Cell::Share(share),
            Cell::Share(share),
            Cell::Spark("\u{2581}\u{2588}".to_owned()),
        ]
    };
    vec![
        row(b"10.0.0.1", Some(1_600_000_000), "1500", 0.75),
        row(b"=a|b\"\t\x1b", None, "0.5", 0.0),
    ]
}

fn sheet() -> Sheet<'static> {
    let cells = [Cell::Missing, 2000u64.into()];
    let sheet = Sheet::new(columns(), || rows().into_iter()).titled("Top | of \x07").ranked();
    sheet.aside("others", cells.clone()).footer("total", cells).note("*noted*")
}

fn written(sheets: &[Sheet<'_>], format: SheetFormat, style: &Style) -> String {
    let mut text = Vec::new();
    write(&mut text, sheets, format, style).unwrap();
    String::from_utf8(text).unwrap()
}

fn picked(names: &[&str]) -> Sheet<'static> {
    sheet().pick(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
}

#[test]
fn a_table() {
    let wide = Style { width: 120, ..Style::default() };
    let text = written(&[sheet()], SheetFormat::Table, &wide);
    assert_eq!(
        text,
        "\
Top | of \\u{7}
#  srcaddr        start                 bytes             packets  avg   share  cumul.  per 1m
1  10.0.0.1       2020-09-13T12:26:40Z  1,500  1.50 kB  1,234,567  2.5   75.0%   75.0%  ~~
2  =a|b\"\\t\\u{1b}                          0.5      0 B  1,234,567  2.5    0.0%    0.0%  ~~
   others                               2,000  2.00 kB
   total                                2,000  2.00 kB

*noted*
"
        .replace("~~", "\u{2581}\u{2588}")
    );
}

#[test]
fn units_headers_and_picked_columns_of_a_table() {
    let names = ["packets", "bytes"];
    let shown = |units: Units, has_header: bool| {
        let style = Style { units, has_header, ..Style::default() };
        written(&[picked(&names)], SheetFormat::Table, &style)
    };
    let raw = "Top | of \\u{7}\n#    packets  bytes\n1  1,234,567  1,500\n2  1,234,567    0.5\n";
    assert_eq!(shown(Units::Raw, true), format!("{raw}\n*noted*\n"));
    let human = "#  packets    bytes\n1   1.23 M  1.50 kB\n2   1.23 M      0 B\n";
    assert_eq!(shown(Units::Human, true), format!("Top | of \\u{{7}}\n{human}\n*noted*\n"));
    let both = "1  1,234,567  1,500  1.50 kB\n2  1,234,567    0.5      0 B\n";
    assert_eq!(shown(Units::Both, false), format!("{both}\n*noted*\n"));
    // By the words above a table too; what is below the rows needs a place for its label.
    let text = written(&[picked(&["srcaddr", "avg"])], SheetFormat::Table, &Style::default());
    assert!(text.contains("\n#  srcaddr        avg\n1  10.0.0.1       2.5\n"), "{text}");
    assert!(text.contains("\n   total\n"), "{text}");
}

#[test]
fn letters_that_are_wide_shift_no_row() {
    let columns = || {
        let bytes = SheetColumn::new("bytes", CellKind::Number(Unit::None));
        vec![SheetColumn::new("name", CellKind::Text), bytes]
    };
    let row = |name: &str, bytes: u64| vec![Cell::text(name), bytes.into()];
    let rows = move || [row("\u{65e5}\u{672c}\u{8a9e}", 5), row("web-1", 10)].into_iter();
    let text = written(&[Sheet::new(columns(), rows)], SheetFormat::Table, &Style::default());
    assert!(
        text.ends_with("name    bytes\n\u{65e5}\u{672c}\u{8a9e}      5\nweb-1      10\n"),
        "{text}"
    );
}

#[test]
fn what_is_too_wide_loses_rounded_numbers_and_then_is_listed() {
    let table = |width: usize| {
        let style = Style { width, ..Style::default() };
        written(&[sheet()], SheetFormat::Table, &style)
    };
    assert!(table(86).lines().all(|line| line.chars().count() <= 86), "{}", table(86));
    assert!(!table(86).contains("1.50 kB") && table(86).contains("1,500"));
    assert_eq!(
        table(60).lines().skip(1).take(10).collect::<Vec<_>>(),
        [
            "#1",
            "srcaddr  10.0.0.1",
            "start    2020-09-13T12:26:40Z",
            "bytes    1,500  1.50 kB",
            "packets  1,234,567",
            "avg      2.5",
            "share    75.0%",
            "cumul.   75.0%",
            "per 1m   \u{2581}\u{2588}",
            "#2",
        ]
    );
    assert!(table(60).contains("\ntotal\nbytes    2,000  2.00 kB\n"), "{}", table(60));
}

#[test]
fn json_and_its_lines() {
    let numbers = r#""packets": 1234567, "mean": 2.5, "share""#;
    let time = "2020-09-13T12:26:40+00:00";
    let first =
        format!(r#"{{"srcaddr": "10.0.0.1", "start": "{time}", "bytes": 1500, {numbers}: 0.75}}"#);
    let second =
        format!(r#"{{"srcaddr": "=a|b\"\t\u001b", "start": null, "bytes": 0.5, {numbers}: 0.0}}"#);
    let style = Style::default();
    let json = written(&[sheet()], SheetFormat::Json, &style);
    assert_eq!(json, format!("[\n  {first},\n  {second}\n]\n"));
    let lines = written(&[sheet()], SheetFormat::Ndjson, &style);
    assert_eq!(lines, format!("{first}\n{second}\n"));
    let several = [sheet().named("list", "a"), sheet().named("list", "b")];
    let json = written(&several, SheetFormat::Json, &style);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value[1]["list"], "b");
    assert_eq!(value[1]["rows"][0]["bytes"], 1500);
    let lines = written(&several, SheetFormat::Ndjson, &style);
    assert_eq!(lines.lines().count(), 4);
    assert!(lines.lines().nth(2).unwrap().starts_with(r#"{"list": "b", "srcaddr": "#), "{lines}");
    let none = Sheet::new(columns(), std::iter::empty);
    assert_eq!(written(&[none], SheetFormat::Json, &style), "[]\n");
    assert_eq!(written(&[], SheetFormat::Json, &style), "[]\n");
}

#[test]
fn csv_and_tsv() {
    let style = Style::default();
    let header = "srcaddr,start,bytes,packets,mean,share\n";
    let first = "10.0.0.1,2020-09-13T12:26:40+00:00,1500,1234567,2.5,0.750000\n";
    let second = "\"=a|b\"\"\t\u{1b}\",,0.5,1234567,2.5,0.000000\n";
    let csv = written(&[sheet()], SheetFormat::Csv, &style);
    assert_eq!(csv, format!("{header}{first}{second}"));
    let tsv = written(&[picked(&["srcaddr", "bytes"])], SheetFormat::Tsv, &style);
    assert_eq!(tsv, "srcaddr\tbytes\n10.0.0.1\t1500\n\"=a|b\"\"\t\u{1b}\"\t0.5\n");
    let bare = Style { has_header: false, is_csv_safe: true, ..style };
    let csv = written(&[picked(&["srcaddr"])], SheetFormat::Csv, &bare);
    assert_eq!(csv, "10.0.0.1\n\"'=a|b\"\"\t\u{1b}\"\n");
    // Lists of the same columns stand under one header.
    let several = |names: &[&str]| {
        let named = |&name: &&str| sheet().named("list", name).pick(&["bytes".to_owned()]);
        let more = Sheet::new(vec![SheetColumn::new("-x", CellKind::Text)], std::iter::empty);
        let sheets = names.iter().map(named).chain([more.named("list", "c")]);
        sheets.collect::<Vec<_>>()
    };
    let csv =
        written(&several(&["a", "@b"]), SheetFormat::Csv, &Style { has_header: true, ..bare });
    assert_eq!(csv, "list,bytes\na,1500\na,0.5\n'@b,1500\n'@b,0.5\nlist,'-x\n");
}

#[test]
fn markdown_is_safe_to_paste() {
    let names = ["srcaddr", "bytes", "share"];
    let text = |units| {
        let style = Style { units, ..Style::default() };
        written(&[picked(&names)], SheetFormat::Markdown, &style)
    };
    assert_eq!(
        text(Units::Both),
        "\
### Top \\| of \\\\u{7}

| # | srcaddr | bytes | share |
| ---: | --- | ---: | ---: |
| 1 | 10.0.0.1 | 1,500 (1.50 kB) | 75.0% |
| 2 | =a\\|b\"\\\\t\\\\u{1b} | 0.5 (0 B) | 0.0% |
|  | others | 2,000 (2.00 kB) |  |
|  | total | 2,000 (2.00 kB) |  |

\\*noted\\*
"
    );
    assert!(text(Units::Raw).contains("| 1,500 |"));
    assert!(text(Units::Human).contains("| 1.50 kB |"));
    let hostile = vec![vec![Cell::text("<img src=x> [a](b) `c` _d_ ~e~ &lt;")]];
    let sheet = Sheet::new(vec![columns().remove(0)], || hostile.clone().into_iter());
    let text = written(&[sheet], SheetFormat::Markdown, &Style::default());
    assert!(
        text.ends_with("| \\<img src=x\\> \\[a\\](b) \\`c\\` \\_d\\_ \\~e\\~ \\&lt; |\n"),
        "{text}"
    );
}

#[test]
fn sparks_are_in_tables_only_and_what_is_for_people_where_it_is_picked() {
    for format in FORMATS {
        let text = written(&[sheet()], format, &Style { width: 120, ..Style::default() });
        assert_eq!(text.contains('\u{2588}'), format == SheetFormat::Table, "{format:?}");
        assert_eq!(text.contains("cumul"), format.is_for_people(), "{format:?}");
        let text = written(&[picked(&["cumulative"])], format, &Style::default());
        assert!(text.contains("cumul"), "{format:?}");
    }
}

#[test]
fn nothing_is_raw_on_a_terminal() {
    let hostile = b"\x1b]0;x\x07\xc2\x9b\r\xff";
    for format in FORMATS {
        let columns = vec![SheetColumn::new(String::from_utf8_lossy(hostile), CellKind::Text)];
        let rows = vec![vec![Cell::text(hostile)]];
        let name = String::from_utf8_lossy(hostile);
        let sheet = Sheet::new(columns, || rows.clone().into_iter()).titled(name.clone());
        let sheet = sheet.footer(name.clone(), []).note(name.clone()).named("list", name);
        let mut text = Vec::new();
        write(&mut text, &[sheet], format, &Style::default()).unwrap();
        let is_raw = text.contains(&0x1b) || text.windows(2).any(|pair| pair == b"\xc2\x9b");
        // CSV and TSV have texts byte for byte.
        assert_eq!(is_raw, matches!(format, SheetFormat::Csv | SheetFormat::Tsv), "{format:?}");
    }
}

#[test]
fn what_cannot_be_written_is_told_first() {
    let columns = columns();
    let refused = |sheets: &[&[SheetColumn]], format, style: &Style, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        check(sheets, format, style, &names).map_err(|error| error.to_string())
    };
    let style = Style::default();
    let other = [SheetColumn::new("peers", CellKind::Number(Unit::None))];
    let both: [&[SheetColumn]; 2] = [&columns, &other];
    assert_eq!(refused(&both, SheetFormat::Csv, &style, &["peers", "bytes", "avg"]), Ok(()));
    let unknown = refused(&both, SheetFormat::Csv, &style, &["byts"]).unwrap_err();
    assert_eq!(unknown, "--columns byts: there is no such column; did you mean bytes?");
    let unknown = refused(&[&other], SheetFormat::Csv, &style, &["zebra\x1b"]).unwrap_err();
    assert_eq!(unknown, "--columns zebra\\u{1b}: there is no such column; expected some of peers");
    assert_eq!(refused(&both, SheetFormat::Table, &style, &["spark"]), Ok(()));
    assert!(refused(&both, SheetFormat::Json, &style, &["spark"]).is_err());
    let bare = Style { has_header: false, ..style };
    for (format, is_fine) in
        [(SheetFormat::Table, true), (SheetFormat::Tsv, true), (SheetFormat::Ndjson, false)]
    {
        assert_eq!(refused(&both, format, &bare, &[]).is_ok(), is_fine, "{format:?}");
    }
    let several = refused(&both, SheetFormat::Parquet, &style, &[]).unwrap_err();
    match cfg!(feature = "parquet") {
        true => assert!(several.ends_with("and there are 2; ask for one at a time"), "{several}"),
        false => assert!(several.ends_with("--features parquet"), "{several}"),
    }
}

#[test]
#[cfg(feature = "parquet")]
fn parquet_columns_are_as_wide_as_their_numbers() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    let number = |text: &str| Cell::Number(Amount::parse(text.as_bytes()).unwrap());
    let names = ["a", "b", "c", "b", "t"];
    let mut columns: Vec<SheetColumn> =
        names.iter().map(|&name| SheetColumn::new(name, CellKind::Number(Unit::None))).collect();
    columns[4].kind = CellKind::Time;
    let row = |texts: [&str; 4], time: Cell| texts.map(number).into_iter().chain([time]).collect();
    let rows: Vec<Vec<Cell>> = vec![
        row(["1", "18446744073709551616", "2.5", "4"], Cell::Time(1_600_000_000)),
        row(["2", "3", "18446744073709551616", "-1"], Cell::Missing),
    ];
    let sheet = Sheet::new(columns, || rows.clone().into_iter());
    let mut file = Vec::new();
    write(&mut file, &[sheet], SheetFormat::Parquet, &Style::default()).unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
    let rows: Vec<String> =
        reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
    assert_eq!(
        rows,
        [
            "{a: 1, b: 18446744073709551616., c: 2.5, b_2: 4, t: 2020-09-13 12:26:40.000 +00:00}",
            "{a: 2, b: 3., c: 1.8446744073709552E19, b_2: -1, t: null}",
        ]
    );
}
