//! Patterns and events made up at random: an event first, then a pattern that is about what
//! stands in it, so that it matches about as often as not; and patterns with something broken.

mod json;
mod regex;

use super::twin::tokens;

/// Random numbers that are the same everywhere (splitmix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())].clone()
    }

    /// A piece of a text, which may be all of it or nothing.
    fn piece(&mut self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let from = self.below(chars.len() + 1);
        let length = self.below((chars.len() - from).min(9) + 1);
        chars[from..from + length].iter().collect()
    }
}

/// The three languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Terms,
    Fields,
    Json,
}

impl Language {
    pub const ALL: [Self; 3] = [Self::Terms, Self::Fields, Self::Json];
}

/// A pattern and an event that it is about.
pub fn pair(random: &mut Random, language: Language) -> (String, String) {
    let event = event(random, language);
    let mut pattern = about(random, language, &event);
    if random.once_in(9) {
        pattern = broken(random, &pattern);
    }
    if random.once_in(20) {
        let blank = random.pick(&[" ", "\n", "\t ", "  "]);
        pattern = format!("{blank}{pattern}{blank}");
    }
    (pattern, event)
}

/// An event of the kind that patterns of a language are about.
pub fn event(random: &mut Random, language: Language) -> String {
    match language {
        Language::Json => json::event(random),
        _ => line(random),
    }
}

/// A pattern about an event.
pub fn about(random: &mut Random, language: Language, event: &str) -> String {
    match language {
        Language::Terms => terms(random, event),
        Language::Fields => fields(random, event),
        Language::Json => json::pattern(random, event),
    }
}

/// What patterns and events are made of, to be put together in any way.
const SCRAPS: &[&str] = &[
    "\"",
    "\"",
    "\\",
    "\\\"",
    "%",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "<",
    "<=",
    ">",
    ">=",
    "=",
    "!=",
    "!",
    "&&",
    "&",
    "||",
    "|",
    ",",
    ".",
    "...",
    "*",
    "?",
    "-",
    "+",
    "$",
    "$.",
    ":",
    "/",
    "_",
    " ",
    "\n",
    "\t",
    "0",
    "1",
    "7",
    "1e3",
    "a",
    "b",
    "IS",
    "NOT",
    "NULL",
    "TRUE",
    "EXISTS",
    "null",
    "SPACE",
    "é",
    "\u{1}",
    "\u{7f}",
    "'",
    "['",
    "']",
    "[*]",
    "[0]",
    ".*",
    "#",
    "@",
    ";",
    "~",
    "^",
    "\u{1f600}",
    "{2}",
    "{,3}",
    "\\x41",
    "\\d",
];

/// The same with one to three scraps more, less or other.
pub fn broken(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(3) {
        let at = random.below(chars.len() + 1);
        let length = random.below(3).min(chars.len() - at);
        let scrap = if random.once_in(3) { "" } else { random.pick(SCRAPS) };
        chars.splice(at..at + length, scrap.chars());
    }
    chars.into_iter().collect()
}

/// Scraps only.
pub fn scraps(random: &mut Random) -> String {
    (0..random.below(14)).map(|_| random.pick(SCRAPS)).collect()
}

/// Bytes of any kind, more often those that mean something.
pub fn bytes(random: &mut Random, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len() + 1);
        let length = random.below(3).min(bytes.len() - at);
        let byte = random.below(256) as u8;
        bytes.splice(at..at + length, [random.pick(&[byte, byte, 0xff, 0xc3, 0xe2, 0])]);
    }
    bytes
}

// ---- lines ----

const WORDS: &[&str] = &[
    "ERROR",
    "ERROR",
    "WARN",
    "INFO",
    "error",
    "ERRORS",
    "404",
    "200",
    "404.0",
    "4.04e2",
    "+404",
    "1e3",
    "1000",
    "-5",
    "-",
    "0",
    "007",
    ".5",
    "5.",
    "10.0.0.1",
    "10.0.0.12",
    "10010001",
    "eni-1",
    "a_b",
    "a*b",
    "*",
    "x=y",
    "a\"b",
    "a[b]",
    "\"GET /index.html HTTP/1.0\"",
    "\"\"",
    "[]",
    "[10/Oct/2000:13:25:15 -0700]",
    "\"404\"",
    "[404]",
    "\"open",
    "[open",
    "\"a\"b",
    "\"a\"\"b c\"",
    "[x]y",
    "[a \"b]",
    "\"a [b\"",
    "zürich",
    "/service/resource/67",
    "SPACE",
    "NaN",
    "inf",
    "0x10",
    "a\\b",
    "a\rb",
    "a\u{c}b",
    "a\u{b}b",
    "\u{b}",
    "%",
    "\u{1f600}",
    "nan",
    "1_000",
    "1e400",
    "9007199254740993",
];

fn line(random: &mut Random) -> String {
    let blank = random.pick(&[" ", " ", " ", "  ", "\t", "\n", " \t "]);
    let count = random.pick(&[0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8]);
    let words: Vec<&str> = (0..count).map(|_| random.pick(WORDS)).collect();
    let ends = random.pick(&[("", ""), ("", ""), ("", ""), (" ", ""), ("", " "), ("\t", "\n")]);
    format!("{}{}{}", ends.0, words.join(blank), ends.1)
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Blanks, or nothing, between tokens.
fn gap(random: &mut Random) -> &'static str {
    random.pick(&["", " ", " ", " ", "  ", "\n", "\t"])
}

