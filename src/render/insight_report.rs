//! The shape of CloudWatch's `GetInsightRuleReport`, member names and order as AWS prints them.
//!
//! Where CloudWatch says "approximate", the numbers here are exact.

use serde::{Serialize, Serializer};

use super::{Ranking, exact, human};
use crate::amount::Amount;
use crate::report::{Answer, Datapoint, PeriodMetrics};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InsightReport<'a> {
    key_labels: &'a [String],
    aggregation_statistic: &'a str,
    #[serde(serialize_with = "exact")]
    aggregate_value: Amount,
    approximate_unique_count: u64,
    #[serde(serialize_with = "contributors")]
    contributors: &'a Answer,
    /// A list wherever periods were asked for, also one of none.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "metrics")]
    metric_datapoints: Option<&'a [PeriodMetrics]>,
}

/// One of several reports.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NamedReport<'a> {
    rule_name: &'a str,
    report: InsightReport<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ContributorText {
    keys: Vec<String>,
    #[serde(serialize_with = "exact")]
    approximate_aggregate_value: Amount,
    datapoints: Vec<DatapointText>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DatapointText {
    timestamp: String,
    #[serde(serialize_with = "exact")]
    approximate_value: Amount,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricText {
    timestamp: String,
    unique_contributors: u64,
    #[serde(serialize_with = "exact")]
    max_contributor_value: Amount,
    sample_count: u64,
    average: f64,
    #[serde(serialize_with = "exact")]
    sum: Amount,
    #[serde(serialize_with = "exact")]
    minimum: Amount,
    #[serde(serialize_with = "exact")]
    maximum: Amount,
}

impl<'a> InsightReport<'a> {
    pub fn new(ranking: &Ranking<'a>) -> Self {
        Self {
            key_labels: ranking.answer.labels(),
            aggregation_statistic: ranking.statistic,
            aggregate_value: ranking.answer.total().unwrap_or_default(),
            approximate_unique_count: ranking.answer.unique(),
            contributors: ranking.answer,
            metric_datapoints: ranking.period.map(|_| ranking.answer.periods()),
        }
    }
}

impl<'a> NamedReport<'a> {
    pub fn new(ranking: &Ranking<'a>) -> Self {
        Self { rule_name: ranking.name.unwrap_or_default(), report: InsightReport::new(ranking) }
    }
}

impl From<Datapoint> for DatapointText {
    fn from(point: Datapoint) -> Self {
        Self { timestamp: human::timestamp(point.start), approximate_value: point.value }
    }
}

impl From<&PeriodMetrics> for MetricText {
    fn from(metrics: &PeriodMetrics) -> Self {
        Self {
            timestamp: human::timestamp(metrics.start),
            unique_contributors: metrics.unique_contributors,
            max_contributor_value: metrics.max_contributor_value,
            sample_count: metrics.sample_count,
            average: metrics.average(),
            sum: metrics.sum,
            minimum: metrics.minimum,
            maximum: metrics.maximum,
        }
    }
}

fn contributors<S: Serializer>(answer: &&Answer, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(answer.contributors().map(|contributor| ContributorText {
        keys: contributor.key_texts().collect(),
        approximate_aggregate_value: contributor.value,
        datapoints: contributor.datapoints.into_iter().map(DatapointText::from).collect(),
    }))
}

fn metrics<S: Serializer>(
    metrics: &Option<&[PeriodMetrics]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(metrics.iter().copied().flatten().map(MetricText::from))
}
