//! What `top`, `sum`, `series` and `merge` ask.

use std::fmt::Write;

use super::sql::{self, Records, bin, named, ordinals, sign};
use super::{Logs, Plan, fields, listed};
use crate::lists::{List, ListKind};
use crate::measure::{Counting, FLOW_AT_INTERFACE, Measure, Order};
use crate::view::View;

/// A list in words and in SQL.
pub fn list(list: &List, logs: &Logs<'_>) -> String {
    let fields = fields(&[list.query()], logs);
    let scope = list.query().scope;
    let plan = plan(list, Plan::new(&fields, scope, logs));
    plan.with(&statement(list, &Records::new(logs, &fields, scope)))
}

fn plan(list: &List, mut plan: Plan) -> Plan {
    let query = list.query();
    let names: Vec<&str> = list.measures().iter().map(|named| named.name.as_str()).collect();
    let keys = match query.labels() {
        [] => "none: all records are one contributor".to_owned(),
        labels => labels.join(", "),
    };
    plan.say("keys", &keys);
    plan.say("measures", &names.join(", "));
    if query.counting() == Counting::Once {
        plan.say("flows", "count once: at the interface that has most of a flow");
    }
    if let ListKind::Series(seconds) = list.kind() {
        plan.say("bins", &format!("of {seconds} seconds, by start"));
    }
    for having in query.having() {
        let name = names[having.measure];
        plan.say("having", &format!("{name} {} {}", sign(having.comparison), having.amount));
    }
    if !query.labels().is_empty() {
        let order = match query.order() {
            Order::Key => "the texts of the keys".to_owned(),
            Order::Ascending => format!("{}, smallest first, then the texts of the keys", names[0]),
            Order::Sum | Order::Maximum => {
                format!("{}, largest first, then the texts of the keys", names[0])
            }
        };
        plan.say("order", &order);
        plan.say("lists", &listed(query.top()));
    }
    plan
}

/// A list's parts in SQL.
struct Parts<'l> {
    list: &'l List,
    keys: Vec<String>,
    /// Over what is selected from.
    measures: Vec<String>,
    /// What comes between the records and the list.
    between: String,
    from: &'static str,
    bin: Option<String>,
}

fn statement(list: &List, records: &Records) -> String {
    let query = list.query();
    let mut sql = String::new();
    let mut note = |text: &str| _ = writeln!(sql, "-- {text}");
    let keys = query.labels().iter().zip(&query.keys);
    for (label, key) in keys.filter(|(_, key)| matches!(key.view(), View::Label(_))) {
        note(&format!("{} is {} here; join what names it.", label, key.column().label()));
    }
    let once = (query.counting() == Counting::Once).then(|| Once::new(list));
    if let Some(None) = once {
        note("Every record counts here: different values and flows that count once do not mix.");
    }
    let bin_of = |kind| match kind {
        ListKind::Series(seconds) => Some(bin(seconds)),
        _ => None,
    };
    let plain = |measure: &Measure| sql::measure(measure);
    let mut parts = Parts {
        list,
        keys: query.keys.iter().map(sql::key).collect(),
        measures: list.measures().iter().map(|named| plain(&named.measure)).collect(),
        between: String::new(),
        from: "records",
        bin: bin_of(list.kind()),
    };
    if let Some(Some(once)) = once {
        parts.between = once.between(parts.bin.as_deref());
        parts.measures = once.outer;
        parts.from = "flows";
        parts.bin = parts.bin.map(|_| "bin".to_owned());
        if parts.bin.is_some() && (query.top() > 0 || !query.having().is_empty()) {
            note("All keys are here, and not only those that are listed.");
        }
    }
    sql.push_str(&records.with());
    sql.push_str(&parts.between);
    sql.push('\n');
    sql.push_str(&parts.select());
    sql.push_str(";\n");
    sql
}

