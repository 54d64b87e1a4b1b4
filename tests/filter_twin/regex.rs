//! The small regular expressions of patterns, searched in the plainest way: all places that can
//! be reached, piece by piece.

use std::collections::BTreeSet;

/// Alternatives, of which one has to be found.
#[derive(Debug)]
pub struct Regex(Vec<Vec<Piece>>);

#[derive(Debug)]
enum Piece {
    /// The beginning of the text.
    Start,
    /// The end of the text.
    End,
    /// Characters of a set, from so many to so many times.
    Chars(Set, usize, Option<usize>),
}

/// Ranges of characters, both ends included, or all others.
#[derive(Debug, Default)]
struct Set {
    ranges: Vec<(char, char)>,
    is_negated: bool,
}

impl Set {
    fn one(char: char) -> Self {
        Self { ranges: vec![(char, char)], is_negated: false }
    }

    fn has(&self, char: char) -> bool {
        self.ranges.iter().any(|&(from, to)| from <= char && char <= to) != self.is_negated
    }
}

const SYMBOLS: &str = ":_#=@/;,-";
const OPERATORS: &str = "^$?[]{}|\\*+.";

/// Whether a character may stand between the percent signs.
pub fn is_allowed(char: char) -> bool {
    char.is_ascii_alphanumeric()
        || char == ' '
        || SYMBOLS.contains(char)
        || OPERATORS.contains(char)
}

impl Regex {
    /// Reads what stands between the percent signs.
    pub fn parse(text: &str) -> Option<Self> {
        let chars: Vec<char> = text.chars().collect();
        if chars.is_empty() || !chars.iter().all(|&char| is_allowed(char)) {
            return None;
        }
        let mut alternatives = vec![Vec::new()];
        let mut at = 0;
        while at < chars.len() {
            let set = match chars[at] {
                '|' => {
                    alternatives.push(Vec::new());
                    at += 1;
                    continue;
                }
                anchor @ ('^' | '$') => {
                    let piece = if anchor == '^' { Piece::Start } else { Piece::End };
                    alternatives.last_mut()?.push(piece);
                    at += 1;
                    // Nothing that could be repeated.
                    if quantifier(&chars, &mut at.clone())?.is_some() {
                        return None;
                    }
                    continue;
                }
                '[' => class(&chars, &mut at)?,
                '\\' => escape(&chars, &mut at)?,
                '.' => {
                    at += 1;
                    Set { ranges: vec![('\n', '\n')], is_negated: true }
                }
                '?' | '*' | '+' | '{' | '}' | ']' => return None,
                char => {
                    at += 1;
                    Set::one(char)
                }
            };
            let times = quantifier(&chars, &mut at)?;
            if times.is_some() && quantifier(&chars, &mut at.clone())?.is_some() {
                return None;
            }
            let (least, most) = times.unwrap_or((1, Some(1)));
            alternatives.last_mut()?.push(Piece::Chars(set, least, most));
        }
        Some(Self(alternatives))
    }

    /// Whether it is found anywhere in a text.
    pub fn is_in(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.0.iter().any(|pieces| {
            let anywhere: BTreeSet<usize> = (0..=text.len()).collect();
            let ends = pieces.iter().fold(anywhere, |places, piece| match piece {
                Piece::Start => places.into_iter().filter(|&place| place == 0).collect(),
                Piece::End => places.into_iter().filter(|&place| place == text.len()).collect(),
                Piece::Chars(set, least, most) => repeated(set, *least, *most, &text, places),
            });
            !ends.is_empty()
        })
    }
}

/// Where one can be after a set from so many to so many times, coming from `places`.
fn repeated(
    set: &Set,
    least: usize,
    most: Option<usize>,
    text: &[char],
    mut places: BTreeSet<usize>,
) -> BTreeSet<usize> {
    let mut ends = BTreeSet::new();
    let mut times = 0;
    loop {
        if times >= least {
            ends.extend(&places);
        }
        if places.is_empty() || most == Some(times) {
            return ends;
        }
        let is_hit = |place: &usize| text.get(*place).is_some_and(|&char| set.has(char));
        places = places.into_iter().filter(is_hit).map(|place| place + 1).collect();
        times += 1;
    }
}

