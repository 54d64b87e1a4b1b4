//! One line, read the plain way: the easy door for users of the library, the path of every line
//! that the scanning room does not recognise, and the definition that the fast path is held to.

use std::borrow::Cow;
use std::fmt;

use crate::field::{Field, Kind, is_milliseconds};
use crate::layout::Layout;
use crate::value::{Address, Number, Status};

/// A line with this many bytes or more is malformed; flow-log lines are well under 4 KiB.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// What stands between values: all white space of ASCII.
pub(crate) fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The values of a line: what stands between blanks, up to a word that begins with `#`.
pub fn tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(is_blank).filter(|token| !token.is_empty()).take_while(|token| token[0] != b'#')
}

/// A text as a value of a line: `-` if it is empty, and what parts values or begins a comment as
/// `%20` is.
#[inline]
pub fn spelled(text: &[u8]) -> Cow<'_, [u8]> {
    match text.first() {
        None => Cow::Borrowed(b"-"),
        Some(b'#') => Cow::Owned([b"%23", &*without_blanks(&text[1..])].concat()),
        Some(_) => without_blanks(text),
    }
}

/// A name without what parts the words of a line: each such byte as `%20` is.
pub fn unbroken(name: &str) -> Cow<'_, str> {
    match without_blanks(name.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(name),
        Cow::Owned(word) => Cow::Owned(String::from_utf8_lossy(&word).into_owned()),
    }
}

#[inline]
fn without_blanks(text: &[u8]) -> Cow<'_, [u8]> {
    // To the end in any case: then it is done at many bytes at once.
    match text.iter().fold(false, |found, &byte| found | is_blank(&byte)) {
        true => Cow::Owned(with_blanks_spelled(text)),
        false => Cow::Borrowed(text),
    }
}

#[cold]
fn with_blanks_spelled(text: &[u8]) -> Vec<u8> {
    let mut word = Vec::with_capacity(text.len() + 2);
    for byte in text {
        match is_blank(byte) {
            true => word.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            false => word.push(*byte),
        }
    }
    word
}

/// The tokens of a line of any space-separated log, as CloudWatch reads it.
///
/// They stand between blanks, tabs and other white space of ASCII. A token that begins with `"`
/// or `[` runs to the next `"` or `]` and is what stands between, blanks and all; what is glued to
/// that is a token of its own. Without such an end it is a token like any other. There are no
/// comments.
///
/// ```
/// let line = br#"10.0.0.1 - [13/Sep/2020:12:26:40 +0000] "GET / HTTP/1.1" 200"#;
/// let tokens: Vec<&[u8]> = flowagg::clf_tokens(line).collect();
/// assert_eq!(tokens[2], b"13/Sep/2020:12:26:40 +0000");
/// assert_eq!(tokens[3..], [&b"GET / HTTP/1.1"[..], b"200"]);
/// ```
pub fn clf_tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    // Where no partner follows once, none will: a line of quotes alone is searched only once.
    let mut is_open = [true; 2];
    std::iter::from_fn(move || {
        let start = rest.iter().position(|byte| !is_blank(byte))?;
        rest = &rest[start..];
        let partner = match rest[0] {
            b'"' => Some((b'"', 0)),
            b'[' => Some((b']', 1)),
            _ => None,
        };
        if let Some((partner, kind)) = partner.filter(|(_, kind)| is_open[*kind]) {
            if let Some(end) = memchr::memchr(partner, &rest[1..]) {
                let token = &rest[1..=end];
                rest = &rest[end + 2..];
                return Some(token);
            }
            is_open[kind] = false;
        }
        let end = rest.iter().position(is_blank).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

/// Why a line is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing says what its values are.
    NoLayout,
    /// A JSON object that holds no record.
    NoRecord,
    /// Fewer values than the layout has columns.
    TooFewColumns,
    /// This number column holds something else, or a number beyond the field's range.
    NotANumber(Field),
    /// This address column holds something else.
    NotAnAddress(Field),
    /// The log-status is not one that AWS documents.
    UnknownStatus,
    /// The line is no JSON object, and only JSON is asked for.
    NotJson,
    /// The line is 1 MiB or longer.
    TooLong,
    /// The input broke off in the middle of the line.
    Cut,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLayout => write!(f, "nothing says what its columns are"),
            Self::NoRecord => {
                write!(f, "a JSON object without a message or the fields of a record")
            }
            Self::TooFewColumns => write!(f, "too few columns"),
            Self::NotANumber(field) if field.is_time() => {
                write!(f, "{field} is no time in seconds or milliseconds since 1970")
            }
            Self::NotANumber(field) => match field.kind() {
                Kind::Number(u64::MAX) => write!(f, "{field} is no whole number"),
                Kind::Number(limit) => write!(f, "{field} is no number from 0 to {limit}"),
                _ => write!(f, "{field} is no number"),
            },
            Self::NotAnAddress(field) => write!(f, "{field} is no address"),
            Self::UnknownStatus => write!(f, "log-status is not OK, NODATA or SKIPDATA"),
            Self::NotJson => {
                write!(f, "no JSON object on this line; `jq -c .` puts each on a line of its own")
            }
            Self::TooLong => write!(f, "longer than 1 MiB"),
            Self::Cut => write!(f, "the input ends in the middle of it"),
        }
    }
}