impl Parts<'_> {
    fn select(&self) -> String {
        let (list, query) = (self.list, self.list.query());
        let named_as = |(sql, name): (&String, &String)| format!("{sql} AS {}", named(name));
        let mut select: Vec<String> = self.keys.iter().zip(query.labels()).map(named_as).collect();
        select.extend(self.bin.as_ref().map(|bin| format!("{bin} AS \"start\"")));
        let groups = select.len();
        let order = self.order();
        let columns = order.iter().map(|&at| (&self.measures[at], &list.measures()[at].name));
        select.extend(columns.map(named_as));
        let mut sql = format!("SELECT\n  {}\nFROM {}", select.join(",\n  "), self.from);
        if let Some(bin) = &self.bin {
            _ = write!(sql, "\nWHERE {bin} IS NOT NULL");
            if let Some(listed) = self.listed() {
                _ = write!(sql, "\n  AND {listed}");
            }
        }
        if groups > 0 {
            _ = write!(sql, "\nGROUP BY {}", ordinals(groups));
        }
        if self.bin.is_some() {
            _ = write!(sql, "{}", self.present());
            if groups > 0 {
                _ = write!(sql, "\nORDER BY {}", ordinals(groups));
            }
            return sql;
        }
        if groups > 0 {
            sql.push_str(&self.having());
            let first = groups + 1 + order.iter().position(|&at| at == 0).unwrap_or(0);
            sql.push_str(&self.ordered(first, groups));
        }
        sql
    }

    /// The measures in the order of their columns: as in a record, where they are one again.
    fn order(&self) -> Vec<usize> {
        let all = 0..self.list.measures().len();
        match self.list.kind() {
            ListKind::Merge => [2, 3, 0, 1].into_iter().chain(all.skip(4)).collect(),
            _ => all.collect(),
        }
    }

    /// What keeps out contributors without a value: no record of theirs has a number.
    fn present(&self) -> String {
        match self.list.measures()[0].measure {
            Measure::Count | Measure::Unique(_) => String::new(),
            _ => format!("\nHAVING {} IS NOT NULL", self.measures[0]),
        }
    }

    /// What has to hold of contributors.
    fn having(&self) -> String {
        let mut having = self.present();
        for condition in self.list.query().having() {
            let word = if having.is_empty() { "\nHAVING" } else { "\n  AND" };
            let measure = &self.measures[condition.measure];
            let (sign, amount) = (sign(condition.comparison), condition.amount);
            _ = write!(having, "{word} {measure} {sign} {amount}");
        }
        having
    }

    fn ordered(&self, first: usize, groups: usize) -> String {
        let query = self.list.query();
        let keys = ordinals(groups);
        let mut sql = match query.order() {
            Order::Key => format!("\nORDER BY {keys}"),
            Order::Ascending => format!("\nORDER BY {first}, {keys}"),
            Order::Sum | Order::Maximum => format!("\nORDER BY {first} DESC, {keys}"),
        };
        if query.top() > 0 {
            _ = write!(sql, "\nLIMIT {}", query.top());
        }
        sql
    }

    /// What holds of the keys of a series that is listed, unless all are: they are those of the
    /// whole time.
    fn listed(&self) -> Option<String> {
        let query = self.list.query();
        let is_some = query.top() > 0 || !query.having().is_empty();
        if self.keys.is_empty() || self.from != "records" || !is_some {
            return None;
        }
        let (keys, groups) = (self.keys.join(", "), self.keys.len());
        let mut sql = format!(
            "SELECT {keys}, {} FROM records GROUP BY {}",
            self.measures[0],
            ordinals(groups)
        );
        sql.push_str(&self.having());
        sql.push_str(&self.ordered(groups + 1, groups));
        let names: Vec<String> = (1..=groups).map(|number| format!("key{number}")).collect();
        let names = names.join(", ");
        let sql = sql.replace("\n  ", " ").replace('\n', " ");
        Some(format!(
            "({keys}) IN (\n    SELECT ({names}) FROM (\n      {sql}\n    ) AS listed({names}, \
             value)\n  )"
        ))
    }
}

/// Measures where flows count once: over records of a flow at an interface, then over interfaces,
/// then over flows.
struct Once {
    inner: Vec<String>,
    middle: Vec<String>,
    outer: Vec<String>,
}

impl Once {
    /// None if a measure is a number of different values, which are not those of flows.
    fn new(list: &List) -> Option<Self> {
        let mut once = Self { inner: Vec::new(), middle: Vec::new(), outer: Vec::new() };
        for (at, named) in list.measures().iter().enumerate() {
            let (at_interface, of_flow, all) = match &named.measure {
                Measure::Unique(_) => return None,
                Measure::Min(_) => ("", "min", format!("min(m{at})")),
                Measure::Max(_) => ("", "max", format!("max(m{at})")),
                Measure::Average(column) => {
                    let count = format!("count({})", sql::number(column));
                    once.inner.push(format!("{count} AS n{at}"));
                    once.middle.push(format!("max(n{at}) AS n{at}"));
                    ("sum", "max", format!("sum(m{at}) / sum(n{at})"))
                }
                Measure::Count | Measure::Sum(_) => ("", "max", format!("sum(m{at})")),
            };
            let inner = match (&named.measure, at_interface) {
                (Measure::Average(column), sum) => format!("{sum}({})", sql::number(column)),
                (measure, _) => sql::measure(measure),
            };
            once.inner.push(format!("{inner} AS m{at}"));
            once.middle.push(format!("{of_flow}(m{at}) AS m{at}"));
            once.outer.push(all);
        }
        Some(once)
    }

    /// The tables between records and the list.
    fn between(&self, bin: Option<&str>) -> String {
        let columns = FLOW_AT_INTERFACE.iter().map(sql::column);
        let mut columns: Vec<String> = columns.collect();
        let interface = columns.pop().unwrap_or_default();
        let flow = columns.join(", ");
        let (made, kept) = match bin {
            Some(bin) => (format!("{bin} AS bin, "), "bin, "),
            None => (String::new(), ""),
        };
        let (inner, middle) = (self.inner.join(", "), self.middle.join(", "));
        format!(
            ",\ninterfaces AS (\n  SELECT {flow},\n    {interface}, {made}{inner}\n  FROM records \
             GROUP BY ALL\n),\nflows AS (\n  SELECT {flow},\n    {kept}{middle}\n  FROM interfaces \
             GROUP BY ALL\n)"
        )
    }
}