/// How often the piece before may occur, if that is said.
type Times = Option<(usize, Option<usize>)>;

/// Reads a quantifier if one stands there; none for one that is wrong.
fn quantifier(chars: &[char], at: &mut usize) -> Option<Times> {
    let times = match chars.get(*at) {
        Some('?') => (0, Some(1)),
        Some('*') => (0, None),
        Some('+') => (1, None),
        Some('{') => {
            let length = chars[*at..].iter().position(|&char| char == '}')?;
            let inner: String = chars[*at + 1..*at + length].iter().collect();
            *at += length;
            bounds(&inner)?
        }
        Some('}') => return None,
        _ => return Some(None),
    };
    *at += 1;
    Some(Some(times))
}

fn bounds(text: &str) -> Option<(usize, Option<usize>)> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse::<usize>().ok() } else { None }
    };
    let bounds = match text.split_once(',') {
        None => (number(text)?, Some(number(text)?)),
        Some(("", most)) => (0, Some(number(most)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    bounds.1.is_none_or(|most| bounds.0 <= most).then_some(bounds)
}

/// Reads `[...]`.
fn class(chars: &[char], at: &mut usize) -> Option<Set> {
    let mut set = Set::default();
    *at += 1;
    if chars.get(*at) == Some(&'^') {
        set.is_negated = true;
        *at += 1;
    }
    let mut is_empty = true;
    while *chars.get(*at)? != ']' {
        is_empty = false;
        let first = member(chars, at)?;
        // After a set a hyphen is one character more.
        let is_char = matches!(first[..], [(from, to)] if from == to);
        let is_range = is_char && chars.get(*at) == Some(&'-') && *chars.get(*at + 1)? != ']';
        if !is_range {
            set.ranges.extend(first);
            continue;
        }
        *at += 1;
        let last = member(chars, at)?;
        // A range ends with a character too.
        let (&[(from, _)], &[(to, end)]) = (&first[..], &last[..]) else { return None };
        if to != end || from > to {
            return None;
        }
        set.ranges.push((from, to));
    }
    *at += 1;
    (!is_empty).then_some(set)
}

/// Reads a character or an escape of a class.
fn member(chars: &[char], at: &mut usize) -> Option<Vec<(char, char)>> {
    if chars[*at] != '\\' {
        *at += 1;
        return Some(Set::one(chars[*at - 1]).ranges);
    }
    let set = escape(chars, at)?;
    if !set.is_negated {
        return Some(set.ranges);
    }
    // The gaps between the ranges, which are in order.
    let mut gaps = Vec::new();
    let mut next = 0;
    for &(from, to) in &set.ranges {
        gaps.extend((next..from as u32).next_back().map(|last| (next, last)));
        next = to as u32 + 1;
    }
    gaps.push((next, char::MAX as u32));
    let char = |code: u32| char::from_u32(code).unwrap();
    Some(gaps.into_iter().map(|(from, to)| (char(from), char(to))).collect())
}

/// Reads a backslash and what belongs to it.
fn escape(chars: &[char], at: &mut usize) -> Option<Set> {
    let escaped = *chars.get(*at + 1)?;
    *at += 2;
    let ranges: &[(char, char)] = match escaped.to_ascii_lowercase() {
        'd' => &[('0', '9')],
        's' => &[('\t', '\n'), (' ', ' ')],
        'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        'x' if escaped == 'x' => {
            let code = chars.get(*at)?.to_digit(16)? * 16 + chars.get(*at + 1)?.to_digit(16)?;
            *at += 2;
            return Some(Set::one(char::from_u32(code)?));
        }
        // Also a blank is a symbol that is allowed.
        _ if escaped == ' ' || SYMBOLS.contains(escaped) || OPERATORS.contains(escaped) => {
            return Some(Set::one(escaped));
        }
        _ => return None,
    };
    Some(Set { ranges: ranges.to_vec(), is_negated: escaped.is_ascii_uppercase() })
}
