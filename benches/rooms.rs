//! The rooms between bytes and totals, each by itself and on each implementation: scanning, the
//! kernels that work on marks, batches (rows, checks and decoding), filters, and groups of every lane with few and many
//! contributors. Every run's result is checked against the one that is known.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flowagg::dialect::Expression;
use flowagg::generate::{Generator, Options};
use flowagg::rooms::{
    Batch, ColumnShape, FilterScratch, Fold, Groups, Limit, Lines, Literal, Marks, Notes, PAD,
    Padded, Plan, Scanner, Scratch, Seeds, Shape, Shared, Spill, Texts, Totals,
};
use flowagg::{
    Amount, Field, Filter, KeyColumn, Labels, Layout, Level, Measure, Naming, Prefix, Query, View,
};

const LINES: u64 = 100_000;
/// As the engine cuts files.
const BLOCK_BYTES: usize = 512 * 1024;

/// A made-up log in blocks of whole lines.
struct Log {
    bytes: u64,
    blocks: Vec<(Vec<u8>, usize)>,
}

impl Log {
    fn of(contributors: u32) -> Self {
        let options = Options { lines: LINES, seed: 1, contributors, ..Options::default() };
        let mut generator = Generator::new(options).expect("the options are valid");
        let mut text = Vec::new();
        while generator.fill(&mut text) {}
        let (bytes, mut blocks) = (text.len() as u64, Vec::new());
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            let middle = BLOCK_BYTES.min(rest.len()) - 1;
            let newline = rest[middle..].iter().position(|&byte| byte == b'\n');
            let (block, after) = rest.split_at(middle + newline.expect("whole lines") + 1);
            let mut padded = block.to_vec();
            padded.resize(block.len() + PAD, 0);
            blocks.push((padded, block.len()));
            rest = after;
        }
        Self { bytes, blocks }
    }

    fn padded(&self) -> impl Iterator<Item = Padded<'_>> {
        self.blocks.iter().map(|(bytes, length)| Padded::new(bytes, *length))
    }

    /// One scanner for each block, since marks live in their scanner.
    fn scanners(&self, level: Level) -> Vec<Scanner> {
        self.blocks.iter().map(|_| Scanner::new(level)).collect()
    }

    fn marks<'a>(&'a self, scanners: &'a mut [Scanner]) -> Vec<Marks<'a>> {
        self.padded().zip(scanners).map(|(text, scanner)| scanner.scan(text, 0)).collect()
    }
}

/// Fills batches with all rows, and hands each to `visit`.
fn fill(plan: &Plan, marks: &[Marks<'_>], batch: &mut Batch, mut visit: impl FnMut(&Batch)) {
    let mut notes = Notes::default();
    for marks in marks {
        let mut cursor = 0;
        while cursor < marks.end() {
            batch.fill(&plan.reading, marks, &mut cursor, marks.end(), &mut notes);
            visit(batch);
        }
    }
    assert_eq!((notes.tally.records(), notes.tally.malformed), (LINES, 0));
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.is_available())
}

fn accepted() -> Query {
    Query::builder()
        .filter(Filter::new().and_in(Field::Action, ["ACCEPT"]))
        .group_by([Field::SrcAddr])
        .measure(Measure::Sum(Field::Bytes.into()))
        .build()
        .expect("a valid query")
}

fn scan(c: &mut Criterion) {
    let log = Log::of(Options::default().contributors);
    let mut group = c.benchmark_group("scan");
    group.throughput(Throughput::Bytes(log.bytes));
    for level in levels() {
        let mut scanner = Scanner::new(level);
        group.bench_function(level.name(), |b| {
            b.iter(|| {
                let lines = |text| black_box(scanner.scan(text, 0)).lines() as u64;
                assert_eq!(log.padded().map(lines).sum::<u64>(), LINES);
            });
        });
    }
}

fn batch(c: &mut Criterion) {
    let log = Log::of(Options::default().contributors);
    let plan = Plan::new(&[accepted()], &Layout::v2(), Lines::Records, &Arc::<Texts>::default());
    let mut group = c.benchmark_group("batch");
    group.throughput(Throughput::Bytes(log.bytes));
    let mut expected = None;
    for level in levels() {
        let mut scanners = log.scanners(level);
        let marks = log.marks(&mut scanners);
        let mut batch = Batch::default();
        group.bench_function(level.name(), |b| {
            b.iter(|| {
                let mut found = (0, 0);
                fill(&plan, &marks, &mut batch, |batch| {
                    found.0 += batch.rows().len();
                    found.1 += batch.numbers(0).iter().sum::<u64>();
                });
                assert_eq!(*expected.get_or_insert(found), found);
            });
        });
    }
}

