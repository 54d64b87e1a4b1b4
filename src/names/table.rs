//! Names in a table: `10.0.0.7,web`, `10.0.0.0/8,inside`, `eni-0123,web-eth0`; commas or tabs.

use std::borrow::Cow;

use super::{Named, fault};
use crate::error::Error;
use crate::error::shown;
use crate::nearest::nearest;
use crate::prefixes::Prefix;

/// What a header calls the column of what is named.
const NAMED_WORDS: [&str; 14] = [
    "address",
    "addr",
    "ip",
    "ip_address",
    "prefix",
    "cidr",
    "network",
    "subnet",
    "interface",
    "interface_id",
    "interface-id",
    "eni",
    "id",
    "key",
];

/// What it calls the column of names.
const NAME_WORDS: [&str; 3] = ["name", "label", "description"];

/// Where the two columns are.
struct Columns {
    named: usize,
    name: usize,
    /// How many there are, if a header did not say which ones they are.
    count: Option<usize>,
}

/// Reads a table, and calls `add` with each name.
pub fn read(text: &[u8], add: &mut impl FnMut(Named, &str)) -> Result<(), Error> {
    let (mut columns, mut delimiter) = (None, None);
    for (line, number) in text.split(|&byte| byte == b'\n').zip(1..) {
        let refuse = |text: String| Err(fault(format!("line {number}: {text}")));
        let Ok(line) = str::from_utf8(line).map(str::trim) else {
            return refuse("no UTF-8, expected text".to_owned());
        };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let has_tab = line.contains('\t');
        let delimiter = *delimiter.get_or_insert(if has_tab { '\t' } else { ',' });
        let Some(cells) = cells(line, delimiter) else {
            return refuse("a double quote without an end, or with more behind it".to_owned());
        };
        let columns = match &columns {
            Some(columns) => columns,
            None => match header(&cells) {
                Some(found) => {
                    columns = Some(found);
                    continue;
                }
                None => columns.insert(Columns { named: 0, name: 1, count: Some(2) }),
            },
        };
        if columns.count.is_some_and(|count| count != cells.len()) {
            let found = cells.len();
            let cells = if found == 1 { "cell" } else { "cells" };
            return refuse(format!(
                "{found} {cells}, expected 2 as in 10.0.0.7,web; a name with a comma stands in \
                 double quotes, and more columns need a header"
            ));
        }
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell);
        let (named, name) = (cell(columns.named), cell(columns.name));
        let Some(found) = parse(named) else {
            let near = nearest(named, NAMED_WORDS).map(|word| format!(" (or {word}, in a header)"));
            return refuse(format!(
                "{}, expected an address such as 10.0.0.7, a prefix such as 10.0.0.0/8 or an \
                 interface such as eni-0123456789abcdef0{}",
                shown(named),
                near.unwrap_or_default()
            ));
        };
        if name.is_empty() {
            return refuse(format!("{} has no name", shown(named)));
        }
        add(found, name);
    }
    Ok(())
}

/// The cells of a line, without blanks around them; none if a double quote is out of place.
fn cells(line: &str, delimiter: char) -> Option<Vec<Cow<'_, str>>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches(' ');
        let after;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut cell = String::new();
            let mut inner = quoted;
            loop {
                let (before, behind) = inner.split_once('"')?;
                cell.push_str(before);
                match behind.strip_prefix('"') {
                    Some(more) => inner = more,
                    None => {
                        inner = behind;
                        break;
                    }
                }
                cell.push('"');
            }
            after = inner.trim_start_matches(' ');
            cells.push(cell.into());
        } else {
            let end = rest.find(delimiter).unwrap_or(rest.len());
            cells.push(rest[..end].trim().into());
            after = &rest[end..];
        }
        match after.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(cells),
            None => return None,
        }
    }
}

fn header(cells: &[Cow<'_, str>]) -> Option<Columns> {
    let place = |words: &[&str]| {
        let mut cells = cells.iter().map(|cell| cell.replace(' ', "_"));
        cells.position(|cell| words.iter().any(|word| word.eq_ignore_ascii_case(&cell)))
    };
    Some(Columns { named: place(&NAMED_WORDS)?, name: place(&NAME_WORDS)?, count: None })
}

/// What a cell names.
fn parse(text: &str) -> Option<Named> {
    if let Some(prefix) = Prefix::parse(text) {
        return Some(Named::Prefix(prefix));
    }
    // Letters, a hyphen, and what AWS's ids are made of.
    let (kind, id) = text.split_once('-')?;
    let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_interface = is_kind && !id.is_empty() && id.bytes().all(is_id);
    is_interface.then(|| Named::Interface(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let read = read(text.as_bytes(), &mut |named, name| found.push(format!("{named}={name}")));
        read.map(|()| found).map_err(|error| error.to_string())
    }

    #[test]
    fn tables_with_and_without_a_header() {
        let plain = "# ours\n10.0.0.7,web\n\n 10.0.0.0/8 , \"inside, all\"\r\n2001:db8::/32,v6\n\
            # an interface\neni-0a1,eth0\n2001:DB8::1,odd\n";
        let expected =
            ["10.0.0.7=web", "10.0.0.0/8=inside, all", "2001:db8::/32=v6", "eni-0a1=eth0"];
        let expected = [&expected[..], &["2001:db8::1=odd"]].concat();
        assert_eq!(names(plain).unwrap(), expected);
        let quoted = "10.0.0.1 , \"a \"\"b\"\", c\" \n\"10.0.0.2\",d\"e\n";
        assert_eq!(names(quoted).unwrap(), ["10.0.0.1=a \"b\", c", "10.0.0.2=d\"e"]);
        let tabs = "IP Address\tOwner\tName\n10.0.0.7\tme\tweb server\n::1\t\tself\n";
        assert_eq!(names(tabs).unwrap(), ["10.0.0.7=web server", "::1=self"]);
        assert_eq!(names("name,cidr\ninside,10.1.2.3/8\n").unwrap(), ["10.0.0.0/8=inside"]);
        assert_eq!(names("").unwrap(), Vec::<String>::new());
        assert_eq!(names("address,name\n").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn faults_have_their_line() {
        let fault = |text: &str| names(text).unwrap_err();
        assert!(
            fault("10.0.0.1,a\n10.0.0.300,b\n").starts_with("line 2: \"10.0.0.300\", expected")
        );
        assert!(fault("10.0.0.1/33,a").starts_with("line 1: \"10.0.0.1/33\", expected"));
        assert!(fault("adress,name\n").ends_with(" (or address, in a header)"));
        assert_eq!(fault("#\n#\n10.0.0.1,\n"), "line 3: \"10.0.0.1\" has no name");
        assert!(fault("10.0.0.1\n").starts_with("line 1: 1 cell, expected 2 as in"));
        assert!(fault("10.0.0.1,a\n10.0.0.2,a,b\n").starts_with("line 2: 3 cells, expected 2"));
        let quote = "line 1: a double quote without an end, or with more behind it";
        assert_eq!(fault("10.0.0.1,\"a\n10.0.0.2,b\"\n"), quote);
        assert_eq!(fault("10.0.0.1,\"a\"b\n"), quote);
        assert!(fault("\u{1b}[31m,x").starts_with("line 1: \"\\u{1b}[31m\", expected"));
        assert_eq!(fault("address,name\n\n10.0.0.1\n"), "line 3: \"10.0.0.1\" has no name");
        let read = read(b"10.0.0.1,a\n10.0.0.2,\xff\n", &mut |_, _| {}).unwrap_err();
        assert_eq!(read.to_string(), "line 2: no UTF-8, expected text");
    }
}
