//! Where addresses occur: with whom they talked, over which ports, how much and when.
//!
//! Each address or prefix that is looked for is a label of the addresses that lie in it, so that
//! many are found in one pass, as ordinary queries. Prefixes that lie in others need passes of
//! their own over the labels, not over the logs: they are put into layers in which none overlap.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::amount::Amount;
use crate::dialect::Expression;
use crate::error::{Error, ErrorKind, shown};
use crate::field::Field;
use crate::labels::Labels;
use crate::measure::Measure;
use crate::prefixes::{Prefix, host_v4, host_v6};
use crate::query::{Query, QueryBuilder};
use crate::report::{Answer, Report};
use crate::view::{KeyColumn, View};

/// The most addresses and prefixes of one search.
pub const TARGETS_MAX: usize = 1 << 20;

/// Queries of a layer: for each direction one by action, and one of what differs.
const QUERIES: usize = 4;

/// A search for addresses.
///
/// ```
/// use flowagg::find::Find;
/// use flowagg::{Engine, Source};
/// let find = Find::new(["10.0.0.0/8", "203.0.113.7"])?;
/// let sources = [Source::path("testdata/sample.log")];
/// let report = Engine::new().run_all(&find.queries()?, &sources)?;
/// for finding in find.findings(&report) {
///     println!("{} {}", finding.target, finding.sent.bytes);
/// }
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Find {
    targets: Vec<(String, Prefix)>,
    /// For each target the layer that it is in.
    layers: Vec<usize>,
    labels: Vec<Arc<Labels>>,
    list: Vec<u8>,
}

/// What was found of an address or a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The address or prefix, as it was typed.
    pub target: String,
    /// Records in which it is the source.
    pub sent: Side,
    /// Records in which it is the destination.
    pub received: Side,
}

/// Records in which an address is at one side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Side {
    /// All of them.
    pub records: Amount,
    /// Those of action ACCEPT.
    pub accepted: Amount,
    /// Those of action REJECT.
    pub rejected: Amount,
    /// Their packets.
    pub packets: Amount,
    /// Their bytes.
    pub bytes: Amount,
    /// Different addresses at the other side.
    pub peers: Amount,
    /// Different destination ports.
    pub ports: Amount,
    /// The first start, in seconds since 1970.
    pub first: Option<u64>,
    /// The last end, in seconds since 1970.
    pub last: Option<u64>,
}

impl Finding {
    /// Whether there is any record of it.
    pub fn is_found(&self) -> bool {
        self.sent.records > Amount::ZERO || self.received.records > Amount::ZERO
    }

    /// The first start and the last end on either side.
    pub fn span(&self) -> Option<(u64, u64)> {
        let sides = [&self.sent, &self.received];
        let first = sides.iter().filter_map(|side| side.first).min()?;
        Some((first, sides.iter().filter_map(|side| side.last).max()?))
    }
}

impl Find {
    /// A search for addresses and prefixes; those that are there twice are looked for once.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] for none, for too many, and for what is neither.
    pub fn new(targets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, Error> {
        let fail = |text: String| Err(Error::new(ErrorKind::Query, text));
        let mut all: Vec<(String, Prefix)> = Vec::new();
        let mut known: HashSet<Prefix> = HashSet::new();
        for target in targets {
            let target = target.as_ref();
            let Some(prefix) = Prefix::parse(target) else {
                return fail(format!(
                    "{} is no address, expected one such as 203.0.113.7 or 2001:db8::/32",
                    shown(target)
                ));
            };
            if known.insert(prefix) {
                all.push((target.to_owned(), prefix));
            }
        }
        match all.len() {
            0 => return fail("nothing to find, expected an address or a prefix".to_owned()),
            count if count > TARGETS_MAX => {
                return fail(format!("{count} addresses to find, expected at most {TARGETS_MAX}"));
            }
            _ => {}
        }
        let layers = layers(&all);
        let count = layers.iter().max().map_or(0, |last| last + 1);
        let labels = (0..count).map(|layer| {
            let of_layer = all.iter().zip(&layers).filter(|(_, other)| **other == layer);
            Arc::new(Labels::of_prefixes(of_layer.map(|((text, prefix), _)| (*prefix, text))))
        });
        let labels = labels.collect();
        let list = all.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("\n");
        Ok(Self { targets: all, layers, labels, list: list.into_bytes() })
    }

    /// What is looked for: as it was typed, and as a prefix.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (&str, Prefix)> {
        self.targets.iter().map(|(text, prefix)| (text.as_str(), *prefix))
    }

