//! Made-up flows, and what the verbs say of them.

use std::fmt::Write;
use std::process::Command;

use flowagg::seconds_since_1970;

use super::folder::Folder;

/// Flows over three days, some of IPv6, some recorded at two interfaces, with windows without
/// traffic between.
pub fn log(lines: u64) -> String {
    let mut text = String::new();
    let mut state = 7u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let address = |number: u64| match number % 5 {
        0 => format!("2001:db8:0:{:x}::{:x}", number % 3 + 1, number + 1),
        1 => format!("192.168.{}.{}", number % 4, number % 250),
        _ => format!("10.{}.{}.{}", number % 2, number % 3, number % 250),
    };
    for line in 0..lines {
        let start = 1_600_000_000 + random(3 * 86_400);
        if line % 23 == 0 {
            _ = writeln!(text, "2 1 eni-a - - - - - - - {start} {} - NODATA", start + 60);
            continue;
        }
        let (source, target) = (address(random(40)), address(random(60)));
        let port = [22, 53, 443, 3389, 50_000 + random(9)][random(5) as usize];
        let (packets, bytes) = (1 + random(900), 40 + random(2_000_000));
        let action = if random(4) == 0 { "REJECT" } else { "ACCEPT" };
        let flow =
            format!("{source} {target} {} {port} {}", 1024 + random(3), [6, 17][line as usize % 2]);
        let rest = format!("{start} {} {action} OK", start + random(600));
        let interface = ["eni-a", "eni-b"][random(2) as usize];
        _ = writeln!(text, "2 1 {interface} {flow} {packets} {bytes} {rest}");
        if line % 3 == 0 {
            let fewer = bytes - random(40);
            _ = writeln!(text, "2 1 eni-c {flow} {packets} {fewer} {rest}");
        }
    }
    text
}

/// The records of traffic, in words.
pub fn records(log: &str) -> Vec<Vec<&str>> {
    let lines = log.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    lines.filter(|words| words[13] == "OK").collect()
}

/// The words of a command; what stands in single quotes is one.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (at, part) in command.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_ascii_whitespace()),
            _ => words.push(part),
        }
    }
    words
}

/// What a command writes about `a.log`.
pub fn written(folder: &Folder, command: &str) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_flowagg"))
        .args(words(command))
        .args(["-q", "a.log"])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    output.stdout
}

/// The same as text, which is the same with any number of threads.
pub fn text(folder: &Folder, command: &str) -> String {
    let texts = ["1", "4"].map(|threads| {
        let text = written(folder, &format!("{command} --threads {threads}"));
        String::from_utf8(text).unwrap()
    });
    assert_eq!(texts[0], texts[1], "{command}");
    texts[0].clone()
}

/// The second of a time as CSV has it.
pub fn seconds_of(text: &str) -> u64 {
    seconds_since_1970(&text.replace("+00:00", "Z")).unwrap()
}
