//! What the summary, `cut`, `find --records` and `info` ask.

use super::find::named;
use super::sql::{Records, column};
use super::{Logs, Plan, fields, in_order, listed};
use crate::cut::Cut;
use crate::error::Error;
use crate::field::Field;
use crate::find::Find;
use crate::layout::Column;
use crate::query::{Query, Scope};
use crate::{summary as job, survey as look};

/// The summary that lists `top` contributors, in words and in SQL: its facts, as `-o csv` has
/// them, without the tally.
///
/// # Errors
/// As [`summary::queries`](crate::summary::queries).
pub fn summary(top: usize, logs: &Logs<'_>) -> Result<String, Error> {
    let queries = job::queries(top)?;
    let queries: Vec<&Query> = queries.iter().collect();
    let fields = fields(&queries, logs);
    let mut plan = Plan::new(&fields, Scope::All, logs);
    plan.say("time", "smallest start and largest end of all records");
    plan.say(
        "sums",
        "records, packets and bytes of traffic (log-status OK), by action ACCEPT and \
              REJECT",
    );
    plan.say("top", "accepted bytes by srcaddr, largest first, then the texts of srcaddr");
    plan.say("lists", &listed(top));
    let records = Records::new(logs, &fields, Scope::All);
    let sum = |field: &str| format!("coalesce(sum(TRY_CAST({field} AS HUGEINT)), 0)");
    let mut parts = vec![
        "SELECT 'time' AS section, 'start' AS name, min(TRY_CAST(\"start\" AS HUGEINT)) AS value \
         FROM records"
            .to_owned(),
        "SELECT 'time', 'end', max(TRY_CAST(\"end\" AS HUGEINT)) FROM records".to_owned(),
    ];
    for (section, action) in [("accept", "ACCEPT"), ("reject", "REJECT")] {
        let values = [("records", "count(*)".to_owned()), ("packets", sum("packets"))];
        for (name, value) in values.into_iter().chain([("bytes", sum("bytes"))]) {
            parts.push(format!(
                "SELECT '{section}', '{name}', {value} FROM traffic WHERE action = '{action}'"
            ));
        }
    }
    parts.push("SELECT 'contributors', 'unique', count(*) FROM senders".to_owned());
    parts.push("SELECT 'contributors', 'total', coalesce(sum(bytes), 0) FROM senders".to_owned());
    let limit = if top > 0 { format!(" LIMIT {top}") } else { String::new() };
    parts.push(format!(
        "SELECT * FROM (\n  SELECT 'top', srcaddr, bytes FROM senders ORDER BY bytes DESC, \
         srcaddr{limit}\n)"
    ));
    let sql = format!(
        "{},\ntraffic AS (\n  SELECT * FROM records WHERE log_status = 'OK'\n),\nsenders AS (\n  \
         SELECT srcaddr, sum(TRY_CAST(bytes AS HUGEINT)) AS bytes\n  FROM traffic WHERE action = \
         'ACCEPT'\n  GROUP BY srcaddr HAVING sum(TRY_CAST(bytes AS HUGEINT)) IS NOT NULL\n)\n{};\n",
        records.with(),
        parts.join("\nUNION ALL ")
    );
    Ok(plan.with(&sql))
}

/// A cut in words and in SQL.
pub fn cut(cut: &Cut, logs: &Logs<'_>) -> String {
    told(cut, logs, logs, |_| ())
}

/// The records in which any of the targets occurs, in words and in SQL.
///
/// # Errors
/// As [`Find::expression`].
pub fn found_records(find: &Find, cut: &Cut, logs: &Logs<'_>) -> Result<String, Error> {
    let only = logs.clone().only(find.expression()?);
    Ok(told(cut, logs, &only, |plan| plan.say("finds", &named(find))))
}

/// A cut of `logs`; `said` are those that its plan tells of.
fn told(cut: &Cut, said: &Logs<'_>, logs: &Logs<'_>, more: impl FnOnce(&mut Plan)) -> String {
    let columns = cut.asked();
    let mut needed = fields(&[&cut.query], logs);
    needed.extend(columns.into_iter().flatten().filter_map(super::field));
    let needed = in_order(needed);
    let scope = cut.query.scope;
    let mut plan = Plan::new(&needed, scope, said);
    more(&mut plan);
    let limit = cut.limit.map_or(0, |limit| limit as usize);
    match columns {
        Some(columns) => {
            let labels: Vec<String> = columns.iter().map(Column::label).collect();
            plan.say("writes", &labels.join(", "));
        }
        None => plan.say("writes", "the records as they are"),
    }
    plan.say("order", "as they are read");
    plan.say("lists", &listed(limit));
    let records = Records::new(logs, &needed, scope);
    let value = |of: &Column| {
        let own = column(of);
        format!("nullif({own}, '-') AS {own}")
    };
    let select = match columns {
        Some(columns) => columns.iter().map(value).collect::<Vec<_>>().join(",\n  "),
        None => "*".to_owned(),
    };
    let limit = if limit > 0 { format!("\nLIMIT {limit}") } else { String::new() };
    plan.with(&format!("{}\nSELECT\n  {select}\nFROM records{limit};\n", records.with()))
}

/// What `info` asks, in words: most of it is of files, which SQL does not see.
///
/// # Errors
/// As [`survey::queries`](crate::survey::queries).
pub fn survey(top: usize, logs: &Logs<'_>) -> Result<String, Error> {
    let queries = look::queries(top, 0)?;
    let queries: Vec<&Query> = queries.iter().collect();
    let mut needed = fields(&queries, logs);
    needed.retain(|field| *field != Field::LogStatus);
    needed.push(Field::LogStatus);
    let mut plan = Plan::new(&in_order(needed), Scope::All, logs);
    plan.say("files", "what they are wrapped in, their columns, and what became of their lines");
    plan.say(
        "by",
        "version, account-id, interface-id and region: records; how many have traffic, \
              and how many are of IPv6, by the colons in srcaddr",
    );
    plan.say("time", "smallest start, largest end, and gaps of 15 minutes and more");
    plan.say("doubles", "flows at two interfaces or more, and records that are there twice");
    plan.say("lists", &listed(top));
    Ok(plan.text)
}