/// What a line is.
#[derive(Debug)]
pub enum Line<'a> {
    /// Nothing but blanks, or a comment.
    Blank,
    /// Field names.
    Header(Layout),
    /// Values that fit the layout.
    Record(Record<'a>),
    /// Values that do not.
    Malformed(Reason),
}

impl<'a> Line<'a> {
    /// Reads a line (without its newline) under `layout`.
    pub fn parse(line: &'a [u8], layout: &'a Layout) -> Self {
        if line.len() >= LINE_BYTES_MAX {
            return Self::Malformed(Reason::TooLong);
        }
        if tokens(line).next().is_none() {
            return Self::Blank;
        }
        if let Some(layout) = Layout::from_header(line) {
            return Self::Header(layout);
        }
        match Record::parse(line, layout) {
            Ok(record) => Self::Record(record),
            Err(reason) => Self::Malformed(reason),
        }
    }
}

/// A well-formed record: a zero-copy view of its line.
///
/// ```
/// use flowagg::{Field, Layout, Record};
/// let layout = Layout::v2();
/// let line = b"2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 \
///     1600000030 ACCEPT OK";
/// let record = Record::parse(line, &layout).unwrap();
/// assert_eq!(record.text(Field::SrcAddr), Some(&b"10.0.0.1"[..]));
/// assert_eq!(record.number(Field::Bytes), Some(1000));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    line: &'a [u8],
    layout: &'a Layout,
    status: Status,
    columns: usize,
}

impl<'a> Record<'a> {
    /// Reads a line (without its newline) as a record.
    ///
    /// # Errors
    /// The first [`Reason`], in column order, for which it is malformed. `-` is never one.
    pub fn parse(line: &'a [u8], layout: &'a Layout) -> Result<Self, Reason> {
        if line.len() >= LINE_BYTES_MAX {
            return Err(Reason::TooLong);
        }
        let (status, columns) = check(tokens(line), layout, false)?;
        Ok(Self { line, layout, status, columns })
    }

    /// The text in a column, counted from 0; also of values beyond the layout's columns.
    pub fn column(&self, column: usize) -> Option<&'a [u8]> {
        tokens(self.line).nth(column)
    }

    /// The text of a field, if the layout has it.
    pub fn text(&self, field: Field) -> Option<&'a [u8]> {
        self.column(self.layout.position(field)?)
    }

    /// The number in a field; none for `-`, text, or a field that the layout lacks. Times are
    /// seconds, also where the text says milliseconds.
    pub fn number(&self, field: Field) -> Option<u64> {
        let number = Number::parse(self.text(field)?).value()?;
        let is_longer = field.is_time() && is_milliseconds(number);
        Some(if is_longer { number / 1000 } else { number })
    }

    /// The log-status; [`Status::Ok`] for layouts without one.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether values stand beyond the layout's columns.
    pub fn has_extra_columns(&self) -> bool {
        self.columns > self.layout.columns()
    }
}

/// Reads the values of a line as those of a record: its log-status and how many there are. The
/// first value of a row of a table may be any text; in a line an object is an event.
///
/// # Errors
/// As [`Record::parse`].
pub(crate) fn check<'t>(
    values: impl Iterator<Item = &'t [u8]>,
    layout: &Layout,
    is_row: bool,
) -> Result<(Status, usize), Reason> {
    let (mut status, mut columns) = (Status::Ok, 0);
    for value in values {
        if columns == 0 && value[0] == b'{' && !is_row {
            return Err(Reason::NoRecord);
        }
        if layout.columns() == 0 {
            return Err(Reason::NoLayout);
        }
        if let Some(field) = layout.field(columns) {
            if let Some(reason) = fault(field, value) {
                return Err(reason);
            }
            if field == Field::LogStatus {
                status = Status::parse(value);
            }
        }
        columns += 1;
    }
    if columns < layout.columns() {
        return Err(Reason::TooFewColumns);
    }
    Ok((status, columns))
}