fn select(c: &mut Criterion) {
    let log = Log::of(Options::default().contributors);
    let plan = Plan::new(&[accepted()], &Layout::v2(), Lines::Records, &Arc::<Texts>::default());
    let mut group = c.benchmark_group("select");
    group.throughput(Throughput::Bytes(log.bytes));
    let mut expected = None;
    for level in levels() {
        let mut scanners = log.scanners(level);
        let marks = log.marks(&mut scanners);
        let batches = batches(&plan, &marks);
        let (mut selected, mut scratch) = (Vec::new(), FilterScratch::default());
        group.bench_function(level.name(), |b| {
            b.iter(|| {
                let mut found = 0;
                for (marks, batch) in &batches {
                    plan.selections[0].tests.select(
                        None,
                        marks,
                        batch,
                        &mut selected,
                        &mut scratch,
                    );
                    found += selected.len();
                }
                assert!(found > 0);
                assert_eq!(*expected.get_or_insert(found), found);
            });
        });
    }
}

/// Trees of tests as `--where` makes them, of one prefix and of a hundred thousand.
fn expressions(c: &mut Criterion) {
    let log = Log::of(Options::default().contributors);
    let mut group = c.benchmark_group("where");
    group.throughput(Throughput::Elements(LINES));
    let list = |at: u32| format!("{}/24\n", Ipv4Addr::from_bits(at.wrapping_mul(0x9e37_79b9)));
    let many: String = (0..100_000).map(list).collect();
    for (name, text) in [
        ("prefix and ports", "dst net 10.0.0.0/8 and dst port in [22 3389]"),
        ("either side", "host 10.0.0.0/16 or port 53 and not bytes > 1m"),
        ("100,000 prefixes", "dst net in @list"),
        ("regular expression", "interface-id ~ '[0-7]$'"),
    ] {
        let mut read = |_: &str| Ok(many.clone().into_bytes());
        let expression = Expression::parse(text, &mut read).expect("a valid expression");
        let query = Query::builder().and_where(&expression).build().expect("a valid query");
        let plan = Plan::new(&[query], &Layout::v2(), Lines::Records, &Arc::<Texts>::default());
        let mut scanners = log.scanners(Level::best());
        let marks = log.marks(&mut scanners);
        let batches = batches(&plan, &marks);
        let (mut selected, mut scratch) = (Vec::new(), FilterScratch::default());
        let mut expected = None;
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut found = 0;
                for (marks, batch) in &batches {
                    plan.trees[0].select(marks, batch, &mut selected, &mut scratch);
                    found += selected.len();
                }
                assert!(found > 0);
                assert_eq!(*expected.get_or_insert(found), found);
            });
        });
    }
}

/// All batches, each with the marks of its block.
fn batches<'a>(plan: &Plan, marks: &[Marks<'a>]) -> Vec<(Marks<'a>, Batch)> {
    let mut batches = Vec::new();
    for marks in marks {
        let (mut cursor, mut notes) = (0, Notes::default());
        while cursor < marks.end() {
            let mut batch = Batch::default();
            batch.fill(&plan.reading, marks, &mut cursor, marks.end(), &mut notes);
            batches.push((*marks, batch));
        }
    }
    batches
}

/// Each kernel that works on marks, over the regular rows of all blocks.
fn kernels(c: &mut Criterion) {
    type Kernel<'k> = (&'static str, &'k dyn Fn(&Marks<'_>, &[u32], &mut Vec<u64>));
    let log = Log::of(Options::default().contributors);
    let layout = Layout::v2();
    let plan = Plan::new(&[accepted()], &layout, Lines::Records, &Arc::<Texts>::default());
    let at = |field| layout.position(field).expect("a field of version 2");
    let (address, port) = (at(Field::SrcAddr), at(Field::DstPort));
    let (bytes, action) = (at(Field::Bytes), at(Field::Action));
    let shape = Shape::new(&vec![ColumnShape { digits: false, length_max: 4096 }; 14]);
    let limit = Limit::new(65_535).expect("five digits");
    let accept = [Literal::new(b"ACCEPT")];
    // What a kernel finds, as numbers: the sum of all is compared.
    let wide = |found: Vec<u32>, out: &mut Vec<u64>| out.extend(found.into_iter().map(u64::from));
    let kernels: [Kernel<'_>; 6] = [
        ("rows", &|marks, _, out| {
            let (mut cursor, mut rows) = (0, Vec::new());
            marks.rows(&shape, &mut cursor, marks.end(), usize::MAX, &mut rows);
            wide(rows, out);
        }),
        ("numbers", &|marks, rows, out| marks.numbers(rows, bytes, out)),
        ("numbers_over", &|marks, rows, out| {
            let mut over = Vec::new();
            marks.numbers_over(rows, port, limit, &mut over);
            wide(over, out);
        }),
        ("no_numbers", &|marks, rows, out| {
            let mut others = Vec::new();
            marks.no_numbers(rows, bytes, &mut others);
            wide(others, out);
        }),
        ("ipv4s", &|marks, rows, out| {
            let (mut values, mut others) = (Vec::new(), Vec::new());
            marks.ipv4s(rows, address, &mut values, &mut others);
            wide(values, out);
        }),
        ("select", &|marks, rows, out| {
            let mut selected = Vec::new();
            marks.select(rows, action, &accept, false, &mut selected);
            wide(selected, out);
        }),
    ];
    let mut group = c.benchmark_group("kernel");
    group.throughput(Throughput::Elements(LINES));
    for (name, kernel) in kernels {
        let mut expected = None;
        for level in levels() {
            let mut scanners = log.scanners(level);
            let marks = log.marks(&mut scanners);
            let batches = batches(&plan, &marks);
            let mut out = Vec::new();
            group.bench_function(format!("{name}/{}", level.name()), |b| {
                b.iter(|| {
                    out.clear();
                    if name == "rows" {
                        marks.iter().for_each(|marks| kernel(marks, &[], &mut out));
                    } else {
                        let mut run = |(marks, batch): &(Marks<'_>, Batch)| {
                            kernel(marks, batch.rows(), &mut out);
                        };
                        batches.iter().for_each(&mut run);
                    }
                    let found = out.iter().fold(out.len() as u64, |sum, &n| sum.wrapping_add(n));
                    assert_eq!(*expected.get_or_insert(found), found);
                });
            });
        }
    }
}

