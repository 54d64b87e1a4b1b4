//! What a rule's field names mean: paths in JSON rules; in CLF rules the aliases of `Fields`, and
//! positions.

use std::collections::BTreeMap;

use crate::dialect::findings::Findings;
use crate::dialect::json::{Json, member, quoted};
use crate::field::Field;
use crate::json::JsonPath;
use crate::layout::{Column, Layout};
use crate::nearest::nearest;

/// How many aliases a message lists.
const LISTED_MAX: usize = 8;

/// A field as a rule names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The value that is meant.
    pub column: Column,
    /// The name.
    pub written: String,
    /// Whether the name is an alias of `Fields`.
    pub is_alias: bool,
}

/// What the names in a rule may be.
#[derive(Debug)]
pub enum Names<'a> {
    /// Aliases and positions.
    Clf(Aliases<'a>),
    /// Paths such as `$.ip`.
    Json,
    /// The rule does not say what its events are, so that no name is known to be wrong.
    Unknown,
}

impl Names<'_> {
    /// What a name means, if that can be known. The error says what to write instead.
    pub fn find(&self, name: &str) -> Result<Option<Named>, String> {
        let (column, is_alias) = match self {
            Self::Unknown => return Ok(None),
            Self::Json => (Column::Path(JsonPath::parse(name)?), false),
            Self::Clf(aliases) => {
                let position = aliases.find(name)?;
                (Column::Position(position), aliases.positions.contains_key(name))
            }
        };
        Ok(Some(Named { column, written: name.to_owned(), is_alias }))
    }
}

/// The aliases of a rule for space-separated logs, with their positions.
#[derive(Debug, Default)]
pub struct Aliases<'a> {
    positions: BTreeMap<&'a str, usize>,
}

impl<'a> Aliases<'a> {
    /// Reads and checks the member `Fields`.
    pub fn read(fields: &'a Json, findings: &mut Findings) -> Self {
        let path = "$.Fields";
        let mut aliases = Self::default();
        let Json::Object(members) = fields else {
            let expected = "expected an object such as {\"4\": \"srcaddr\"}";
            findings.error(path, format!("{}, {expected}", fields.shown()));
            return aliases;
        };
        for (key, alias) in members {
            let path = &member(path, key);
            let position = position(key);
            if position.is_none() {
                findings.error(path, "not a position, expected one from \"1\" such as \"4\"");
            }
            let alias = match alias {
                Json::Text(alias) if !alias.is_empty() => alias,
                other => {
                    let expected = "expected an alias, a string that is not empty";
                    findings.error(path, format!("{}, {expected}", other.shown()));
                    continue;
                }
            };
            let Some(position) = position else { continue };
            match aliases.positions.get(alias.as_str()) {
                // The same member twice, which is reported as that.
                Some(&other) if other == position => {}
                Some(other) => {
                    let alias = quoted(alias);
                    findings.error(
                        path,
                        format!(
                            "alias {alias} already means position {other}, expected another alias"
                        ),
                    );
                }
                None => _ = aliases.positions.insert(alias, position),
            }
        }
        aliases
    }

    /// The aliases with their positions, by position.
    pub fn by_position(&self) -> Vec<(usize, &'a str)> {
        let positions = self.positions.iter();
        let mut aliases: Vec<_> = positions.map(|(&alias, &position)| (position, alias)).collect();
        aliases.sort_unstable();
        aliases
    }

    /// The position that a name means; an alias made of digits wins over the position. The error
    /// says what to write instead.
    fn find(&self, name: &str) -> Result<usize, String> {
        if let Some(position) = self.find_plain(name) {
            return Ok(position);
        }
        if name.starts_with("$.") || name.starts_with("$[") {
            return Err(self.in_json_notation(name));
        }
        let found = format!("{} is no alias of Fields and no position", quoted(name));
        if let Some(position) = known_position(name) {
            let alias = self.positions.iter().find(|(_, other)| **other == position);
            return Err(match alias {
                Some((alias, _)) => format!("{found}; did you mean {}?", quoted(alias)),
                None => format!(
                    "{found}; add \"{position}\": {} to Fields, or write \"{position}\"",
                    quoted(name)
                ),
            });
        }
        if let Some(alias) = nearest(name, self.positions.keys().copied()) {
            return Err(format!("{found}; did you mean {}?", quoted(alias)));
        }
        Err(format!("{found}, expected {}", self.listed()))
    }