    /// What holds of records in which any of the addresses occurs.
    ///
    /// # Errors
    /// As [`Expression::parse`], for more text than it reads.
    pub fn expression(&self) -> Result<Expression, Error> {
        self.on("either")
    }

    fn on(&self, side: &str) -> Result<Expression, Error> {
        let text = format!("{side} net in @targets");
        Expression::parse(&text, &mut |_| Ok(self.list.clone()))
    }

    /// The questions, for one pass.
    ///
    /// # Errors
    /// As [`expression`](Self::expression).
    pub fn queries(&self) -> Result<Vec<Query>, Error> {
        let mut queries = Vec::new();
        let sum = |field: Field| Measure::Sum(field.into());
        let different = |field: Field| Measure::Unique(field.into());
        let sides = [
            (Field::SrcAddr, Field::DstAddr, self.on("src")?),
            (Field::DstAddr, Field::SrcAddr, self.on("dst")?),
        ];
        for labels in &self.labels {
            for (own, other, expression) in &sides {
                let target = || KeyColumn::new(*own, View::Label(Arc::clone(labels)));
                let ask = |keys: Vec<KeyColumn>| -> QueryBuilder {
                    Query::builder().and_where(expression).group_by(keys).top(0)
                };
                let by_action = ask(vec![target(), Field::Action.into()])
                    .measure(Measure::Count)
                    .and_measure(sum(Field::Packets))
                    .and_measure(sum(Field::Bytes))
                    .and_measure(Measure::Min(Field::Start.into()))
                    .and_measure(Measure::Max(Field::End.into()));
                let peers = ask(vec![target()])
                    .measure(different(*other))
                    .and_measure(different(Field::DstPort));
                queries.extend([by_action.build()?, peers.build()?]);
            }
        }
        Ok(queries)
    }

    /// The questions which of them occur, for a pass that [writes](crate::Cut) their records. Of
    /// one alone there is none: whether there are records says it.
    ///
    /// # Errors
    /// As [`expression`](Self::expression).
    pub fn presence(&self) -> Result<Vec<Query>, Error> {
        let mut queries = Vec::new();
        if self.targets.len() == 1 {
            return Ok(queries);
        }
        let sides = [(Field::SrcAddr, self.on("src")?), (Field::DstAddr, self.on("dst")?)];
        for labels in &self.labels {
            for (own, expression) in &sides {
                let target = KeyColumn::new(*own, View::Label(Arc::clone(labels)));
                let query = Query::builder().and_where(expression).group_by([target]);
                queries.push(query.measure(Measure::Count).top(0).build()?);
            }
        }
        Ok(queries)
    }

    /// Which of them do not occur, in the order in which they were typed, by how many records were
    /// found of all, and the answers to [`presence`](Self::presence).
    ///
    /// ```
    /// use flowagg::find::Find;
    /// use flowagg::{Cut, Engine, Query, Source};
    /// let find = Find::new(["10.126.0.0/16", "203.0.113.7"])?;
    /// let cut = Cut::new(Query::builder().and_where(&find.expression()?).build()?)?;
    /// let (sources, mut text) = ([Source::path("testdata/sample.log")], Vec::new());
    /// let found = Engine::new().cut(&cut, &find.presence()?, &sources, &mut text)?;
    /// assert_eq!(find.missing(found.records, &found.report.answers[1..]), ["203.0.113.7"]);
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn missing(&self, records: u64, answers: &[Answer]) -> Vec<&str> {
        let contributors = answers.iter().flat_map(Answer::contributors);
        let found: HashSet<Vec<u8>> =
            contributors.filter_map(|mut contributor| contributor.keys.pop()).collect();
        let is_found = |text: &str| match answers {
            [] => records > 0,
            _ => found.contains(text.as_bytes()),
        };
        self.targets.iter().map(|(text, _)| text.as_str()).filter(|text| !is_found(text)).collect()
    }

