//! Files of events, written by the crate's own writer, are the lines of flow logs.

use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::super::tests::Temporary;
use super::*;
use crate::layout::Column;
use crate::source::{Input, Opened};
use crate::{Engine, Measure, Query, Reason, Report, Source};

const ENDPOINT: &str = "optional binary interface_uid (UTF8); optional binary ip (UTF8);
    optional double port; optional group intermediate_ips (LIST) {
        repeated group list { optional binary element (UTF8); } }";

/// Columns as Security Lake has them, some of those that are not read among them.
fn schema() -> String {
    format!(
        "message event {{
            optional int32 class_uid;
            optional group metadata {{ optional group product {{ optional binary version (UTF8);
                optional group feature {{ optional binary name (UTF8); }} }} }}
            optional group cloud {{ optional group account {{ optional binary uid (UTF8); }} }}
            optional group src_endpoint {{ {ENDPOINT} }}
            optional group dst_endpoint {{ {ENDPOINT} }}
            optional group connection_info {{ optional int32 direction_id;
                optional double protocol_num; }}
            optional group traffic {{ optional int64 packets; optional double bytes; }}
            optional int64 time;
            optional int64 end_time_dt (TIMESTAMP(MILLIS,true));
            optional binary status_code (UTF8);
            optional int32 action_id;
            optional group unmapped (MAP) {{ repeated group key_value {{
                required binary key (UTF8); optional binary value (UTF8); }} }}
            optional group observables (LIST) {{ repeated group list {{
                optional group element {{ optional binary value (UTF8); }} }} }}
        }}"
    )
}

/// The values of each column within others, row by row, parted by `|`; of a list, by `,`. Before
/// them the level of a row that has none.
const CELLS: [(i16, &str); 22] = [
    (0, "4001|4001|4001|4003"),
    (2, "5|9|5|1"),
    (2, "Flowlogs||Flowlogs|"),
    (2, "012345678901|1||"),
    (1, "|eni-1||"),
    (1, "192.0.2.9|10.0.0.1||10.0.0.9"),
    (1, "5|443||53"),
    (1, "|||"),
    (1, "eni-2||eni-3|"),
    (1, "10.0.0.2|192.0.2.7||10.0.0.9"),
    (1, "80|6||53"),
    (1, "|-,10.0.0.7||"),
    (1, "1|2|1|"),
    (1, "6|17|NaN|17"),
    (1, "3|4||"),
    (1, "40|60||"),
    (0, "1600000000000|1600000001000|1600000002000|1"),
    (0, "1600000060000|1600000061000|1600000062000|"),
    (0, "OK|OK|NODATA|OK"),
    (0, "1|2||"),
    (0, "sublocation_id|resource_id,sublocation_id||"),
    (0, "-|nat-1,-||"),
];

fn written(group: usize) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&schema()).unwrap());
    let mut file = Vec::new();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(&mut file, schema, properties).unwrap();
    let rows = 4;
    for start in (0..rows).step_by(group) {
        let mut next = writer.next_row_group().unwrap();
        let mut at = 0;
        while let Some(mut column) = next.next_column().unwrap() {
            let (missing, cells) = CELLS.get(at).copied().unwrap_or((0, "a|b|c|d"));
            let cells: Vec<&str> = cells.split('|').skip(start).take(group).collect();
            let (mut texts, mut definitions, mut repetitions) = (vec![], vec![], vec![]);
            let (whole, is_list) = level(at);
            for cell in cells {
                let values = cell.split(',').filter(|value| !value.is_empty());
                let before = texts.len();
                texts.extend(values);
                let count = texts.len() - before;
                definitions.extend(vec![if count == 0 { missing } else { whole }; count.max(1)]);
                repetitions.extend((0..count.max(1)).map(|nth| i16::from(nth > 0)));
            }
            let definitions = Some(&definitions[..]);
            let repetitions = Some(&repetitions[..]).filter(|_| is_list);
            match column.untyped() {
                ColumnWriter::ByteArrayColumnWriter(writer) => {
                    let values: Vec<ByteArray> = texts.into_iter().map(ByteArray::from).collect();
                    writer.write_batch(&values, definitions, repetitions).unwrap();
                }
                ColumnWriter::Int32ColumnWriter(writer) => {
                    let values: Vec<i32> = texts.iter().map(|text| text.parse().unwrap()).collect();
                    writer.write_batch(&values, definitions, repetitions).unwrap();
                }
                ColumnWriter::Int64ColumnWriter(writer) => {
                    let values: Vec<i64> = texts.iter().map(|text| text.parse().unwrap()).collect();
                    writer.write_batch(&values, definitions, repetitions).unwrap();
                }
                ColumnWriter::DoubleColumnWriter(writer) => {
                    let values: Vec<f64> = texts.iter().map(|text| text.parse().unwrap()).collect();
                    writer.write_batch(&values, definitions, repetitions).unwrap();
                }
                _ => panic!("column {at} is of another type"),
            }
            column.close().unwrap();
            at += 1;
        }
        next.close().unwrap();
    }
    writer.close().unwrap();
    file
}

