//! Lines as they are: whatever the engine makes of them, its slow twin has to make of them too.

use flowagg::{Engine, ErrorKind, Field, Layout};

use super::ask::{Outcome, ask_text, first_line, is_text, queries};
use super::twin::Twin;

/// Text with the columns of version 2, in which headers may state others.
pub fn block(input: &[u8]) {
    if is_text(input) {
        told(input, Layout::v2());
    }
}

/// A header in the first line and records in the rest. A first line that is none stands for one:
/// each of its bytes for a field.
pub fn header(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let first = &input[..end];
    if Layout::from_header(first).is_some() {
        return untold(input);
    }
    let field = |&byte: &u8| Field::ALL[usize::from(byte) % Field::ALL.len()].name();
    let names: Vec<&str> = first.iter().map(field).collect();
    untold(&[names.join(" ").as_bytes(), &input[end..]].concat());
}

/// A text without a header: its layout is one that is known by its records, or refused. And the
/// first line as what is typed for a layout, with which the rest is read.
pub fn layout(input: &[u8]) {
    untold(input);
    let (typed, rest) = first_line(input);
    match Layout::parse(&typed) {
        Ok(layout) => {
            let names = (0..layout.columns()).map(|column| layout.name(column).unwrap());
            let names = names.collect::<Vec<_>>().join(" ");
            assert_eq!(Layout::parse(&names).unwrap(), layout);
            if is_text(rest) {
                told(rest, layout);
            }
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Layout);
            let message = error.to_string();
            assert!(!message.contains(char::is_control), "{message:?}");
        }
    }
}

/// A text whose layout is told.
fn told(text: &[u8], layout: Layout) {
    let found = ask_text(text, &Engine::new().layout(layout.clone()), &queries());
    if found.containers == ["text"] {
        agrees(text, &found, &[Some(layout)]);
    }
}

/// A text of which nothing is told.
pub fn untold(text: &[u8]) {
    if !is_text(text) {
        return;
    }
    let found = ask_text(text, &Engine::new(), &queries());
    if found.containers != ["text"] {
        return;
    }
    if found.has_fault("no header, and a first line of ") {
        return agrees(text, &found, &[None]);
    }
    // Those that a first record may show.
    let mut alphabet: Vec<&str> =
        Field::ALL.iter().filter(|f| f.version() <= 5).map(|f| f.name()).collect();
    alphabet.sort_unstable();
    let mut with_reason = [&alphabet[..], &["reject-reason"]].concat();
    with_reason.sort_unstable();
    let layouts = [
        Layout::v2(),
        Layout::parse("tgw").unwrap(),
        Layout::new(alphabet).unwrap(),
        Layout::new(with_reason).unwrap(),
    ];
    agrees(text, &found, &layouts.map(Some));
}

/// What is found has to be what the twin finds with one of these layouts.
fn agrees(text: &[u8], found: &Outcome, layouts: &[Option<Layout>]) {
    let difference = |layout: &Option<Layout>| {
        let mut twin = Twin::new(text, layout.as_ref()).outcome();
        twin.faults.clone_from(&found.faults);
        found.difference(&twin)
    };
    // With one of the layouts nothing differs.
    if let Some(differences) = layouts.iter().map(difference).collect::<Option<Vec<_>>>() {
        panic!("the twin: {}", differences.join("\n"));
    }
}
