//! Several measures at once, means, numbers of different values, conditions, orders, and flows
//! that count once: held against a plain twin, in any memory and with any threads.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;

use std::collections::{BTreeMap, BTreeSet};

use flowagg::{
    Amount, Answer, Comparison, Counting, Engine, Field, Having, Layout, Measure, Order, Query,
    QueryBuilder, Records, Source, Status,
};
use folder::Folder;
use records::made_up;

/// Records of flows that two or three interfaces see, some of them partly, among others.
fn seen_twice() -> Vec<u8> {
    let mut text = made_up(600, 3);
    for at in 0..400u64 {
        let flow = at % 37;
        let interface = ["eni-a", "eni-b", "eni-c"][(at % 3) as usize];
        let (source, bytes) = (flow % 5, 100 + at * 7 % 50);
        let action = if flow.is_multiple_of(4) { "REJECT" } else { "ACCEPT" };
        let (source, target) = match flow % 6 {
            0 => (format!("2001:db8::{source}"), "2001:db8::ffff".to_owned()),
            1 => (format!("10.0.0.{source}"), "2001:db8::ffff".to_owned()),
            _ => (format!("10.0.0.{source}"), format!("10.1.0.{}", flow % 7)),
        };
        let line = format!(
            "2 1 {interface} {source} {target} {flow} 443 6 {} {bytes} {} {} {action} OK\n",
            at % 9 + 1,
            1_600_000_000 + at * 13,
            1_600_000_060 + at * 13,
        );
        text.extend_from_slice(line.as_bytes());
    }
    text
}

/// A record in words of the standard library.
struct Seen {
    texts: BTreeMap<Field, String>,
}

impl Seen {
    fn text(&self, field: Field) -> &str {
        &self.texts[&field]
    }

    fn number(&self, field: Field) -> Option<u128> {
        self.text(field).parse().ok()
    }
}

const FIELDS: [Field; 10] = [
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::Action,
    Field::InterfaceId,
    Field::Bytes,
    Field::Packets,
    Field::Start,
];

fn seen(text: &[u8]) -> Vec<Seen> {
    let mut records = Records::new(text, Layout::v2());
    let mut seen = Vec::new();
    while let Some(record) = records.next_record() {
        let Ok(record) = record else { continue };
        if record.status() == Status::Ok {
            let text = |field: Field| {
                String::from_utf8(record.text(field).unwrap_or(b"-").to_vec()).unwrap()
            };
            let texts = FIELDS.into_iter().map(|field| (field, text(field))).collect();
            seen.push(Seen { texts });
        }
    }
    seen
}

/// What a measure comes to over some records, in millionths.
fn measured(measure: &Measure, counting: Counting, records: &[&Seen]) -> Option<i128> {
    const ONE: u128 = 1_000_000;
    let numbers = |field: Field| records.iter().filter_map(move |seen| seen.number(field));
    let field = |column: &flowagg::Column| match column {
        flowagg::Column::Field(field) => *field,
        _ => panic!("no field"),
    };
    // By flow the interface that has most.
    let once = |value: &dyn Fn(&Seen) -> Option<u128>| {
        let mut flows: BTreeMap<Vec<&str>, BTreeMap<&str, u128>> = BTreeMap::new();
        for seen in records {
            let flow = FIELDS[..6].iter().map(|field| seen.text(*field)).collect();
            let flow = flows.entry(flow).or_default();
            *flow.entry(seen.text(Field::InterfaceId)).or_default() += value(seen).unwrap_or(0);
        }
        flows.values().map(|interfaces| interfaces.values().max().unwrap()).sum::<u128>()
    };
    let sum = |value: &dyn Fn(&Seen) -> Option<u128>| match counting {
        Counting::Once => once(value),
        _ => records.iter().filter_map(|seen| value(seen)).sum(),
    };
    let value = match measure {
        Measure::Count => sum(&|_| Some(1)) * ONE,
        Measure::Sum(column) => sum(&|seen| seen.number(field(column))) * ONE,
        Measure::Min(column) => numbers(field(column)).min()? * ONE,
        Measure::Max(column) => numbers(field(column)).max()? * ONE,
        Measure::Average(column) => {
            let field = field(column);
            let count = sum(&|seen| seen.number(field).map(|_| 1));
            let total = sum(&|seen| seen.number(field)) * ONE;
            (2 * total + count) / (2 * count.max(1))
        }
        Measure::Unique(column) => {
            let texts = records.iter().map(|seen| seen.text(field(column.column())));
            texts.collect::<BTreeSet<_>>().len() as u128 * ONE
        }
        _ => panic!("a measure without a twin"),
    };
    Some(i128::try_from(value).unwrap())
}

