//! Layouts as people write them: by a version's number, as names, or as AWS prints a LogFormat.

use super::Layout;
use crate::error::{Error, ErrorKind};
use crate::field::{Field, TRANSIT_GATEWAY};
use crate::nearest::{edits, nearest};

/// Letters of a word that are shown in an error.
const SHOWN_LETTERS: usize = 64;

/// What can be written.
const EXPECTED: &str = "expected v2 to v5, v7 to v11, tgw, or names of fields such as \
    '${srcaddr} ${dstaddr} ${bytes}'";

/// The version that has transit gateways' fields only.
const GATEWAY_VERSION: u8 = 6;

impl Layout {
    /// The layout that a text states: `v2` to `v5` and `v7` to `v11`, all fields up to that
    /// version in the order of AWS's tables; `tgw`, a transit gateway's; or names between blanks
    /// or commas, also as `${srcaddr}` of a LogFormat, with the `\$` or `$$` of shells and
    /// templates. Names are taken as [`Field::from_alias`] does; others are columns of text.
    ///
    /// ```
    /// use flowagg::{Field, Layout};
    /// assert_eq!(Layout::parse("v5")?.columns(), 29);
    /// let layout = Layout::parse("${srcaddr} ${a-new-field} ${bytes}")?;
    /// assert_eq!(layout.position(Field::Bytes), Some(2));
    /// assert!(Layout::parse("${srcadr} ${bytes}").is_err());
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Layout`] if less than half of the names are known, if one looks like a known
    /// one misspelled, or if a field is there twice.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim().trim_matches(['"', '\'']);
        if let Some(layout) = Self::of_version(text)? {
            return Ok(layout);
        }
        let spaced = text.replace('}', "} ");
        let words = spaced.split([' ', '\t', '\r', '\n', ',']).filter(|word| !word.is_empty());
        let (mut names, mut fields) = (Vec::new(), Vec::new());
        let mut unknown = Vec::new();
        for word in words {
            let name = name(word).ok_or_else(|| refused(format!("{} is no name", shown(word))))?;
            let field = Field::from_alias(name);
            if let Some(field) = field.filter(|_| fields.contains(&field)) {
                return Err(refused(format!("{field} is there twice")));
            }
            if field.is_none() {
                unknown.push(name);
            }
            names.push(field.map_or_else(|| name.to_owned(), |field| field.name().to_owned()));
            fields.push(field);
        }
        if names.is_empty() {
            return Err(refused(
                "no name of a field; put '...' around ${...}, which shells replace".to_owned(),
            ));
        }
        let misspelled = unknown.iter().copied().find(|name| is_misspelled(name));
        let is_known = unknown.len() * 2 <= names.len() && unknown.len() < names.len();
        match misspelled.or(unknown.first().copied()) {
            Some(name) if misspelled.is_some() || !is_known => Err(unknown_name(name)),
            _ => Ok(Self { names, fields }),
        }
    }

    /// The layout of a version's number or of a gateway, if the text is one.
    fn of_version(text: &str) -> Result<Option<Self>, Error> {
        if text.eq_ignore_ascii_case("tgw") {
            return Ok(Some(Self::of(&TRANSIT_GATEWAY)));
        }
        let Some(number) = text.strip_prefix(['v', 'V']) else { return Ok(None) };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let latest = Field::ALL.iter().map(|field| field.version()).max().unwrap_or_default();
        match number.parse() {
            Ok(GATEWAY_VERSION) => Err(Error::new(
                ErrorKind::Layout,
                "v6 has nothing but the fields of transit gateways; type tgw",
            )),
            Ok(version) if (2..=latest).contains(&version) => {
                let is_in = |field: &Field| {
                    field.version() <= version && field.version() != GATEWAY_VERSION
                };
                let fields = Field::ALL.iter().copied().filter(is_in);
                Ok(Some(Self::of(&fields.collect::<Vec<_>>())))
            }
            _ => Err(refused(format!("{} is no version that is known", shown(text)))),
        }
    }
}

/// The name in a word, without what stands around it in a LogFormat.
fn name(word: &str) -> Option<&str> {
    let name = match word.trim_start_matches('\\').strip_prefix('$') {
        Some(braced) => braced.trim_start_matches('$').strip_prefix('{')?.strip_suffix('}')?,
        None => word,
    };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    (starts && name.bytes().all(is_letter)).then_some(name)
}

/// Whether an unknown name is one letter away from a known one. Another number at the end makes a
/// new name.
fn is_misspelled(name: &str) -> bool {
    let stems = Field::ALL.iter().map(|field| without_number(field.name()));
    let own = without_number(name);
    nearest(own, stems).is_some_and(|near| edits(own.as_bytes(), near.as_bytes()) == 1)
}

fn without_number(name: &str) -> &str {
    name.trim_end_matches(|last: char| last.is_ascii_digit() || last == '-')
}

fn unknown_name(name: &str) -> Error {
    let names = Field::ALL.iter().map(|field| field.name());
    refused(match nearest(name, names) {
        Some(near) => format!("{} is no field; did you mean {near}?", shown(name)),
        None => format!("{} is no field", shown(name)),
    })
}

fn refused(found: String) -> Error {
    let advice = if found.ends_with('?') { String::new() } else { format!("; {EXPECTED}") };
    Error::new(ErrorKind::Layout, format!("{found}{advice}"))
}

fn shown(word: &str) -> String {
    let shown: String = word.chars().take(SHOWN_LETTERS).collect();
    format!("`{}`", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{V2, V5};

    fn refusal(text: &str) -> String {
        Layout::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn versions_have_the_columns_of_their_tables() {
        let columns = [(2, 14), (3, 21), (4, 25), (5, 29), (7, 39), (8, 40), (9, 41), (10, 42)];
        for (version, columns) in columns.into_iter().chain([(11, 54)]) {
            let layout = Layout::parse(&format!("v{version}")).unwrap();
            assert_eq!(layout.columns(), columns, "v{version}");
        }
        assert_eq!(Layout::parse(" V2 ").unwrap(), Layout::v2());
        assert_eq!(Layout::parse("v5").unwrap(), Layout::of(&V5));
        assert_eq!(Layout::parse("tgw").unwrap(), Layout::of(&TRANSIT_GATEWAY));
        assert!(refusal("v6").ends_with("type tgw"));
        for text in ["v1", "v0", "v12", "v999", "v99999999999"] {
            assert!(refusal(text).starts_with(&format!("`{text}` is no version")), "{text}");
        }
    }

    #[test]
    fn names_are_those_of_a_log_format() {
        let v2: Vec<String> = V2.iter().map(|field| format!("${{{field}}}")).collect();
        let texts = [
            v2.join(" "),
            v2.join(""),
            v2.join(" ").replace('$', "\\$"),
            v2.join(" ").replace('$', "$$"),
            format!("'{}'", v2.join(" ")),
            v2.join(",").replace(['$', '{', '}'], ""),
            v2.join(", ").replace(['$', '{', '}'], "").replace('-', "_").to_uppercase(),
            "version account eni source destination sourceport destport protocol numpackets \
             numbytes windowstart endTime action logStatus"
                .to_owned(),
        ];
        for text in texts {
            assert_eq!(Layout::parse(&text).unwrap(), Layout::v2(), "{text}");
        }
    }

    #[test]
    fn new_names_are_columns_of_text() {
        let layout = Layout::parse("bytes packets instance-tag-3 a-new-field").unwrap();
        assert_eq!(layout.field(2), None);
        assert_eq!(layout.name(3), Some("a-new-field"));
        assert_eq!(refusal("bytes x-y z-w"), format!("`x-y` is no field; {EXPECTED}"));
        assert_eq!(refusal("x"), format!("`x` is no field; {EXPECTED}"));
    }

    #[test]
    fn what_is_no_layout_says_why() {
        assert_eq!(refusal("srcadr bytes"), "`srcadr` is no field; did you mean srcaddr?");
        assert_eq!(refusal("srcadrr"), "`srcadrr` is no field; did you mean srcaddr?");
        assert!(refusal("bytes source srcaddr").starts_with("srcaddr is there twice; expected"));
        for text in ["", "  ", "''", ",,"] {
            assert!(refusal(text).starts_with("no name of a field; put"), "{text}");
        }
        for text in ["${bytes", "$bytes", "bytes=5", "ä", "10.0.0.1 5", "{bytes}", "-", "bytes|"] {
            assert!(refusal(text).contains("is no name; expected"), "{text}");
        }
        assert!(refusal(&"ä".repeat(200)).len() < 300);
    }
}
