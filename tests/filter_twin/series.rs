//! Metrics with dimensions over events made up at random, some of them without a time: the engine
//! lists the series that a plain twin lists, however few are asked for.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use flowagg::dialect::{FilterPattern, MetricFilter, Transformation};
use flowagg::metric::{Metric, MetricOptions, Point};
use flowagg::{Amount, Engine, Source};

use super::folder::Folder;
use super::made_up::Random;

/// Logs made up of each kind.
const LOGS: u64 = 300;

/// Periods that have a number.
const PERIODS: u64 = u32::MAX as u64;

/// An event as the twin sees it.
struct Event {
    matches: bool,
    dimensions: [Option<&'static str>; 2],
    value: &'static str,
    time: Option<u64>,
}

/// Values of the dimensions, and what is published by start.
type Series = Vec<(Vec<Vec<u8>>, Vec<Point>)>;

/// How many combinations there are, match, lack a number, lack a dimension, do not match and have
/// no time.
type Counts = [u64; 6];

fn amount(text: &str) -> Option<Amount> {
    Amount::parse(text.as_bytes())
}

fn twin(
    events: &[Event],
    value: &str,
    places: &[usize],
    options: MetricOptions,
) -> (Series, Counts) {
    let mut published: BTreeMap<Vec<Vec<u8>>, BTreeMap<u64, Vec<Amount>>> = BTreeMap::new();
    let [mut matched, mut no_value, mut no_dimension, mut others, mut no_time] = [0; 5];
    let seconds = u64::from(options.period.unwrap());
    for event in events {
        let count = if event.matches { &mut matched } else { &mut others };
        *count += 1;
        if !event.matches {
            continue;
        }
        let values = places.iter().map(|&place| Some(event.dimensions[place]?.into()));
        let Some(values) = values.collect::<Option<Vec<Vec<u8>>>>() else {
            no_dimension += 1;
            continue;
        };
        let Some(amount) = amount(if value.starts_with('$') { event.value } else { value }) else {
            no_value += 1;
            continue;
        };
        match event.time.map(|time| time / seconds).filter(|number| *number < PERIODS) {
            Some(number) => {
                let points = published.entry(values).or_default();
                points.entry(number * seconds).or_default().push(amount);
            }
            None => no_time += 1,
        }
    }
    let unique = published.len() as u64;
    let sum = |values: &[Amount]| values.iter().fold(Amount::ZERO, |sum, value| sum + *value);
    let point = |(start, values): (u64, Vec<Amount>)| Point {
        start: Some(start),
        sample_count: values.len() as u64,
        sum: sum(&values),
        minimum: *values.iter().min().unwrap(),
        maximum: *values.iter().max().unwrap(),
    };
    let points = |points: BTreeMap<u64, Vec<Amount>>| points.into_iter().map(point).collect();
    let series = published.into_iter().map(|(dimensions, found)| (dimensions, points(found)));
    let mut series: Series = series.collect();
    series.sort_by_key(|(_, points)| Reverse(Point::total(points).unwrap().sum));
    if options.top > 0 {
        series.truncate(options.top);
    }
    (series, [unique, matched, no_value, no_dimension, others, no_time])
}

/// Asks for the series of a log in each of several ways.
fn check(
    folder: &Folder,
    seed: u64,
    pattern: &str,
    text: &str,
    events: &[Event],
    names: [&str; 3],
) {
    let random = &mut Random(seed);
    let [first, second, value] = names;
    let source = [Source::path(folder.file("e.log", text))];
    for value in [value, value, "1", "2.5", "0", "-3"] {
        let (dimensions, places): (&[&str], &[usize]) = match random.below(4) {
            0 => (&[first], &[0]),
            1 => (&[second], &[1]),
            2 => (&[first, first], &[0, 0]),
            _ => (&[first, second], &[0, 1]),
        };
        let mut transformation = Transformation::new("m", value);
        for (name, dimension) in ["A", "B"].iter().zip(dimensions) {
            transformation = transformation.dimension(*name, *dimension);
        }
        let pattern = FilterPattern::parse(pattern).unwrap();
        let filter = MetricFilter::new(pattern, transformation).unwrap();
        let mut options = MetricOptions::default();
        options.period = Some([60, 300, 86_400][random.below(3)]);
        options.top = random.below(4);
        let metric = Metric::new(&filter, options);
        let engine = Engine::new().threads(1 + random.below(3));
        let engine = engine.block_bytes(if random.once_in(2) { 1 << 20 } else { 40 });
        let report = engine.run_all(&metric.queries().unwrap(), &source).unwrap();
        assert_eq!(report.tally.malformed, 0, "{text}");
        let found = metric.found(&report.answers);
        let series = found.series.into_iter().map(|series| (series.dimensions, series.points));
        let counts = [
            found.unique,
            found.matched,
            found.no_value,
            found.no_dimension,
            found.others,
            found.no_time,
        ];
        let expected = twin(events, value, places, options);
        let how = format!("seed {seed}, {value} by {dimensions:?}, {options:?}\n{text}");
        assert_eq!((series.collect::<Series>(), counts), expected, "{how}");
        assert_eq!(found.matched + found.others, events.len() as u64, "{how}");
    }
}

fn pick<T: Copy>(random: &mut Random, among: &[T]) -> T {
    among[random.below(among.len())]
}

const DIMENSIONS: [&str; 5] = ["x", "y", "z", "10.0.0.1", "443"];

/// Small values and large ones, those that are no whole numbers, and those that are none.
const VALUES: [&str; 9] = ["1", "1", "2", "50", "40000000000", "0.5", "-7", "1e2", "none"];

const TIMES: [Option<u64>; 5] =
    [None, Some(1_600_000_000), Some(1_600_000_001), Some(1_600_000_090), Some(1_600_003_600)];

#[test]
fn series_of_json_are_ranked_by_what_is_published() {
    let folder = Folder::new("series_json");
    for seed in 0..LOGS {
        let random = &mut Random(seed);
        let (mut text, mut events) = ("{}\n".to_owned(), Vec::new());
        let event = |matches, dimensions, value, time| Event { matches, dimensions, value, time };
        events.push(event(false, [None; 2], "", None));
        for _ in 0..random.below(30) {
            let dimensions =
                [(); 2].map(|()| (!random.once_in(9)).then(|| pick(random, &DIMENSIONS)));
            let (value, time) = (pick(random, &VALUES), pick(random, &TIMES));
            let matches = !random.once_in(5);
            text += &format!("{{\"k\":{},\"v\":\"{value}\"", u8::from(matches));
            for (name, dimension) in ["d", "e"].iter().zip(dimensions) {
                text += &dimension.map_or(String::new(), |d| format!(",\"{name}\":\"{d}\""));
            }
            text += &time.map_or(String::new(), |time| format!(",\"start\":{time}"));
            text += "}\n";
            events.push(event(matches, dimensions, value, time));
        }
        check(&folder, seed, "{ $.k = 1 }", &text, &events, ["$.d", "$.e", "$.v"]);
    }
}

#[test]
fn series_of_records_are_ranked_by_what_is_published() {
    let folder = Folder::new("series_records");
    for seed in 0..LOGS {
        let random = &mut Random(seed);
        let (mut text, mut events) = (String::new(), Vec::new());
        let mut is_timed = false;
        let is_text = random.once_in(2);
        for at in 0..random.below(30) {
            if at == 0 || random.once_in(8) {
                is_timed = !random.once_in(3);
                // As text a value may be any number.
                let value = if is_text { "region" } else { "bytes" };
                let time = if is_timed { "start" } else { "end" };
                text += &format!("vpc-id subnet-id {value} {time} action\n");
            }
            let dimensions = [(); 2].map(|()| Some(pick(random, &DIMENSIONS)));
            let among = if is_text { &VALUES[..] } else { &["1", "50", "40000000000", "-"] };
            let (value, matches) = (pick(random, among), !random.once_in(5));
            let time = pick(random, &TIMES[1..]);
            let shown = if random.once_in(9) { None } else { time };
            text += &format!(
                "{} {} {value} {} {}{}\n",
                dimensions[0].unwrap(),
                if random.once_in(9) { " " } else { "" }.to_owned() + dimensions[1].unwrap(),
                shown.map_or("-".to_owned(), |time| time.to_string()),
                if matches { "ACCEPT" } else { "REJECT" },
                if random.once_in(9) { " more" } else { "" },
            );
            let time = shown.filter(|_| is_timed);
            events.push(Event { matches, dimensions, value, time });
        }
        let pattern = "[first, second, value, time, action=ACCEPT, ...]";
        check(&folder, seed, pattern, &text, &events, ["$first", "$2", "$value"]);
    }
}
