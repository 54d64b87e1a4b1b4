//! The verbs held against DuckDB, where it is installed: it reads what they write, and finds the
//! same by the SQL that `--explain` tells. `FLOWAGG_PYTHON` names a Python that has it; else
//! `python3` is asked.

#[path = "common/duckdb.rs"]
mod duckdb;
#[path = "common/flows.rs"]
mod flows;
#[path = "common/folder.rs"]
mod folder;

use duckdb::{duckdb, has_duckdb};
use flows::{log, records, seconds_of, text, written};
use folder::Folder;

/// Rows as DuckDB's are told, whatever it was that wrote them: times in seconds, doubles rounded.
fn plain(cell: &str) -> String {
    match (cell, cell.parse::<f64>()) {
        ("" | "None", _) => String::new(),
        (_, Ok(value)) if cell.contains('.') => {
            format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ if cell.ends_with("+00:00") && cell.contains('T') => seconds_of(cell).to_string(),
        _ => cell.to_owned(),
    }
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    csv.lines().skip(1).map(|line| line.split(',').map(plain).collect()).collect()
}

/// What DuckDB finds by the SQL of these commands about `a.log` of a folder.
fn asked(folder: &Folder, statements: impl Iterator<Item = String>) -> Vec<Vec<Vec<String>>> {
    let here = folder.0.to_str().unwrap().replace('\'', "''");
    let local = |sql: String| sql.replace("'a.log'", &format!("'{here}/a.log'"));
    let found = duckdb(&statements.map(local).collect::<Vec<_>>());
    let plain_row = |row: Vec<String>| row.iter().map(|cell| plain(cell)).collect();
    found.into_iter().map(|rows| rows.into_iter().map(plain_row).collect()).collect()
}

/// The SQL below the plan, and what flowagg answers with these columns: as CSV.
fn told(folder: &Folder, command: &str, columns: &str) -> (String, Vec<Vec<String>>) {
    let told = text(folder, &format!("{command} --explain"));
    let (_, sql) = told.split_once("\n\n").unwrap();
    let columns = if columns.is_empty() { String::new() } else { format!("--columns {columns}") };
    (sql.to_owned(), rows(&text(folder, &format!("{command} -o csv {columns}"))))
}

#[test]
fn duckdb_finds_the_same_by_the_sql_that_is_told() {
    if !has_duckdb() {
        return;
    }
    let folder = Folder::new("it's told");
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                  bytes start end action log-status\n";
    folder.file("a.log", format!("{header}{}", log(3_000)));
    let ordered = [
        ("top src,dport -n 9", "srcaddr,dstport,bytes"),
        (
            "top src --asc -n 5 --where 'port 22 and not src net 10.0.0.0/8' --by packets",
            "srcaddr,packets",
        ),
        ("top dst/12/128 --by 'unique(src),records,max(bytes),min(start)' -n 0", ""),
        ("top sport --by 'avg(bytes)' --having 'records > 100' -n 0", ""),
        (
            "top src --count once --by 'bytes,records,avg(packets),max(end)' -n 6",
            "srcaddr,bytes,records,avg(packets),max(end)",
        ),
        ("sum action,proto --start 2020-09-14 --end 2020-09-15T12:00:00Z", ""),
        ("sum", ""),
        ("sum src --having 'bytes > 50m' --where 'bytes > 1m or dst net 192.168.0.0/16'", ""),
        ("merge --where 'action reject'", ""),
        ("merge src,dst -n 20 --count once", ""),
        ("series --bin 1h", ""),
        ("series --bin 5m --by 'unique(src)' --where tcp", ""),
        ("series --bin 1d --count once --by records", ""),
    ];
    // The rows are the same, in another order.
    let unordered = [
        ("series action,proto --bin 1d -n 0", ""),
        ("series src,dport --bin 1d -n 3 --having 'bytes > 1m'", ""),
        ("series src --bin 1d -n 4 --asc --by 'max(bytes)'", ""),
        ("find 10.0.0.0/8 10.1.0.0/16 10.1.1.7 192.168.0.0/16 --where 'bytes > 1k'", ""),
        ("find 10.1.1.7 --records", ""),
        ("cut srcaddr,bytes,start,action", ""),
        ("cut --where 'bytes > 1.9m' --start 2020-09-14", ""),
        ("-n 4", ""),
        ("--where 'port 443' -n 0", ""),
        (
            "metric --pattern '[..., action=REJECT, status]' --period 3600",
            "start,sum,sample_count,minimum,maximum",
        ),
        (
            "metric --pattern '[v, a, i, src=10.*, ..., packets, bytes>=1000000, start, end, action, status]' \
          --value '$bytes' --period 86400",
            "start,sum,sample_count,minimum,maximum",
        ),
        (
            "metric --pattern '[..., bytes, start, end, action=REJECT, status]' --value '$bytes' \
          --default 0 --period 86400",
            "start,sum,sample_count,minimum,maximum",
        ),
        (
            "metric --pattern '[..., bytes, start, end, action=*EJ*, status]' --value '$bytes' \
          --dimension 'End=$end' --period 86400 -n 0",
            "End,start,sum",
        ),
    ];
    let questions = || ordered.iter().chain(&unordered);
    let told: Vec<_> =
        questions().map(|(command, columns)| told(&folder, command, columns)).collect();
    let found = asked(&folder, told.iter().map(|(sql, _)| sql.clone()));
    for (at, ((command, columns), found)) in questions().zip(found).enumerate() {
        let mut expected = told[at].1.clone();
        // A target has both directions, also the one that it was not found in.
        if command.starts_with("find") && !command.contains("--records") {
            expected.retain(|row| row[2] != "0");
        }
        // What became of lines SQL does not know.
        expected.retain(|row| row[0] != "tally");
        let width = if columns.is_empty() { usize::MAX } else { columns.split(',').count() };
        let mut found: Vec<Vec<String>> =
            (found.into_iter()).map(|row| row.into_iter().take(width).collect()).collect();
        if at >= ordered.len() {
            found.sort();
            expected.sort();
        }
        assert!(!expected.is_empty(), "{command}");
        let differs = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert!(found == expected, "{command}: {differs:?}\n{}", told[at].0);
    }
}

#[test]
fn duckdb_reads_what_the_verbs_write() {
    if !has_duckdb() {
        return;
    }
    let folder = Folder::new("read");
    folder.file("a.log", log(3_000));
    let verbs = [
        ("top src,dport -n 0 --by bytes,records", "srcaddr, dstport, bytes, records"),
        ("sum src/24,action", "\"srcaddr/24\", action, bytes, records"),
        ("series src --bin 1h -n 0", "srcaddr, epoch(start::TIMESTAMPTZ)::BIGINT, bytes"),
        ("find 10.0.0.0/8 2001:db8::/32", "target, direction, bytes, records"),
        ("merge", "srcaddr, \"end\", bytes, records"),
    ];
    let mut formats = vec!["csv", "tsv", "json", "ndjson"];
    formats.extend(cfg!(feature = "parquet").then_some("parquet"));
    let mut statements = Vec::new();
    for (command, columns) in verbs {
        for format in &formats {
            let name = format!("{}.{format}", statements.len());
            let file = folder.file(name, written(&folder, &format!("{command} -o {format}")));
            let from = match *format {
                "csv" | "tsv" => format!("read_csv('{}', all_varchar = true)", file.display()),
                "json" | "ndjson" => format!("read_json('{}')", file.display()),
                _ => format!("'{}'", file.display()),
            };
            statements.push(format!("SELECT {columns} FROM {from} ORDER BY ALL"));
        }
    }
    let sort = |mut rows: Vec<Vec<String>>| {
        rows.sort();
        rows
    };
    let found: Vec<_> = duckdb(&statements).into_iter().map(sort).collect();
    let log = log(3_000);
    let total: u64 = records(&log).iter().map(|record| record[9].parse::<u64>().unwrap()).sum();
    for (verb, (command, _)) in found.chunks(formats.len()).zip(verbs) {
        let bytes = |row: &Vec<String>| row[2].parse::<u64>();
        for (rows, format) in verb.iter().zip(&formats) {
            assert_eq!(*rows, verb[0], "{command} as {format}");
            let sum: u64 = rows.iter().map(|row| bytes(row).unwrap()).sum();
            assert!(sum == total || command.starts_with("find"), "{command} as {format}: {sum}");
        }
    }
}

#[test]
fn logs_with_other_columns_are_told_too() {
    if !has_duckdb() {
        return;
    }
    let folder = Folder::new("other columns");
    let all = log(800);
    let mut own = String::from("dstaddr bytes srcaddr my-own action start\n");
    for record in records(&all) {
        let [source, target, bytes] = [record[3], record[4], record[9]];
        own +=
            &format!("{target} {bytes} {source} x-{} {} {}\n", record[6], record[12], record[10]);
    }
    folder.file("a.log", own);
    let format = "--format 'dstaddr bytes srcaddr my-own action start'";
    let questions = [
        "top src,action -n 5 --where 'bytes > 1k' --columns srcaddr,action,bytes",
        "sum action --by 'records,unique(dst),max(bytes)'",
        "series --bin 1d",
    ];
    let told = questions.map(|question| {
        let told = text(&folder, &format!("{question} {format} --explain"));
        told.split_once("\n\n").unwrap().1.to_owned()
    });
    let found = asked(&folder, told.iter().cloned());
    for (found, question) in found.iter().zip(questions) {
        let expected = rows(&text(&folder, &format!("{question} {format} -o csv")));
        assert!(expected.len() > 1 && *found == expected, "{question}: {found:?} {expected:?}");
    }
    // A field of a later version is in AWS's order of the first one that has it.
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                  bytes start end action log-status vpc-id subnet-id instance-id tcp-flags type \
                  pkt-srcaddr pkt-dstaddr";
    let lines = all.lines().filter(|line| line.ends_with("OK")).enumerate().map(|(at, line)| {
        format!("{line} vpc-{} subnet-1 i-{} {} IPv4 - -\n", at % 3, at % 7, [2, 3, 18][at % 3])
    });
    folder.file("a.log", format!("{header}\n{}", lines.collect::<String>()));
    let question = "sum vpc,instance --where 'tcp-flags has syn and not tcp-flags has ack'";
    let told = text(&folder, &format!("{question} --explain"));
    let sql = told.split_once("\n\n").unwrap().1.to_owned();
    let expected = rows(&text(&folder, &format!("{question} -o csv")));
    assert_eq!(expected.len(), 14, "{expected:?}");
    assert_eq!(asked(&folder, std::iter::once(sql)), [expected]);
}
