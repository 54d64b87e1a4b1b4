//! The shape of CloudWatch's `GetInsightRuleReport`, member names and order as AWS prints them.
//!
//! Where CloudWatch says "approximate", the numbers here are exact.

use serde::{Serialize, Serializer};

use super::Ranking;
use crate::report::Answer;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InsightReport<'a> {
    key_labels: &'a [String],
    aggregation_statistic: &'a str,
    aggregate_value: u128,
    approximate_unique_count: u64,
    #[serde(serialize_with = "one_by_one")]
    contributors: &'a Answer,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ContributorText {
    keys: Vec<String>,
    approximate_aggregate_value: u128,
    /// Values by period, which no rule asks for yet.
    datapoints: [u128; 0],
}

impl<'a> InsightReport<'a> {
    pub fn new(ranking: &Ranking<'a>) -> Self {
        Self {
            key_labels: ranking.answer.labels(),
            aggregation_statistic: ranking.statistic,
            aggregate_value: ranking.answer.total().unwrap_or(0),
            approximate_unique_count: ranking.answer.unique(),
            contributors: ranking.answer,
        }
    }
}

fn one_by_one<S: Serializer>(answer: &&Answer, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(answer.contributors().map(|contributor| ContributorText {
        keys: contributor.key_texts().collect(),
        approximate_aggregate_value: contributor.value,
        datapoints: [],
    }))
}
