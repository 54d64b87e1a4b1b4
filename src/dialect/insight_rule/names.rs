//! What a rule's field names mean: the aliases of its `Fields`, and positions.

use std::collections::BTreeMap;

use super::Findings;
use super::json::{Json, member, quoted};
use crate::dialect::nearest::nearest;
use crate::field::Field;
use crate::layout::Layout;

/// How many aliases a message lists.
const LISTED_MAX: usize = 8;

/// The aliases of a rule for space-separated logs, with their positions.
#[derive(Debug, Default)]
pub struct Names<'a> {
    aliases: BTreeMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    /// Reads and checks the member `Fields`.
    pub fn read(fields: &'a Json, findings: &mut Findings) -> Self {
        let path = "$.Fields";
        let mut names = Self::default();
        let Json::Object(members) = fields else {
            let expected = "expected an object such as {\"4\": \"srcaddr\"}";
            findings.error(path, format!("{}, {expected}", fields.shown()));
            return names;
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
            match names.aliases.get(alias.as_str()) {
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
                None => _ = names.aliases.insert(alias, position),
            }
        }
        names
    }

    /// The position that a name means; an alias made of digits wins over the position. The error
    /// says what to write instead.
    pub fn find(&self, name: &str) -> Result<usize, String> {
        if let Some(position) = self.aliases.get(name).copied().or_else(|| position(name)) {
            return Ok(position);
        }
        if name.starts_with('$') {
            return Err(self.in_json_notation(name));
        }
        let found = format!("{} is no alias of Fields and no position", quoted(name));
        if let Some(position) = known_position(name) {
            let alias = self.aliases.iter().find(|(_, other)| **other == position);
            return Err(match alias {
                Some((alias, _)) => format!("{found}; did you mean {}?", quoted(alias)),
                None => format!(
                    "{found}; add \"{position}\": {} to Fields, or write \"{position}\"",
                    quoted(name)
                ),
            });
        }
        if let Some(alias) = nearest(name, self.aliases.keys().copied()) {
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
        self.aliases.get(name).copied().or_else(|| position(name))
    }

    /// What may be written, the first aliases by position.
    fn listed(&self) -> String {
        let mut aliases: Vec<(usize, &str)> =
            self.aliases.iter().map(|(&alias, &position)| (position, alias)).collect();
        aliases.sort_unstable();
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
fn position(text: &str) -> Option<usize> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    // More than 32 bits of position fit in no line.
    let position: u32 = is_plain.then(|| text.parse().ok())??;
    usize::try_from(position).ok()
}

/// The position of a field in the default format of flow logs.
fn known_position(name: &str) -> Option<usize> {
    Layout::v2().position(Field::parse(name)?).map(|column| column + 1)
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
        let fields = Json::parse(br#"{"5": "4", "10": "packet count"}"#).unwrap();
        let names = Names::read(&fields, &mut Findings::default());
        assert_eq!(names.find("4"), Ok(5));
        assert_eq!(names.find("5"), Ok(5));
        assert_eq!(names.find("packet count"), Ok(10));
        assert_eq!(names.find("15"), Ok(15));
    }
}
