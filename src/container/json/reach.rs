//! How far a JSON value reaches, and where the list in it begins: what can be told without reading
//! all of it.

use memchr::{memchr, memchr2};

/// The members that hold the events of an envelope.
pub const LISTS: [&str; 4] = ["logEvents", "events", "Records", "records"];

/// How far a value reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To here.
    To(usize),
    /// It is broken: the line that it is in ends here.
    Broken(usize),
    /// Further than the text that is known.
    Beyond,
}

/// How far the object or string at the front of a text reaches, or the rest of one that is open so
/// deep.
///
/// No string holds a newline, and no value stands right behind another: where one seems to, an
/// object was never closed, and ends with its line. So damage costs no more than that.
pub fn reach(text: &[u8], depth: usize) -> Reach {
    let (mut depth, mut at) = (depth, 0);
    let (mut last, mut newline, mut cut) = (b':', 0, None);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let Some(end) = string_end(&text[at + 1..]) else {
                    return match memchr(b'\n', &text[at..]) {
                        Some(end) => Reach::Broken(at + end),
                        None => Reach::Beyond,
                    };
                };
                at += end + 1;
                if memchr(b'\n', &text[at - end..at]).is_some() {
                    let end = memchr(b'\n', &text[at - end..]).unwrap_or(0) + at - end;
                    return Reach::Broken(end);
                }
                if depth == 0 {
                    return Reach::To(at + 1);
                }
            }
            b'{' | b'[' => {
                if newline > 0 {
                    if !matches!(last, b':' | b',' | b'[') {
                        return Reach::Broken(cut.unwrap_or(newline));
                    }
                    if last == b':' && newline + 1 == at && byte == b'{' {
                        // As a value it is odd; if more is, a line was cut, and this is the next.
                        cut.get_or_insert(newline);
                    }
                }
                depth += 1;
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Reach::To(at + 1);
                }
            }
            b'\n' => newline = at,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
        at += 1;
    }
    Reach::Beyond
}

/// Where a string ends whose first quote stands before the text.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Where the values begin in the first list of events in the object at the front of a text, or in
/// the rest of one that is open so deep.
pub fn list_start(text: &[u8], depth: usize) -> Option<usize> {
    let (mut depth, mut at) = (depth, 0);
    let mut name: &[u8] = b"";
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let end = string_end(&text[at + 1..])?;
                if depth == 1 {
                    name = &text[at + 1..at + 1 + end];
                }
                at += end + 1;
            }
            b'[' if depth == 1 && LISTS.iter().any(|list| list.as_bytes() == name) => {
                return Some(at + 1);
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_an_object_is_found() {
        for (before, after) in [
            (r#"{"events":["#, r#"{"message":"#),
            (r#"{ "a" : {"events":[]}, "logEvents" : ["#, ""),
            (r#"{"events":5,"a":"events","Records":["#, "1,2"),
            (r#"{"a\"":"]","records":["#, "]"),
        ] {
            assert_eq!(list_start(format!("{before}{after}").as_bytes(), 0), Some(before.len()));
        }
        for text in [
            r#"{"events":{"Records":["#,
            r#"{"a":[["events",["#,
            r#"{"events"#,
            r#"{"events":"#,
            r#"{}}"events":["#,
        ] {
            assert_eq!(list_start(text.as_bytes(), 0), None, "{text}");
        }
    }
}