    /// What to write instead of `$.srcaddr`.
    fn in_json_notation(&self, name: &str) -> String {
        let plain = name.trim_start_matches(['$', '.']);
        let found = format!("{} is the notation of JSON rules", quoted(name));
        if self.find_plain(plain).is_some() {
            return format!("{found}; in a CLF rule write {}", quoted(plain));
        }
        format!("{found}, expected {}", self.listed())
    }

    fn find_plain(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied().or_else(|| position(name))
    }

    /// What may be written, the first aliases by position.
    fn listed(&self) -> String {
        let aliases = self.by_position();
        let listed = aliases.iter().take(LISTED_MAX).map(|(_, alias)| quoted(alias));
        let mut listed: Vec<String> = listed.collect();
        if listed.is_empty() {
            return "a position such as \"4\"; the rule has no aliases".to_owned();
        }
        if aliases.len() > LISTED_MAX {
            listed.push("...".to_owned());
        }
        format!("one of {} or a position such as \"4\"", listed.join(", "))
    }
}

/// The position that a text spells: decimal digits from `1`, without leading zeros.
pub fn position(text: &str) -> Option<usize> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    // More than 32 bits of position fit in no line.
    let position: u32 = is_plain.then(|| text.parse().ok())??;
    usize::try_from(position).ok()
}

/// The flow-log field that an alias means, in any spelling: `srcaddr`, `srcAddr`, `src_addr`.
pub fn flow_field(alias: &str) -> Option<Field> {
    fn letters(name: &str) -> impl Iterator<Item = char> {
        let letters = name.chars().filter(|character| !matches!(character, '-' | '_' | ' '));
        letters.map(|letter| letter.to_ascii_lowercase())
    }
    let is_meant = |field: &Field| letters(field.name()).eq(letters(alias));
    Field::parse(alias).or_else(|| Field::ALL.iter().copied().find(is_meant))
}

/// The position of a field in the default format of flow logs.
pub fn known_position(name: &str) -> Option<usize> {
    Layout::v2().position(flow_field(name)?).map(|column| column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        assert_eq!(position("1"), Some(1));
        assert_eq!(position("4294967295"), Some(4_294_967_295));
        for text in ["", "0", "01", "-1", "+1", "x", "1.0", " 1", "4294967296"] {
            assert_eq!(position(text), None, "{text}");
        }
        assert_eq!(known_position("srcaddr"), Some(4));
        assert_eq!(known_position("log_status"), Some(14));
        assert_eq!(known_position("vpc-id"), None);
    }

    #[test]
    fn an_alias_of_digits_wins_over_the_position() {
        let fields = Json::parse(br#"{"5": "4", "10": "packet count"}"#, "rule").unwrap();
        let names = Names::Clf(Aliases::read(&fields, &mut Findings::default()));
        let find =
            |name: &str| names.find(name).unwrap().map(|named| (named.column, named.is_alias));
        assert_eq!(find("4"), Some((Column::Position(5), true)));
        assert_eq!(find("5"), Some((Column::Position(5), false)));
        assert_eq!(find("packet count"), Some((Column::Position(10), true)));
        assert_eq!(find("15"), Some((Column::Position(15), false)));
        assert_eq!(Names::Unknown.find("anything"), Ok(None));
    }

    #[test]
    fn fields_in_the_spellings_of_people() {
        for alias in ["srcaddr", "srcAddr", "SRC_ADDR", "src addr", "src-addr"] {
            assert_eq!(flow_field(alias), Some(Field::SrcAddr), "{alias}");
        }
        assert_eq!(flow_field("interfaceID"), Some(Field::InterfaceId));
        assert_eq!(flow_field("pkt_dst_aws_service"), Some(Field::PktDstAwsService));
        for alias in ["", "-", "source address", "byte"] {
            assert_eq!(flow_field(alias), None, "{alias}");
        }
    }
}