fn groups(c: &mut Criterion) {
    use Field::{DstAddr, DstPort, InterfaceId, Protocol, SrcAddr, SrcPort};
    let whole = |fields: &[Field]| fields.iter().map(|&field| field.into()).collect();
    let names = |count: u32| {
        // Of all addresses the same share each, with a hundred names.
        let prefix = |at: u32| Prefix::v4(at * (u32::MAX / count), 24).expect("24 bits");
        let named = (0..count).map(|at| (prefix(at), format!("name {}", at % 100)));
        vec![KeyColumn::new(SrcAddr, View::Label(Arc::new(Labels::of_prefixes(named))))]
    };
    let shapes: [(&str, Vec<KeyColumn>); 8] = [
        ("srcaddr (64 bits)", whole(&[SrcAddr])),
        ("srcaddr, dstaddr (64 bits)", whole(&[SrcAddr, DstAddr])),
        ("ports and addresses (128 bits)", whole(&[SrcAddr, DstAddr, SrcPort, DstPort])),
        ("interface-id, protocol (bytes)", whole(&[InterfaceId, Protocol])),
        ("srcaddr/24", vec![KeyColumn::new(SrcAddr, View::Prefix { v4: 24, v6: 64 })]),
        ("srcaddr by 1,000 names", names(1_000)),
        ("srcaddr by 300,000 names", names(300_000)),
        ("dstport by name", vec![KeyColumn::new(DstPort, View::Label(Naming::ports()))]),
    ];
    let mut group = c.benchmark_group("group");
    group.throughput(Throughput::Elements(LINES));
    for contributors in [100, Options::default().contributors] {
        let log = Log::of(contributors);
        let mut scanners = log.scanners(Level::best());
        let marks = log.marks(&mut scanners);
        for (name, keys) in &shapes {
            let query = Query::builder()
                .group_by(keys.iter().cloned())
                .measure(Measure::Sum(Field::Bytes.into()));
            let plan = Plan::new(
                &[query.build().expect("a valid query")],
                &Layout::v2(),
                Lines::Records,
                &Arc::<Texts>::default(),
            );
            let batches = batches(&plan, &marks);
            let all: Vec<u32> = (0..batches.iter().map(|(_, b)| b.rows().len()).max().unwrap_or(0)
                as u32)
                .collect();
            let mut scratch = Scratch::default();
            let mut expected = None;
            group.bench_function(format!("{name}/{contributors} senders"), |b| {
                b.iter_batched(
                    || {
                        let spill = Arc::new(Spill::unlimited());
                        Groups::new(Shared::new(Fold::Sum, Seeds::random(), spill))
                    },
                    |mut groups| {
                        for (marks, batch) in &batches {
                            let rows = &all[..batch.rows().len()];
                            groups.observe_regular(
                                &plan.steps[0],
                                marks,
                                batch,
                                rows,
                                &mut scratch,
                            );
                        }
                        let totals = Totals::collect(vec![groups]).expect("one worker");
                        let mut found = (0u64, Amount::ZERO);
                        totals.visit_part(0, 0, |_, value| {
                            found.0 += 1;
                            found.1 += value;
                        });
                        assert_eq!(*expected.get_or_insert(found), found);
                    },
                    BatchSize::LargeInput,
                );
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3));
    targets = scan, kernels, batch, select, expressions, groups
}
criterion_main!(benches);