/// Why a value is none of its field, if so.
pub(crate) fn fault(field: Field, token: &[u8]) -> Option<Reason> {
    // It is no fault of any kind, and most of what NODATA has.
    if token == b"-" {
        return None;
    }
    match field.kind() {
        Kind::Text => None,
        Kind::Status => (Status::parse(token) == Status::Bad).then_some(Reason::UnknownStatus),
        Kind::Address => {
            (Address::parse(token) == Address::Bad).then_some(Reason::NotAnAddress(field))
        }
        Kind::Number(limit) => {
            let number = Number::parse(token);
            let fits = number.value().is_some_and(|value| value <= limit);
            (!fits).then_some(Reason::NotANumber(field))
        }
    }
}

/// The records of a text, one line after the other, under a layout that headers replace.
///
/// The easy door: plain, allocation-free but for headers, for programs that want lines rather
/// than totals. Malformed lines come as their [`Reason`].
///
/// ```
/// use flowagg::{Field, Layout, Records};
/// let text = b"srcaddr bytes\n10.0.0.1 10\n10.0.0.2 x\n\n10.0.0.1 -\n";
/// let mut records = Records::new(text, Layout::v2());
/// let mut sum = 0;
/// while let Some(record) = records.next_record() {
///     sum += record.ok().and_then(|record| record.number(Field::Bytes)).unwrap_or(0);
/// }
/// assert_eq!(sum, 10);
/// ```
#[derive(Debug, Clone)]
pub struct Records<'a> {
    rest: &'a [u8],
    layout: Layout,
}

impl<'a> Records<'a> {
    /// The records of `text`, whose first lines have `layout`.
    pub fn new(text: &'a [u8], layout: Layout) -> Self {
        Self { rest: text, layout }
    }

