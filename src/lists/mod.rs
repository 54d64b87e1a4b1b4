//! What investigators ask after the totals, as queries: the top of anything by anything, all of
//! it by key, its course over time, and flows as one record each.
//!
//! Nothing below this room knows of lists: they are ordinary queries with names for what they
//! measure. `render::lists` makes sheets of their answers.

mod measures;

use crate::amount::Amount;
use crate::calendar::{date_of_digits, seconds_since_1970};
use crate::error::{Error, ErrorKind};
use crate::field::Field;
use crate::layout::Column;
use crate::measure::{Counting, Having, Measure, Order};
use crate::query::Query;
use crate::view::KeyColumn;
pub use measures::{Condition, NamedMeasure};

/// A key, and what its column is called.
pub type NamedKey = (KeyColumn, String);

/// A list, and the words that it is told in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    query: Query,
    measures: Vec<NamedMeasure>,
    kind: ListKind,
}

/// What a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListKind {
    /// The largest or the smallest, with their share.
    Top,
    /// All by key.
    Sum,
    /// Over time, in bins of so many seconds.
    Series(u32),
    /// Records of flows.
    Merge,
}

/// What a list is made of.
///
/// ```
/// use flowagg::lists::{ListOptions, NamedMeasure};
/// use flowagg::{Engine, Field, Source};
/// let no_key = |_: &str| unreachable!("bytes names no key");
/// let list = ListOptions::new()
///     .key(Field::SrcAddr.into(), "srcaddr")
///     .measure(NamedMeasure::parse("bytes", no_key)?)
///     .limit(3)
///     .top()?;
/// let report = Engine::new().run(list.query(), &[Source::path("testdata/sample.log")])?;
/// assert_eq!(report.answers[0].contributors().len(), 3);
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    keys: Vec<NamedKey>,
    measures: Vec<NamedMeasure>,
    /// What conditions are about, which is told too.
    compared: Vec<NamedMeasure>,
    conditions: Vec<Condition>,
    is_ascending: bool,
    counting: Counting,
    limit: usize,
}

impl ListOptions {
    /// A list of everything, all of it.
    pub fn new() -> Self {
        Self::default()
    }

    /// And by this key.
    #[must_use]
    pub fn key(mut self, key: KeyColumn, name: impl Into<String>) -> Self {
        self.keys.push((key, name.into()));
        self
    }

