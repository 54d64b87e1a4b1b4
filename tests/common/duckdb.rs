//! Asks DuckDB, where it is installed.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs the statements of a JSON array; writes the rows of each as texts.
const RUN: &str = r#"
import decimal, duckdb, json, sys
def text(value):
    if isinstance(value, decimal.Decimal):
        value = format(value, "f")
        return value.rstrip("0").rstrip(".") if "." in value else value
    return str(value)
found = []
for statement in json.load(sys.stdin):
    try:
        found.append([[text(cell) for cell in row] for row in duckdb.sql(statement).fetchall()])
    except Exception as error:
        found.append([[str(error), statement]])
json.dump(found, sys.stdout)
"#;

fn python() -> String {
    std::env::var("FLOWAGG_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Whether DuckDB is there; says so if not.
pub fn has_duckdb() -> bool {
    let asked = Command::new(python()).args(["-c", "import duckdb"]).output();
    let has = asked.is_ok_and(|output| output.status.success());
    if !has {
        println!("skipped: {} has no duckdb; FLOWAGG_PYTHON may name one that has", python());
    }
    has
}

/// The rows that DuckDB finds for each statement.
pub fn duckdb(statements: &[String]) -> Vec<Vec<Vec<String>>> {
    let mut child = Command::new(python())
        .args(["-c", RUN])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = serde_json::to_vec(statements).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}