fn millionths(amount: Amount) -> i128 {
    amount.times(1_000_000).whole().unwrap()
}

/// Keys, and values in the order of measures.
type Row = (Vec<String>, Vec<Option<i128>>);

fn twin(query: &Query, keys: &[Field], records: &[Seen]) -> (Vec<Row>, u64) {
    let mut groups: BTreeMap<Vec<String>, Vec<&Seen>> = BTreeMap::new();
    for seen in records {
        let key = keys.iter().map(|key| seen.text(*key).to_owned()).collect();
        groups.entry(key).or_default().push(seen);
    }
    let row = |(key, records): (Vec<String>, Vec<&Seen>)| {
        let values = query.measures().iter().map(|m| measured(m, query.counting(), &records));
        (key, values.collect::<Vec<_>>())
    };
    let mut rows: Vec<Row> = groups.into_iter().map(row).collect();
    let unique = rows.len() as u64;
    rows.retain(|(_, values)| {
        query.having().iter().all(|having| {
            let value = values[having.measure];
            value.is_some_and(|value| {
                let limit = millionths(having.amount);
                match having.comparison {
                    Comparison::Greater => value > limit,
                    Comparison::LessOrEqual => value <= limit,
                    _ => panic!("no twin"),
                }
            })
        })
    });
    rows.sort_by(|left, right| {
        let by_value = left.1[0].cmp(&right.1[0]);
        let by_value = match query.order() {
            Order::Sum => by_value.reverse(),
            Order::Ascending => by_value,
            _ => std::cmp::Ordering::Equal,
        };
        by_value.then_with(|| left.0.cmp(&right.0))
    });
    if query.top() > 0 {
        rows.truncate(query.top());
    }
    (rows, unique)
}

fn rows(answer: &Answer) -> Vec<Row> {
    let text = |key: Vec<u8>| String::from_utf8(key).unwrap();
    let row = |contributor: flowagg::Contributor| {
        let values = std::iter::once(Some(contributor.value)).chain(contributor.beside);
        let values = values.map(|value| value.map(millionths)).collect();
        (contributor.keys.into_iter().map(text).collect(), values)
    };
    answer.contributors().map(row).collect()
}

fn questions() -> Vec<(Vec<Field>, QueryBuilder)> {
    let bytes = || Measure::Sum(Field::Bytes.into());
    let mean = || Measure::Average(Field::Bytes.into());
    let different = |field: Field| Measure::Unique(field.into());
    let by = |measure: Measure| Query::builder().measure(measure).top(0);
    let more =
        |measure, comparison, amount: u64| Having { measure, comparison, amount: amount.into() };
    let pair = vec![Field::SrcAddr, Field::DstAddr];
    vec![
        (vec![Field::SrcAddr], by(different(Field::DstAddr))),
        (pair.clone(), by(different(Field::InterfaceId)).and_measure(Measure::Count)),
        (vec![Field::InterfaceId], by(different(Field::SrcAddr)).order(Order::Ascending)),
        (vec![Field::Action], by(different(Field::Action)).top(1)),
        (vec![Field::SrcAddr], by(mean()).and_measure(bytes()).and_measure(Measure::Count)),
        (pair.clone(), by(mean()).order(Order::Ascending).top(7)),
        (
            vec![Field::DstPort],
            by(bytes())
                .and_measure(Measure::Min(Field::Start.into()))
                .and_measure(Measure::Max(Field::Start.into()))
                .and_measure(different(Field::SrcAddr))
                .and_measure(mean())
                .order(Order::Key),
        ),
        (vec![Field::SrcAddr], by(bytes()).having(more(0, Comparison::Greater, 400))),
        (
            pair.clone(),
            by(bytes())
                .and_measure(different(Field::SrcPort))
                .and_measure(mean())
                .having(more(1, Comparison::Greater, 1))
                .having(more(2, Comparison::LessOrEqual, 130))
                .order(Order::Ascending),
        ),
        (pair.clone(), by(bytes()).order(Order::Ascending).top(5)),
        (pair.clone(), by(Measure::Count).order(Order::Key).top(5)),
        (vec![Field::SrcAddr], by(bytes()).counting(Counting::Once)),
        (
            vec![Field::SrcAddr, Field::Action],
            by(Measure::Count)
                .and_measure(bytes())
                .and_measure(mean())
                .and_measure(different(Field::DstAddr))
                .counting(Counting::Once),
        ),
        (
            vec![Field::Protocol],
            by(Measure::Max(Field::Bytes.into())).and_measure(bytes()).counting(Counting::Once),
        ),
    ]
}

