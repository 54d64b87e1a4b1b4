//! Regular expressions made up about a text.

use super::Random;

/// A regular expression about a text: it may be found in it, or not.
pub fn about(random: &mut Random, about: &str) -> String {
    let mut regex = String::new();
    if random.once_in(8) {
        regex.push('^');
    }
    for char in about.chars().take(6) {
        regex += &match random.below(14) {
            0 => ".".to_owned(),
            1 if char.is_ascii_digit() => "\\d".to_owned(),
            1 | 2 if char.is_ascii_alphanumeric() => "\\w".to_owned(),
            3 if char.is_whitespace() => "\\s".to_owned(),
            3 => "\\S".to_owned(),
            4 if char.is_ascii() => class(random, char),
            5 if char.is_ascii() => format!("\\x{:02x}", char as u32),
            6 => random.pick(&["\\D", "\\W", "a", "#", "\\/", "\\-", "|", "4", " "]).to_owned(),
            _ => literal(char),
        };
        if random.once_in(4) {
            regex += random.pick(&[
                "?", "*", "+", "*", "+", "{1}", "{1,2}", "{,2}", "{1,}", "{0,1}", "{2}", "{0}",
                "{03}", "{,}",
            ]);
        }
    }
    if about.is_empty() || random.once_in(10) {
        regex += random.pick(&["|ERR", "a", ".*", "|40+", "E|0", "[a-f]", "x|", "\\.", "{2,1}"]);
    }
    if random.once_in(8) {
        regex.push('$');
    }
    regex
}

fn literal(char: char) -> String {
    match char {
        'a'..='z'
        | 'A'..='Z'
        | '0'..='9'
        | ':'
        | '_'
        | '#'
        | '='
        | '@'
        | '/'
        | ';'
        | ','
        | '-'
        | ' ' => char.to_string(),
        '^' | '$' | '?' | '[' | ']' | '{' | '}' | '|' | '\\' | '*' | '+' | '.' => {
            format!("\\{char}")
        }
        _ if char.is_ascii() => format!("\\x{:02X}", char as u32),
        _ => ".".to_owned(),
    }
}

/// A class that has a character, or does not.
fn class(random: &mut Random, char: char) -> String {
    let own = if char.is_ascii_alphanumeric() { char.to_string() } else { literal(char) };
    let mut members = vec![own];
    for _ in 0..random.below(3) {
        members.push(
            random
                .pick(&[
                    "a-z",
                    "0-9",
                    "A-F",
                    "\\d",
                    "\\w",
                    "\\s",
                    "x",
                    "^",
                    "$",
                    "[",
                    ".",
                    "*",
                    "{",
                    "|",
                    "\\]",
                    "\\-",
                    "+",
                    "\\x20-\\x2f",
                    " ",
                    "\\D",
                    "/-:",
                    "z-a",
                    "_",
                    ",--",
                ])
                .to_owned(),
        );
    }
    let turn = random.below(members.len());
    members.rotate_left(turn);
    if members[0].starts_with('^') {
        members.insert(0, "q".to_owned());
    }
    let sign = if random.once_in(4) { "^" } else { "" };
    let (front, back) = random.pick(&[("", ""), ("", ""), ("", ""), ("-", ""), ("", "-")]);
    format!("[{sign}{front}{}{back}]", members.concat())
}