    /// And by these keys.
    #[must_use]
    pub fn keys(mut self, keys: impl IntoIterator<Item = NamedKey>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// And this measure; the first one orders the list. Without any, what is usual for the list.
    #[must_use]
    pub fn measure(mut self, measure: NamedMeasure) -> Self {
        self.measures.push(measure);
        self
    }

    /// Only contributors of which this holds. `key` reads what stands in `unique(...)` of the
    /// condition's measure.
    ///
    /// # Errors
    /// As [`NamedMeasure::parse`].
    pub fn having(
        mut self,
        mut condition: Condition,
        key: impl FnOnce(&str) -> Result<NamedKey, Error>,
    ) -> Result<Self, Error> {
        if let Some(name) = &condition.measure {
            let measure = NamedMeasure::parse(name, key)?;
            condition.measure = Some(measure.name.clone());
            self.compared.push(measure);
        }
        self.conditions.push(condition);
        Ok(self)
    }

    /// The smallest first.
    #[must_use]
    pub fn ascending(mut self, is_ascending: bool) -> Self {
        self.is_ascending = is_ascending;
        self
    }

    /// Counts flows so.
    #[must_use]
    pub fn counting(mut self, counting: Counting) -> Self {
        self.counting = counting;
        self
    }

    /// Lists so many; 0 for all.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The largest contributors, or the smallest; by bytes, unless a measure says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] if keys, measures and conditions do not fit together.
    pub fn top(self) -> Result<List, Error> {
        let order = if self.is_ascending { Order::Ascending } else { Order::Sum };
        self.build(ListKind::Top, order, &[sum(Field::Bytes)])
    }

    /// All contributors by key, with their records, packets and bytes, unless measures say
    /// otherwise.
    ///
    /// # Errors
    /// As [`top`](Self::top).
    pub fn sum(self) -> Result<List, Error> {
        let usual = [records(), sum(Field::Packets), sum(Field::Bytes)];
        self.build(ListKind::Sum, Order::Key, &usual)
    }

    /// The largest contributors over time; by bytes, unless a measure says otherwise.
    ///
    /// # Errors
    /// As [`top`](Self::top); and for more than one measure.
    pub fn series(self, bin_seconds: u32) -> Result<List, Error> {
        let usual = [sum(Field::Bytes)];
        let own = self.measures.first().unwrap_or(&usual[0]);
        let more = self.measures.iter().skip(1).chain(&self.compared);
        if let Some(other) = more.into_iter().find(|measure| *measure != own) {
            let text = format!(
                "{}: a series is one of one measure, and this one is of {}",
                other.name, own.name
            );
            return Err(Error::new(ErrorKind::Query, text));
        }
        let order = if self.is_ascending { Order::Ascending } else { Order::Sum };
        self.build(ListKind::Series(bin_seconds), order, &usual)
    }

    /// The records of each combination of keys as one: the packets and bytes of all, the first
    /// start and the last end; in the order in which they begin. Measures are those; others that
    /// were said are an error.
    ///
    /// # Errors
    /// As [`top`](Self::top).
    pub fn merge(self) -> Result<List, Error> {
        if let Some(measure) = self.measures.first() {
            let text = format!(
                "{}: merged records have packets, bytes, start and end, and how many they were; \
                 leave out --by, or type `flowagg sum`",
                measure.name
            );
            return Err(Error::new(ErrorKind::Query, text));
        }
        if let Some((key, _)) = self.keys.iter().find(|(key, _)| is_merged(key)) {
            let text = format!(
                "{}: merged records have it anyway; expected fields that tell flows apart, such \
                 as srcaddr,dstaddr",
                key.column().label()
            );
            return Err(Error::new(ErrorKind::Query, text));
        }
        let start = NamedMeasure {
            measure: Measure::Min(Field::Start.into()),
            name: Field::Start.name().to_owned(),
        };
        let end = NamedMeasure {
            measure: Measure::Max(Field::End.into()),
            name: Field::End.name().to_owned(),
        };
        let usual = [start, end, sum(Field::Packets), sum(Field::Bytes), records()];
        self.build(ListKind::Merge, Order::Ascending, &usual)
    }

    fn build(
        mut self,
        kind: ListKind,
        order: Order,
        usual: &[NamedMeasure],
    ) -> Result<List, Error> {
        if self.measures.is_empty() {
            self.measures = usual.to_vec();
        }
        for measure in self.compared {
            if !self.measures.contains(&measure) {
                self.measures.push(measure);
            }
        }
        if self.keys.is_empty() && !self.conditions.is_empty() {
            let text = "--having chooses among contributors, and without KEYS there is but one; \
                        type KEYS such as srcaddr, or choose records with --where";
            return Err(Error::new(ErrorKind::Query, text));
        }
        let (keys, labels): (Vec<KeyColumn>, Vec<String>) = self.keys.into_iter().unzip();
        let mut builder = Query::builder()
            .group_by(keys)
            .labels(labels)
            .order(order)
            .counting(self.counting)
            .top(self.limit);
        for (at, measure) in self.measures.iter().enumerate() {
            builder = match at {
                0 => builder.measure(measure.measure.clone()),
                _ => builder.and_measure(measure.measure.clone()),
            };
        }
        for Condition { measure, comparison, amount } in self.conditions {
            let at = |name: String| self.measures.iter().position(|other| other.name == name);
            let measure = measure.and_then(at).unwrap_or(0);
            check_time(&self.measures[measure], &amount)?;
            builder = builder.having(Having { measure, comparison, amount });
        }
        if let ListKind::Series(seconds) = kind {
            builder = builder.period(seconds);
        }
        Ok(List { query: builder.build()?, measures: self.measures, kind })
    }
}

/// That a time is not compared with a date that lacks its hyphens: as seconds it is in 1970.
fn check_time(measure: &NamedMeasure, amount: &Amount) -> Result<(), Error> {
    let is_time =
        measure.field().is_some_and(Field::is_time) && !matches!(measure.measure, Measure::Sum(_));
    match date_of_digits(&amount.to_string()).filter(|_| is_time) {
        Some(date) => {
            let second = seconds_since_1970(&date).unwrap_or_default();
            let text = format!(
                "--having: {amount} looks like a date, expected seconds since 1970, which are \
                 {second} for {date}"
            );
            Err(Error::new(ErrorKind::Query, text))
        }
        None => Ok(()),
    }
}

/// Whether a field is what records are merged to.
fn is_merged(key: &KeyColumn) -> bool {
    const MERGED: [Field; 4] = [Field::Packets, Field::Bytes, Field::Start, Field::End];
    MERGED.iter().any(|field| *key.column() == Column::from(*field))
}

/// The sum of a number field.
fn sum(field: Field) -> NamedMeasure {
    NamedMeasure { measure: Measure::Sum(field.into()), name: field.name().to_owned() }
}

/// The number of records.
fn records() -> NamedMeasure {
    NamedMeasure { measure: Measure::Count, name: "records".to_owned() }
}

impl List {
    /// The question.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The same list of another question, which differs in what records count.
    #[must_use]
    pub fn with_query(mut self, query: Query) -> Self {
        self.query = query;
        self
    }

