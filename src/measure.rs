//! What is added up for contributors, what orders them, and which of them are listed.

use crate::amount::{Amount, Comparison};
use crate::error::{Error, ErrorKind};
use crate::field::{Field, Kind};
use crate::layout::Column;
use crate::view::KeyColumn;

/// What is added up for each contributor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measure {
    /// The number of records.
    Count,
    /// The sum of a number column; records in which it is no number add nothing.
    Sum(Column),
    /// The smallest value of a number column.
    Min(Column),
    /// The largest value of a number column.
    Max(Column),
    /// The mean value of a number column, to six places after the point.
    Average(Column),
    /// How many different values a column has, as the view shows them; exactly, however many there
    /// are.
    Unique(KeyColumn),
}

impl Measure {
    /// The measured column, if there is one.
    pub fn column(&self) -> Option<&Column> {
        match self {
            Self::Count => None,
            Self::Sum(column) | Self::Min(column) | Self::Max(column) | Self::Average(column) => {
                Some(column)
            }
            Self::Unique(key) => Some(key.column()),
        }
    }

    /// The column whose values are taken for numbers.
    pub(crate) fn number(&self) -> Option<&Column> {
        self.column().filter(|_| !matches!(self, Self::Unique(_)))
    }

    /// Whether the values of all contributors add up to that of everything.
    pub fn is_additive(&self) -> bool {
        matches!(self, Self::Count | Self::Sum(_))
    }

    /// Whether columns fit what is asked of them.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.number() {
            Some(Column::Field(field)) if !matches!(field.kind(), Kind::Number(_)) => {
                let text = format!("{field} is no number field, expected one such as bytes");
                Err(Error::new(ErrorKind::Query, text))
            }
            _ => Ok(()),
        }
    }
}

/// What contributors are ordered by. Equal ones are ordered by their keys' texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Order {
    /// By their value, largest first.
    #[default]
    Sum,
    /// By the largest value that a single event added, largest first.
    Maximum,
    /// By their value, smallest first.
    Ascending,
    /// By the texts of their keys, bytewise, the first key first.
    Key,
}

/// How often a flow counts that more than one interface recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Counting {
    /// Every record counts, as for CloudWatch.
    #[default]
    Every,
    /// Of the records of a flow (equal addresses, ports, protocol and action) those of one
    /// interface count: of the one at which it comes to most. That is exact where both ends of a
    /// flow are recorded, and where packets were lost between them takes the end that saw more.
    Once,
}

/// What tells flows apart that [`Counting::Once`] counts, and last the interface.
pub(crate) static FLOW_AT_INTERFACE: [Column; 7] = [
    Column::Field(Field::SrcAddr),
    Column::Field(Field::DstAddr),
    Column::Field(Field::SrcPort),
    Column::Field(Field::DstPort),
    Column::Field(Field::Protocol),
    Column::Field(Field::Action),
    Column::Field(Field::InterfaceId),
];

impl Counting {
    /// The columns that it needs.
    pub(crate) fn columns(self) -> &'static [Column] {
        match self {
            Self::Every => &[],
            Self::Once => &FLOW_AT_INTERFACE,
        }
    }

    /// Whether contributors may have this key: it is the same wherever a flow was recorded.
    pub(crate) fn allows(self, key: &KeyColumn) -> bool {
        self == Self::Every || FLOW_AT_INTERFACE[..6].contains(key.column())
    }
}

/// What must hold of a contributor that is listed: that one of its values compares so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Having {
    /// Which of the query's measures, from 0.
    pub measure: usize,
    /// The comparison with `amount`.
    pub comparison: Comparison,
    /// What the value is compared with.
    pub amount: Amount,
}

/// One of the totals that an answer is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// What the answer does with it.
    pub role: Role,
    /// What is added up: a count, a sum, a smallest or a largest value.
    pub measure: Measure,
    /// Columns beside the query's keys by which contributors are told apart at first.
    pub finer: Vec<KeyColumn>,
    /// How these are then joined, one step after the other.
    pub joins: Vec<Join>,
    /// The seconds of a period, by which they are told apart too.
    pub period: Option<u32>,
}