/// The level of a value of a column that is there, and whether it is one of a list.
fn level(at: usize) -> (i16, bool) {
    let schema = SchemaDescriptor::new(Arc::new(parse_message_type(&schema()).unwrap()));
    let column = schema.column(at);
    (column.max_def_level(), column.max_rep_level() > 0)
}

/// The lines of a file, and their columns.
fn lines(file: &[u8], columns: &Columns, block_bytes: usize) -> (String, Vec<String>) {
    let file = Temporary::new(file);
    let Opened::Parquet(file) = Input::File(file.0.clone()).open().unwrap() else {
        panic!("no Parquet");
    };
    let table = Table::open(file, columns).unwrap();
    let layout = table.layout();
    let names = (0..layout.columns()).filter_map(|column| layout.name(column));
    let names = names.collect::<Vec<_>>().join(" ");
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    for number in 0..table.groups() {
        let mut group = table.group(number, block_bytes, crate::scan::Level::best());
        while let Some(Rows { length, before, .. }) = group.next(&mut buffer).unwrap() {
            assert_eq!(before, found.len() as u64);
            let text = str::from_utf8(&buffer[..length]).unwrap();
            found.extend(text.lines().map(str::to_owned));
        }
    }
    (names, found)
}

#[test]
fn events_are_lines_of_the_fields_asked_for() {
    let asked = [Field::ResourceId, Field::Bytes, Field::Version, Field::SrcAddr, Field::DstAddr];
    let asked = asked.into_iter().chain([Field::InterfaceId, Field::PktDstAddr, Field::Start]);
    let asked = asked.chain([Field::End, Field::Action, Field::FlowDirection, Field::DstPort]);
    let mut columns: Vec<Column> = asked.chain([Field::Protocol]).map(Column::Field).collect();
    columns.push(Column::Name("srcport".to_owned()));
    columns.push(Column::Name("no-such-field".to_owned()));
    let names = "version interface-id srcaddr dstaddr srcport dstport protocol bytes start end \
        action log-status pkt-dstaddr flow-direction resource-id";
    let expected = [
        "5 eni-2 192.0.2.9 10.0.0.2 5 80 6 40 1600000000 1600000060 ACCEPT OK 10.0.0.2 ingress -",
        "9 eni-1 10.0.0.1 10.0.0.7 443 6 17 60 1600000001 1600000061 REJECT OK 192.0.2.7 egress \
         nat-1",
        "5 eni-3 - - - - - - 1600000002 1600000062 - NODATA - ingress -",
        "{\"class_uid\":\"4003\"}",
    ];
    for group in 1..5 {
        for block_bytes in [1, 100, 1 << 16] {
            let columns = Columns::Some { columns: columns.clone(), texts: Vec::new() };
            let (found_names, found) = lines(&written(group), &columns, block_bytes);
            assert_eq!(found_names, names);
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn all_columns_are_those_of_version_11() {
    let (names, found) = lines(&written(4), &Columns::All, 1 << 16);
    assert_eq!(names.split(' ').count(), 54);
    assert!(names.starts_with("version account-id ") && names.ends_with("interface-type"));
    assert!(found[1].starts_with("9 1 eni-1 10.0.0.1 ") && found[1].split(' ').count() == 54);
}

fn asked(file: &[u8]) -> Report {
    let query = Query::builder().group_by([Field::SrcAddr]);
    let query = query.measure(Measure::Sum(Field::Bytes.into())).build().unwrap();
    let file = Temporary::new(file);
    Engine::new().by_file(true).run(&query, &[Source::path(&file.0)]).unwrap()
}

#[test]
fn every_event_is_counted() {
    let report = asked(&written(2));
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    let tally = &report.tally;
    assert_eq!((tally.lines, tally.ok, tally.no_data, tally.malformed), (4, 2, 1, 1));
    let malformed: Vec<_> = report.malformed.iter().map(|line| (line.line, line.reason)).collect();
    assert_eq!(malformed, [(4, Reason::NoRecord)]);
    assert_eq!(report.answers[0].total(), Some(100u64.into()));
    assert_eq!(report.files[0].layouts, [Layout::of(&V5)]);
}

#[test]
fn damaged_events_are_told_and_nothing_panics() {
    let file = written(3);
    for at in (4..file.len()).step_by(7) {
        let mut flipped = file.clone();
        flipped[at] ^= 1 << (at % 8) | 0x80;
        let report = asked(&flipped);
        assert!(report.tally.is_balanced());
        let faults = report.faults.iter().map(|fault| fault.error.to_string());
        assert!(faults.clone().all(|fault| !fault.is_empty() && !fault.contains('\n')));
    }
}