    /// What it measures, first what orders it.
    pub fn measures(&self) -> &[NamedMeasure] {
        &self.measures
    }

    /// What it is for.
    pub fn kind(&self) -> ListKind {
        self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(text: &str) -> NamedMeasure {
        NamedMeasure::parse(text, |_| unreachable!("no key")).unwrap()
    }

    fn names(list: &List) -> Vec<&str> {
        list.measures().iter().map(|measure| measure.name.as_str()).collect()
    }

    fn having(options: ListOptions, text: &str) -> ListOptions {
        options.having(Condition::parse(text).unwrap(), |_| unreachable!("no key")).unwrap()
    }

    #[test]
    fn what_a_list_measures() {
        let by_source = || ListOptions::new().key(Field::SrcAddr.into(), "srcaddr");
        assert_eq!(names(&by_source().top().unwrap()), ["bytes"]);
        assert_eq!(names(&by_source().sum().unwrap()), ["records", "packets", "bytes"]);
        let two = by_source().measure(measure("packets")).measure(measure("max(bytes)"));
        assert_eq!(names(&two.clone().top().unwrap()), ["packets", "max(bytes)"]);
        assert!(two.clone().series(60).unwrap_err().to_string().contains("one of one measure"));
        assert!(two.merge().unwrap_err().to_string().contains("packets, bytes, start and end"));
        let by_start = by_source().key(Field::Start.into(), "start");
        assert!(by_start.merge().unwrap_err().to_string().starts_with("start: merged records"));
        // The condition of a series is one on what it is of, also where that was not said.
        let list = having(by_source(), "bytes > 5").series(60).unwrap();
        assert_eq!((names(&list), list.query().having().len()), (vec!["bytes"], 1));
        let other = having(by_source(), "packets > 5").series(60).unwrap_err();
        assert!(other.to_string().ends_with("and this one is of bytes"));
        for text in ["min(start) >= 20231114", "max(end) < 20231115"] {
            let error = having(by_source(), text).top().unwrap_err().to_string();
            assert!(error.contains("looks like a date, expected seconds"), "{error}");
        }
        assert!(having(by_source(), "bytes >= 20231114").top().is_ok());
        let all = having(ListOptions::new(), "> 5").sum().unwrap_err();
        assert!(all.to_string().contains("--having chooses among contributors"));
        // A condition on something else tells that too, and does not change the order.
        let list = having(by_source(), "records > 5").top().unwrap();
        assert_eq!(names(&list), ["bytes", "records"]);
        assert_eq!(list.query().having()[0].measure, 1);
        let list = having(by_source().measure(measure("packets")), "> 5").top().unwrap();
        assert_eq!((names(&list), list.query().having()[0].measure), (vec!["packets"], 0));
        let by_records = || by_source().measure(measure("records"));
        let list = having(by_records(), "records > 5").top().unwrap();
        assert_eq!((names(&list), list.query().having()[0].measure), (vec!["records"], 0));
        let list = having(by_source(), "> 5").top().unwrap();
        assert_eq!((names(&list), list.query().having()[0].measure), (vec!["bytes"], 0));
        let list = having(by_source(), "bytes > 5").sum().unwrap();
        assert_eq!(names(&list), ["records", "packets", "bytes"]);
        assert_eq!(list.query().having()[0].measure, 2);
    }
}