#[test]
fn answers_are_those_of_the_twin() {
    let folder = Folder::new("twin");
    let text = seen_twice();
    let source = [Source::path(folder.file("a.log", &text))];
    let records = seen(&text);
    let (keys, builders): (Vec<_>, Vec<_>) = questions().into_iter().unzip();
    let query = |(keys, builder): (&Vec<Field>, QueryBuilder)| {
        builder.group_by(keys.iter().copied()).build().unwrap()
    };
    let queries: Vec<Query> = keys.iter().zip(builders).map(query).collect();
    let expected: Vec<_> =
        queries.iter().zip(&keys).map(|(query, keys)| twin(query, keys, &records)).collect();
    for (threads, block_bytes, memory) in
        [(1, 1 << 20, None), (3, 500, None), (2, 3000, Some(0)), (8, 77, Some(20 << 20))]
    {
        let mut engine = Engine::new().threads(threads).block_bytes(block_bytes);
        if let Some(memory) = memory {
            engine = engine.memory(memory);
        }
        // Of several values by contributor there is no list without memory for it.
        let is_possible = |query: &Query| {
            let is_alone = query.measures().len() == 1 && query.having().is_empty();
            memory != Some(0) || is_alone && !matches!(query.measure(), Measure::Average(_))
        };
        let asked: Vec<_> = queries.iter().zip(&expected).filter(|(q, _)| is_possible(q)).collect();
        let (queries, expected): (Vec<&Query>, Vec<_>) = asked.into_iter().unzip();
        let queries: Vec<Query> = queries.into_iter().cloned().collect();
        let report = engine.run_all(&queries, &source).unwrap();
        assert_eq!(report.bytes_spilled() > 0, memory == Some(0));
        for (at, (answer, (expected, unique))) in report.answers.iter().zip(expected).enumerate() {
            assert_eq!(&rows(answer), expected, "question {at}, {threads} threads");
            assert_eq!(answer.unique(), *unique, "question {at}");
        }
    }
}

#[test]
fn everything_is_one_contributor() {
    let folder = Folder::new("all");
    let text = seen_twice();
    let source = [Source::path(folder.file("a.log", &text))];
    let records = seen(&text);
    let records: Vec<&Seen> = records.iter().collect();
    for counting in [Counting::Every, Counting::Once] {
        let measures = [
            Measure::Sum(Field::Bytes.into()),
            Measure::Unique(Field::SrcAddr.into()),
            Measure::Average(Field::Packets.into()),
            Measure::Count,
        ];
        for first in 0..measures.len() {
            let mut measures = measures.clone();
            measures.rotate_left(first);
            let [first, others @ ..] = measures.clone();
            let builder = Query::builder().counting(counting).measure(first);
            let builder = others.into_iter().fold(builder, QueryBuilder::and_measure);
            let query = builder.build().unwrap();
            let report = Engine::new().run(&query, &source).unwrap();
            let answer = &report.answers[0];
            let found = std::iter::once(answer.total()).chain(answer.totals().to_vec());
            let found: Vec<_> = found.map(|total| total.map(millionths)).collect();
            let expected: Vec<_> =
                measures.iter().map(|measure| measured(measure, counting, &records)).collect();
            assert_eq!(found, expected, "{measures:?}");
        }
    }
}

