//! What `find` asks.

use super::sql::{Records, column, number};
use super::{Logs, Plan, fields};
use crate::dialect::{quoted, v4_number};
use crate::error::Error;
use crate::field::Field;
use crate::find::Find;
use crate::prefixes::{Prefix, host_v4};
use crate::query::{Query, Scope};

/// A search in words and in SQL, of which each row is a target and a direction.
///
/// # Errors
/// As [`Find::queries`].
pub fn find(find: &Find, logs: &Logs<'_>) -> Result<String, Error> {
    let queries = find.queries()?;
    let queries: Vec<&Query> = queries.iter().collect();
    let fields = fields(&queries, logs);
    let mut plan = Plan::new(&fields, Scope::Traffic, logs);
    plan.say("finds", &named(find));
    plan.say(
        "tells",
        "of each, as source and as destination: records, accepted, rejected, \
              packets, bytes, different peers and destination ports, first start, last end",
    );
    let records = Records::new(logs, &fields, Scope::Traffic);
    Ok(plan.with(&statement(find, &records)))
}

/// The targets, if they are not too many.
pub(super) fn named(find: &Find) -> String {
    const NAMED_MAX: usize = 10;
    let count = find.targets().count();
    let names: Vec<&str> = find.targets().take(NAMED_MAX).map(|(text, _)| text).collect();
    match count > NAMED_MAX {
        true => format!("{} and {} more", names.join(", "), count - NAMED_MAX),
        false => names.join(", "),
    }
}

fn statement(find: &Find, records: &Records) -> String {
    let of = |field: Field| column(&field.into());
    let (source, target) = (of(Field::SrcAddr), of(Field::DstAddr));
    let (mut of_v4, mut of_v6) = (Vec::new(), Vec::new());
    for (text, prefix) in find.targets() {
        let text = quoted(text);
        match prefix {
            Prefix::V4(first, length) => {
                let last = first | host_v4(length);
                of_v4.push(format!("({text}, {first}, {last})"));
            }
            Prefix::V6(..) => of_v6.push(format!("({text}, INET {text})")),
        }
    }
    let (mut tables, mut found) = (Vec::new(), Vec::new());
    let join = |table: &str, lies: &str| {
        format!("SELECT target, sides.* FROM sides\n  JOIN {table} ON {lies}")
    };
    if !of_v4.is_empty() {
        let values = of_v4.join(",\n  ");
        tables.push(format!("targets_v4(target, first_v4, last_v4) AS (VALUES\n  {values}\n)"));
        let lies = format!("{}\n    BETWEEN first_v4 AND last_v4", v4_number("own"));
        found.push(join("targets_v4", &lies));
    }
    if !of_v6.is_empty() {
        let values = of_v6.join(",\n  ");
        tables.push(format!("targets_v6(target, prefix) AS (VALUES\n  {values}\n)"));
        found.push(join("targets_v6", "TRY_CAST(own AS INET) <<= prefix"));
    }
    let count =
        |action: &str| format!("count(*) FILTER (WHERE {} = '{action}')", of(Field::Action));
    let sum = |field: Field| format!("sum({})", number(&field.into()));
    let select = [
        "target".to_owned(),
        "direction".to_owned(),
        "count(*) AS records".to_owned(),
        format!("{} AS accepted", count("ACCEPT")),
        format!("{} AS rejected", count("REJECT")),
        format!("{} AS packets", sum(Field::Packets)),
        format!("{} AS bytes", sum(Field::Bytes)),
        "count(DISTINCT peer) AS peers".to_owned(),
        format!("count(DISTINCT {}) AS ports", of(Field::DstPort)),
        format!("min({}) AS \"first\"", number(&Field::Start.into())),
        format!("max({}) AS \"last\"", number(&Field::End.into())),
    ];
    format!(
        "{},\nsides AS (\n  SELECT 'sent' AS direction, {source} AS own, {target} AS peer, * FROM \
         records\n  UNION ALL\n  SELECT 'received', {target}, {source}, * FROM records\n),\n{},\n\
         found AS (\n  {}\n)\nSELECT\n  {}\nFROM found\nGROUP BY 1, 2\nORDER BY 1, 2 DESC;\n",
        records.with(),
        tables.join(",\n"),
        found.join("\n  UNION ALL\n  "),
        select.join(",\n  "),
    )
}