/// What an answer does with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The measure of this number by contributor.
    Value(usize),
    /// The number of records by contributor, by which the measure of this number is divided.
    Divisor(usize),
    /// The largest value of a single event by contributor.
    Largest,
    /// The first measure by period and contributor.
    Periods,
}

/// How contributors that differ in their last columns only become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Join {
    /// How many columns these are.
    pub columns: usize,
    /// What becomes of their values.
    pub by: JoinBy,
}

/// What becomes of values of contributors that become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinBy {
    /// Their number.
    Count,
    /// Their sum.
    Sum,
    /// The largest.
    Max,
}

impl Part {
    /// The parts of a question with these keys and measures. The first is that of the first
    /// measure's values.
    pub fn all(
        keys: &[KeyColumn],
        measures: &[Measure],
        order: Order,
        counting: Counting,
        period: Option<u32>,
    ) -> Vec<Self> {
        let mut parts = Vec::new();
        for (at, measure) in measures.iter().enumerate() {
            let part = Self::of(Role::Value(at), keys, measure, counting);
            let divisor = matches!(measure, Measure::Average(_));
            parts.push(part);
            if divisor {
                // Only records with a value count.
                parts.push(Self::of(Role::Divisor(at), keys, measure, counting));
            }
        }
        if order == Order::Maximum {
            parts.push(Self::of(Role::Largest, keys, &measures[0], Counting::Every));
        }
        if period.is_some() {
            let part = Self::of(Role::Periods, keys, &measures[0], counting);
            parts.push(Self { period, ..part });
        }
        parts
    }

    fn of(role: Role, keys: &[KeyColumn], measure: &Measure, counting: Counting) -> Self {
        let mut part = Self {
            role,
            measure: measure.clone(),
            finer: Vec::new(),
            joins: Vec::new(),
            period: None,
        };
        match measure {
            Measure::Unique(key) => {
                part.measure = Measure::Count;
                part.finer.push(key.clone());
                part.joins.push(Join { columns: 1, by: JoinBy::Count });
            }
            Measure::Average(column) => part.measure = Measure::Sum(column.clone()),
            Measure::Count | Measure::Sum(_) | Measure::Min(_) | Measure::Max(_) => {}
        }
        let adds_up = matches!(part.measure, Measure::Count | Measure::Sum(_));
        if counting == Counting::Once && part.joins.is_empty() && adds_up {
            let all = FLOW_AT_INTERFACE.iter().cloned().map(KeyColumn::from);
            part.finer.extend(all.filter(|column| !keys.contains(column)));
            let flow = part.finer.len() - 1;
            part.joins.push(Join { columns: 1, by: JoinBy::Max });
            part.joins.push(Join { columns: flow, by: JoinBy::Sum });
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_kept_apart_is() {
        let keys = [KeyColumn::from(Field::SrcAddr)];
        let parts =
            |measures: &[Measure], counting| Part::all(&keys, measures, Order::Sum, counting, None);
        let plain = parts(&[Measure::Sum(Field::Bytes.into()), Measure::Count], Counting::Every);
        assert!(plain.iter().all(|part| part.finer.is_empty() && part.joins.is_empty()));
        assert_eq!(plain.len(), 2);
        let unique = parts(&[Measure::Unique(Field::DstAddr.into())], Counting::Once);
        assert_eq!(unique[0].finer, [KeyColumn::from(Field::DstAddr)]);
        assert_eq!(unique[0].measure, Measure::Count);
        let once = parts(&[Measure::Average(Field::Bytes.into())], Counting::Once);
        assert_eq!(once.len(), 2);
        assert_eq!(once[0].finer.len(), 6);
        assert_eq!(once[0].finer.last(), Some(&Field::InterfaceId.into()));
        assert_eq!(once[0].joins.iter().map(|join| join.columns).sum::<usize>(), 6);
        let smallest = parts(&[Measure::Min(Field::Start.into())], Counting::Once);
        assert!(smallest[0].finer.is_empty());
    }
}