#[test]
fn different_values_by_period() {
    let folder = Folder::new("periods");
    let text = seen_twice();
    let source = [Source::path(folder.file("a.log", &text))];
    let records = seen(&text);
    for (measure, counting) in [
        (Measure::Unique(Field::DstAddr.into()), Counting::Every),
        (Measure::Sum(Field::Bytes.into()), Counting::Once),
        (Measure::Sum(Field::Bytes.into()), Counting::Every),
    ] {
        let mut groups: BTreeMap<(String, u64), Vec<&Seen>> = BTreeMap::new();
        for seen in &records {
            let start = seen.number(Field::Start).unwrap() as u64 / 300 * 300;
            let key = (seen.text(Field::SrcAddr).to_owned(), start);
            groups.entry(key).or_default().push(seen);
        }
        let expected: Vec<_> = groups
            .into_iter()
            .map(|(key, records)| (key, measured(&measure, counting, &records)))
            .collect();
        let query = Query::builder()
            .group_by([Field::SrcAddr])
            .measure(measure)
            .counting(counting)
            .order(Order::Key)
            .period(300)
            .top(0)
            .build()
            .unwrap();
        let report = Engine::new().threads(3).block_bytes(900).run(&query, &source).unwrap();
        let found: Vec<_> = report.answers[0]
            .contributors()
            .flat_map(|contributor| {
                let key = String::from_utf8(contributor.keys[0].clone()).unwrap();
                contributor
                    .datapoints
                    .into_iter()
                    .map(move |point| ((key.clone(), point.start), Some(millionths(point.value))))
            })
            .collect();
        assert_eq!(found, expected);
    }
}

/// No record, none that counts, and none with a column that is asked for: there is no contributor
/// then, whatever is measured of it.
#[test]
fn there_may_be_no_contributor() {
    let folder = Folder::new("measures-none");
    let log = |name: &str, text: &str| [Source::path(folder.file(name, text))];
    let record = "2 1 eni-1 10.0.0.1 10.0.0.9 40000 443 6 1 40 1600000000 1600000060 ACCEPT OK\n";
    let logs = [log("empty", ""), log("no-traffic", &record.replace("OK", "NODATA"))];
    let others = [log("header", "version srcaddr\n"), log("no-column", record)];
    let measures = || [Measure::Count, Measure::Unique(Field::DstAddr.into())];
    for source in logs.iter().chain(&others) {
        for counting in [Counting::Every, Counting::Once] {
            // `az-id` differs between the records of a flow.
            let keys = match counting {
                Counting::Every => vec![Field::AzId, Field::SrcAddr],
                _ => vec![],
            };
            for (measure, other) in measures().into_iter().zip(measures().into_iter().rev()) {
                let query = Query::builder().group_by(keys.clone()).counting(counting);
                let query = query.measure(measure).and_measure(other).build().unwrap();
                let report = Engine::new().threads(2).run(&query, source).unwrap();
                let answer = &report.answers[0];
                assert_eq!(answer.contributors().len(), 0);
                if !keys.is_empty() {
                    assert_eq!((answer.unique(), answer.passed()), (0, 0));
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let error = |builder: QueryBuilder| builder.build().unwrap_err().to_string();
    let once = Query::builder().counting(Counting::Once).group_by([Field::InterfaceId]);
    assert!(error(once).contains("interface-id as a key where flows count once"));
    let mean = || Query::builder().measure(Measure::Average(Field::Bytes.into()));
    assert!(error(mean().period(60)).contains("an average by period"));
    let having = Having { measure: 1, comparison: Comparison::Less, amount: 1u64.into() };
    assert_eq!(error(mean().having(having)), "a condition on measure 1 of 1");
    let text = Query::builder().and_measure(Measure::Max(Field::Action.into()));
    assert_eq!(error(text), "action is no number field, expected one such as bytes");
    let unique = Query::builder().measure(Measure::Unique(Field::Action.into()));
    assert!(unique.build().is_ok());
}