fn terms(random: &mut Random, event: &str) -> String {
    if random.once_in(40) {
        return String::new();
    }
    if random.once_in(4) {
        let about = random.piece(event);
        return format!("%{}%", regex::about(random, &about));
    }
    let all_optional = random.once_in(4);
    let count = 1 + random.below(4);
    let mut terms = Vec::new();
    for _ in 0..count {
        let sign = match random.below(6) {
            _ if all_optional => "?",
            0 => "?",
            1 => "-",
            _ => "",
        };
        // What is there, or, more often after a minus, maybe not.
        let is_there = random.once_in(5) == (sign == "-" || all_optional);
        let text = match is_there {
            true => random.piece(event),
            false => random.pick(WORDS).to_owned(),
        };
        let is_bare = !text.is_empty()
            && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        let text = if is_bare && !random.once_in(4) { text } else { quoted(&text) };
        terms.push(format!("{sign}{text}"));
    }
    terms.join(random.pick(&[" ", " ", "  ", "\n", "\t"]))
}

// ---- fields ----

const NAMES: &[&str] =
    &["ip", "user_id", "status", "bytes", "w1", "w2", "a-b", "_x", "IS", "SPACE"];

fn fields(random: &mut Random, event: &str) -> String {
    if random.once_in(40) {
        return random.pick(&["[]", "[ ]", "[...]", "[,]", "[,,]", "[...,]"]).to_owned();
    }
    let tokens: Vec<String> = tokens(event).into_iter().map(|token| token.value).collect();
    let count = match random.below(8) {
        0 => random.below(4),
        1 => tokens.len() + random.below(2),
        2 | 3 => random.below(tokens.len() + 1),
        _ => tokens.len(),
    };
    let count = count.max(1);
    let ellipsis = random.once_in(3).then(|| random.below(count + 1));
    let mut regexes = 0;
    let mut fields: Vec<String> = Vec::new();
    for place in 0..count {
        let mut at = place;
        if ellipsis.is_some_and(|ellipsis| place >= ellipsis) {
            at = (place + tokens.len()).saturating_sub(count);
        }
        if ellipsis == Some(place) {
            fields.push("...".to_owned());
        }
        let token = tokens.get(at).map_or("0", String::as_str);
        let name = match random.once_in(25) {
            true => "twice".to_owned(),
            false => format!("{}{place}", random.pick(NAMES)),
        };
        fields.push(match random.below(6) {
            0 => String::new(),
            1..=3 => name,
            _ => field_conditions(random, &name, token, &mut regexes),
        });
    }
    if ellipsis == Some(count) {
        fields.push("...".to_owned());
    }
    let (front, back) = (gap(random), gap(random));
    format!("[{front}{}{back}]", fields.join(&format!("{},{}", gap(random), gap(random))))
}

fn field_conditions(random: &mut Random, name: &str, token: &str, regexes: &mut usize) -> String {
    let mut one = |random: &mut Random| {
        let name = if random.once_in(80) { "other" } else { name };
        let gap = gap(random);
        format!("{name}{gap}{}", comparison(random, token, regexes, "/:."))
    };
    joined(random, &mut one)
}

/// One condition, or several and parentheses.
fn joined(random: &mut Random, one: &mut dyn FnMut(&mut Random) -> String) -> String {
    let mut text = one(random);
    while random.once_in(3) && text.len() < 300 {
        let operator = random.pick(&["||", "||", "&&"]);
        let other = one(random);
        let (left, right) = (gap(random), gap(random));
        text = match random.below(3) {
            0 => format!("({text}){left}{operator}{right}{other}"),
            1 => format!("{other}{left}{operator}{right}({text})"),
            _ => format!("{text}{left}{operator}{right}{other}"),
        };
    }
    if random.once_in(6) { format!("({text})") } else { text }
}

/// An operator and a value about a text. `symbols` are those that a bare value may have.
fn comparison(random: &mut Random, about: &str, regexes: &mut usize, symbols: &str) -> String {
    let gap = gap(random);
    let number = about.parse::<f64>().ok().filter(|number| number.is_finite());
    if let Some(number) = number
        && random.once_in(2)
    {
        let operator = random.pick(&["=", "=", "!=", "<", "<=", ">", ">="]);
        let value = match random.below(8) {
            0 => format!("{}", number + 1.0),
            1 => format!("{}", number - 1.0),
            2 => format!("{number:e}"),
            3 => format!("{number:.1}"),
            4 => format!("{number}E0"),
            _ => about.to_owned(),
        };
        let value = if random.once_in(30) { quoted(&value) } else { value };
        return format!("{operator}{gap}{value}");
    }
    if random.once_in(12) {
        let operator = random.pick(&["<", "<=", ">", ">=", "=", "!="]);
        return format!("{operator}{gap}{}", random.pick(&["0", "1", "-1", "404", "+1e3", "5.5"]));
    }
    let operator = random.pick(&["=", "=", "=", "!="]);
    if random.once_in(5) && *regexes < 2 + random.below(8) / 7 {
        *regexes += 1;
        let about = random.piece(about);
        return format!("{operator}{gap}%{}%", regex::about(random, &about));
    }
    let text = match random.below(12) {
        0 => random.pick(WORDS).to_owned(),
        1 => random.piece(about),
        2 => format!("*{}*", random.piece(about)),
        3 => format!("{}*", &about[..about.char_indices().nth(2).map_or(0, |(at, _)| at)]),
        4 => format!("*{}", &about[about.char_indices().nth(1).map_or(0, |(at, _)| at)..]),
        5 => {
            random.pick(&["*", "**", "***", "*a", "a*", "", "404*", "SPACE", "null", "true"]).into()
        }
        6 => about.replacen(['.', '0', 'R'], "*", 1),
        _ => about.to_owned(),
    };
    let is_bare = !text.is_empty()
        && text.chars().all(|char| {
            char.is_ascii_alphanumeric() || "*-_+.".contains(char) || symbols.contains(char)
        });
    let text = if is_bare && !random.once_in(4) { text } else { quoted(&text) };
    format!("{operator}{gap}{text}")
}