    /// The next record or malformed line; none at the end of the text.
    pub fn next_record(&mut self) -> Option<Result<Record<'_>, Reason>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
            let line = &self.rest[..end];
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if tokens(line).next().is_none() {
                continue;
            }
            match Layout::from_header(line) {
                Some(layout) => self.layout = layout,
                None => return Some(Record::parse(line, &self.layout)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const E1: &[u8] = b"2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 \
        1600000030 ACCEPT OK";

    #[test]
    fn blanks_comments_and_extra_values() {
        let layout = Layout::new(["srcaddr", "bytes"]).unwrap();
        for line in ["", " ", "\t\r", "# srcaddr bytes", "  #"] {
            assert!(matches!(Line::parse(line.as_bytes(), &layout), Line::Blank), "{line:?}");
        }
        for line in ["10.0.0.1 5", " 10.0.0.1\t 5 \r", "10.0.0.1 5 # note", "10.0.0.1 5 x y"] {
            let Line::Record(record) = Line::parse(line.as_bytes(), &layout) else {
                panic!("{line:?}");
            };
            assert_eq!(record.number(Field::Bytes), Some(5));
            assert_eq!(record.has_extra_columns(), line.ends_with('y'));
        }
        assert!(matches!(
            Line::parse(b"10.0.0.1 # 5", &layout),
            Line::Malformed(Reason::TooFewColumns)
        ));
    }

    #[test]
    fn texts_are_spelled_as_values() {
        for (text, value) in [
            ("", "-"),
            ("a b\tc\u{b}d\r\n", "a%20b%09c%0Bd%0D%0A"),
            ("# a#", "%23%20a#"),
            ("a\u{1b}\u{9b}\u{a0}", "a\u{1b}\u{9b}\u{a0}"),
        ] {
            assert_eq!(&*spelled(text.as_bytes()), value.as_bytes());
            assert_eq!(tokens(value.as_bytes()).collect::<Vec<_>>(), [value.as_bytes()]);
        }
        assert_eq!(unbroken("# a \u{fc}"), "#%20a%20\u{fc}");
        assert_eq!(unbroken(""), "");
    }

    fn shown(line: &str) -> Vec<&str> {
        clf_tokens(line.as_bytes()).map(|token| str::from_utf8(token).unwrap()).collect()
    }

    #[test]
    fn clf_tokens_stand_between_blanks() {
        let none: [&str; 0] = [];
        assert_eq!(shown(""), none);
        assert_eq!(shown(" \t\r"), none);
        assert_eq!(shown(" a\t\tb  c\r"), ["a", "b", "c"]);
        assert_eq!(shown("# a #b"), ["#", "a", "#b"]);
        assert_eq!(shown("a\u{b}b\u{c}c\u{a0}d"), ["a", "b", "c\u{a0}d"]);
        let lambda = "REPORT RequestId: 6bc233 Duration: 102.25 ms\tBilled Duration: 200 ms";
        assert_eq!(shown(lambda)[..5], ["REPORT", "RequestId:", "6bc233", "Duration:", "102.25"]);
        let flow: Vec<&[u8]> = clf_tokens(E1).collect();
        assert_eq!(flow, tokens(E1).collect::<Vec<_>>());
    }

    #[test]
    fn clf_tokens_in_quotes_and_brackets_hold_blanks() {
        assert_eq!(shown("\"a b\" [c  d] e"), ["a b", "c  d", "e"]);
        assert_eq!(shown("\"\" [] \" \""), ["", "", " "]);
        assert_eq!(shown("\"a\"b[c] [d]\"e\""), ["a", "b[c]", "d", "e"]);
        assert_eq!(shown("a=\"b c\" x[0] ]"), ["a=\"b", "c\"", "x[0]", "]"]);
        assert_eq!(shown("[a [b] c]"), ["a [b", "c]"]);
        assert_eq!(shown("[\"a]\" b\" c"), ["\"a", " b", "c"]);
    }

    #[test]
    fn clf_tokens_without_an_end_are_ordinary() {
        assert_eq!(shown("ERROR \"unterminated words"), ["ERROR", "\"unterminated", "words"]);
        assert_eq!(shown("[a \"b c\" [d"), ["[a", "b c", "[d"]);
        assert_eq!(shown("\" \" \" a"), [" ", "\"", "a"]);
        assert_eq!(shown("\""), ["\""]);
        // Long lines of openings are no trap.
        let line = "[ ".repeat(100_000) + "\"x y\"";
        assert_eq!(clf_tokens(line.as_bytes()).count(), 100_001);
    }

    #[test]
    fn each_fault_has_its_reason() {
        let layout = Layout::v2();
        let with = |column: usize, value: &str| {
            let mut values: Vec<&str> = str::from_utf8(E1).unwrap().split(' ').collect();
            values[column] = value;
            let line = values.join(" ");
            Record::parse(line.as_bytes(), &layout).map(|record| record.status())
        };
        assert_eq!(with(5, "65535"), Ok(Status::Ok));
        assert_eq!(with(5, "65536"), Err(Reason::NotANumber(Field::SrcPort)));
        assert_eq!(with(6, "NaN"), Err(Reason::NotANumber(Field::DstPort)));
        assert_eq!(with(7, "999"), Err(Reason::NotANumber(Field::Protocol)));
        assert_eq!(with(9, "18446744073709551616"), Err(Reason::NotANumber(Field::Bytes)));
        assert_eq!(with(9, "-"), Ok(Status::Ok));
        assert_eq!(with(9, "-1"), Err(Reason::NotANumber(Field::Bytes)));
        assert_eq!(with(3, "10.0.0.300"), Err(Reason::NotAnAddress(Field::SrcAddr)));
        assert_eq!(with(4, "fe80::1"), Ok(Status::Ok));
        assert_eq!(with(12, "anything"), Ok(Status::Ok));
        assert_eq!(with(13, "NODATA"), Ok(Status::NoData));
        assert_eq!(with(13, "O"), Err(Reason::UnknownStatus));
        assert_eq!(Record::parse(b"2 1 eni-1", &layout).err(), Some(Reason::TooFewColumns));
        let long = vec![b'a'; LINE_BYTES_MAX];
        assert!(matches!(Line::parse(&long, &layout), Line::Malformed(Reason::TooLong)));
    }

    #[test]
    fn times_are_seconds() {
        let layout = Layout::new(["start", "end", "bytes"]).unwrap();
        let times = |line: &str| {
            let record = Record::parse(line.as_bytes(), &layout)?;
            Ok((record.number(Field::Start), record.number(Field::End)))
        };
        assert_eq!(times("1600000000 1600000030 1"), Ok((Some(1600000000), Some(1600000030))));
        assert_eq!(times("1600000000999 - 1"), Ok((Some(1600000000), None)));
        assert_eq!(times("99999999999 100000000000 1"), Ok((Some(99999999999), Some(100000000))));
        assert_eq!(times("0001600000000 99999999999999 1").unwrap().1, Some(99999999999));
        let record = Record::parse(b"1 2 1600000000999", &layout).unwrap();
        assert_eq!(record.number(Field::Bytes), Some(1_600_000_000_999));
        for later in ["100000000000000", "1600000000000000", "x"] {
            let line = format!("1600000000 {later} 1");
            assert_eq!(times(&line), Err(Reason::NotANumber(Field::End)));
        }
    }

    #[test]
    fn records_follow_headers() {
        let text = [E1, b"\nbytes srcaddr\n7 10.0.0.1\n\nversion bytes\n2 9"].concat();
        let mut records = Records::new(&text, Layout::v2());
        let mut bytes = Vec::new();
        while let Some(record) = records.next_record() {
            bytes.push(record.unwrap().number(Field::Bytes).unwrap());
        }
        assert_eq!(bytes, [1000, 7, 9]);
    }
}