    /// What a report on [`queries`](Self::queries) says of each address, in the order in which
    /// they were typed.
    ///
    /// # Panics
    /// If the report is not one on these queries.
    pub fn findings(&self, report: &Report) -> Vec<Finding> {
        assert_eq!(report.answers.len(), self.labels.len() * QUERIES, "a report on these queries");
        let layer =
            |answers: &[Answer]| [sides(&answers[0], &answers[1]), sides(&answers[2], &answers[3])];
        let layers: Vec<_> = report.answers.chunks(QUERIES).map(layer).collect();
        let targets = self.targets.iter().zip(&self.layers);
        let finding = |((text, _), &layer): (&(String, Prefix), &usize)| {
            let side =
                |at: usize| layers[layer][at].get(text.as_bytes()).cloned().unwrap_or_default();
            Finding { target: text.clone(), sent: side(0), received: side(1) }
        };
        targets.map(finding).collect()
    }
}

/// What two answers say of each target.
fn sides(by_action: &Answer, peers: &Answer) -> HashMap<Vec<u8>, Side> {
    let mut sides: HashMap<Vec<u8>, Side> = HashMap::new();
    let seconds = |amount: &Option<Amount>| amount.and_then(|a| u64::try_from(a.floor()).ok());
    for mut contributor in by_action.contributors() {
        let action = contributor.keys.pop().unwrap_or_default();
        let side = sides.entry(contributor.keys.swap_remove(0)).or_default();
        side.records += contributor.value;
        match action.as_slice() {
            b"ACCEPT" => side.accepted += contributor.value,
            b"REJECT" => side.rejected += contributor.value,
            _ => {}
        }
        let [packets, bytes, first, last] = contributor.beside.as_slice() else { continue };
        side.packets += packets.unwrap_or_default();
        side.bytes += bytes.unwrap_or_default();
        side.first = side.first.into_iter().chain(seconds(first)).min();
        side.last = side.last.into_iter().chain(seconds(last)).max();
    }
    for mut contributor in peers.contributors() {
        let side = sides.entry(contributor.keys.swap_remove(0)).or_default();
        side.peers = contributor.value;
        side.ports = contributor.beside.first().copied().flatten().unwrap_or_default();
    }
    sides
}

/// How deep each prefix lies in others of the list.
fn layers(targets: &[(String, Prefix)]) -> Vec<usize> {
    let ends = |prefix: &Prefix| match *prefix {
        Prefix::V4(first, length) => {
            (false, u128::from(first), u128::from(first | host_v4(length)))
        }
        Prefix::V6(first, length) => (true, first, first | host_v6(length)),
    };
    let mut order: Vec<usize> = (0..targets.len()).collect();
    order.sort_by_key(|&at| {
        let (is_v6, first, last) = ends(&targets[at].1);
        (is_v6, first, std::cmp::Reverse(last))
    });
    let mut layers = vec![0; targets.len()];
    let mut open: Vec<(bool, u128)> = Vec::new();
    for at in order {
        let (is_v6, first, last) = ends(&targets[at].1);
        while open.last().is_some_and(|(other, end)| *other != is_v6 || *end < first) {
            open.pop();
        }
        layers[at] = open.len();
        open.push((is_v6, last));
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_in_prefixes_have_layers() {
        let all = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.2.0.0/16", "::/0", "11.0.0.0/8"];
        let find = Find::new(all).unwrap();
        assert_eq!(find.layers, [0, 1, 2, 1, 0, 0]);
        assert_eq!(find.labels.len(), 3);
        assert_eq!(find.queries().unwrap().len(), 12);
        let twice = Find::new(["10.0.0.1", "10.0.0.1/32", "10.0.0.0/30"]).unwrap();
        assert_eq!(twice.targets.len(), 2);
    }

    #[test]
    fn what_cannot_be_looked_for() {
        let error = |targets: &[&str]| Find::new(targets).unwrap_err().to_string();
        assert!(error(&[]).contains("nothing to find"));
        assert!(error(&["10.0.0"]).contains("\"10.0.0\" is no address"));
        assert!(error(&["\u{1b}[2J"]).contains("\\u{1b}"));
    }
}
