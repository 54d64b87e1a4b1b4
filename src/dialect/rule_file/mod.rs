//! The rules in a file: one as CloudWatch takes it, or those of a template or of the AWS command
//! line.
//!
//! What a rule is wrapped in says what it is called and whether it is enabled. The wrapping is
//! read leniently, since it is none of our business; the rule in it is read as strictly as one
//! that stands alone.

#[cfg(test)]
mod tests;

use super::insight_rule::InsightRule;
use super::json::{Json, member, quoted};
use super::wrapping::{self, Kind, Wrapping, template};
use crate::error::{Error, ErrorKind};

/// The members of a rule that may hold references: nearly all of them stand in the names of log
/// groups, which mean nothing offline.
const LOG_GROUPS: [&str; 2] = ["LogGroupNames", "LogGroupARNs"];

/// The rules of one file.
///
/// ```
/// use flowagg::dialect::RuleFile;
/// let text = br#"{"InsightRules": [{"Name": "top", "State": "DISABLED", "Definition": "{}"}]}"#;
/// let file = RuleFile::read(text, "dump")?;
/// assert_eq!(file.rules[0].name(), "top");
/// assert_eq!(file.notes, ["top: disabled in CloudWatch, here it runs all the same"]);
/// assert!(file.rules[0].parse().is_err());
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct RuleFile {
    /// The rules, in the order of the file.
    pub rules: Vec<NamedRule>,
    /// What may surprise: rules that are disabled, or that AWS manages and that are left out.
    pub notes: Vec<String>,
}

/// A rule with its name, not yet checked.
#[derive(Debug, Clone)]
pub struct NamedRule {
    name: String,
    is_alone: bool,
    text: Result<Vec<u8>, String>,
    /// What a template leaves open, as it stands in the text: `${FlowLogs}`.
    references: Vec<String>,
}

impl RuleFile {
    /// Finds the rules in the text of a file:
    ///
    /// - a rule by itself, which gets `name`, or several in an array;
    /// - a CloudFormation template, as CDK writes it too: its resources of type
    ///   `AWS::CloudWatch::InsightRule`;
    /// - what `aws cloudwatch describe-insight-rules` prints, and what `put-insight-rule` takes
    ///   with `--cli-input-json`.
    ///
    /// # Errors
    /// [`ErrorKind::Rule`] if it is no JSON, or if there is no rule in it. What is wrong with a
    /// single rule is told when that is parsed.
    pub fn read(text: &[u8], name: &str) -> Result<RuleFile, Error> {
        let fail = |message: String| Err(Error::new(ErrorKind::Rule, message));
        let json = match wrapping::parse(text, Kind::Rule) {
            Ok(json) => json,
            Err(message) => return fail(message),
        };
        let mut file = RuleFile { rules: Vec::new(), notes: Vec::new() };
        match Wrapping::of(&json) {
            Wrapping::Filter | Wrapping::FilterProperties => {}
            // The text as it is, since its length counts.
            Wrapping::Rule | Wrapping::None => file.rules.push(NamedRule {
                name: name.to_owned(),
                is_alone: true,
                text: Ok(text.to_vec()),
                references: Vec::new(),
            }),
            _ => file.unwrap(&json, "$", name),
        }
        if file.rules.is_empty() {
            return fail(wrapping::none_in(&json, Kind::Rule, &file.notes));
        }
        Ok(file)
    }

    /// Whether a text holds rules, by the names of its members; whatever is wrong with them.
    pub fn has_rules(text: &[u8]) -> bool {
        wrapping::parse(text, Kind::Rule).is_ok_and(|json| wrapping::holds(&json, Kind::Rule))
    }

    /// Adds the rules that a value holds.
    fn unwrap(&mut self, json: &Json, path: &str, name: &str) {
        match Wrapping::of(json) {
            Wrapping::List(member, list) => {
                for (at, json) in list.iter().enumerate() {
                    self.unwrap(json, &format!("{path}{member}[{at}]"), &format!("{name}[{at}]"));
                }
            }
            Wrapping::Template(resources) => {
                for (id, resource) in wrapping::of_kind(resources, Kind::Rule) {
                    let path = format!("{}.Properties", member("$.Resources", id));
                    let none = Json::Object(Vec::new());
                    let properties = resource.get("Properties").unwrap_or(&none);
                    self.add(properties, "RuleBody", "RuleName", "RuleState", &path, id);
                }
            }
            Wrapping::Described => {
                self.add(json, "Definition", "Name", "State", path, name);
            }
            Wrapping::Put => {
                self.add(json, "RuleDefinition", "RuleName", "RuleState", path, name);
            }
            Wrapping::Properties => {
                self.add(json, "RuleBody", "RuleName", "RuleState", path, name);
            }
            Wrapping::Filter | Wrapping::FilterProperties => {
                let what = format!("left out, {}", Kind::Filter.misplaced());
                self.notes.push(wrapping::note(name, &what));
            }
            Wrapping::Rule | Wrapping::None => self.rules.push(NamedRule {
                name: name.to_owned(),
                is_alone: false,
                text: Ok(json.to_string().into_bytes()),
                references: Vec::new(),
            }),
        }
    }

    /// Adds the rule in the member `body` of `json`, which stands at `path`.
    fn add(&mut self, json: &Json, body: &str, name: &str, state: &str, path: &str, id: &str) {
        let mut references = Vec::new();
        let text = match json.get(body) {
            Some(text) => match template::resolved(text, &mut references) {
                Json::Text(text) => Ok(text.into_bytes()),
                object @ Json::Object(_) => Ok(object.to_string().into_bytes()),
                other => {
                    let expected = "expected the rule, a string or an object";
                    Err(format!("{}: {}, {expected}", member(path, body), other.shown()))
                }
            },
            None => Err(format!("{}: missing, expected the rule", member(path, body))),
        };
        let name = match json.get(name).map(|name| template::resolved(name, &mut Vec::new())) {
            Some(Json::Text(name)) if !name.is_empty() => name,
            _ => id.to_owned(),
        };
        if json.get("ManagedRule") == Some(&Json::Bool(true)) {
            let what = "left out, an AWS service makes and manages it";
            self.notes.push(wrapping::note(&name, what));
            return;
        }
        if json.get(state).and_then(Json::text) == Some("DISABLED") {
            let what = "disabled in CloudWatch, here it runs all the same";
            self.notes.push(wrapping::note(&name, what));
        }
        self.rules.push(NamedRule { name, is_alone: false, text, references });
    }
}

impl NamedRule {
    /// What it is called: its name in CloudWatch, or else the name of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is its file.
    pub fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Reads the rule, to run it; see [`InsightRule::parse`].
    ///
    /// # Errors
    /// [`ErrorKind::Rule`] with a line for each thing that is wrong.
    pub fn parse(&self) -> Result<InsightRule, Error> {
        self.read(InsightRule::parse)
    }

    /// Reads the rule as strictly as CloudWatch; see [`InsightRule::check`].
    ///
    /// # Errors
    /// [`ErrorKind::Rule`] with a line for each thing that is wrong.
    pub fn check(&self) -> Result<InsightRule, Error> {
        self.read(InsightRule::check)
    }

    fn read(&self, read: fn(&[u8]) -> Result<InsightRule, Error>) -> Result<InsightRule, Error> {
        let fail = |message: String| Error::new(ErrorKind::Rule, message);
        let text = self.text.as_deref().map_err(|message| fail(message.clone()))?;
        let open = open(text, &self.references);
        let rule = read(text);
        if open.is_empty() {
            return rule;
        }
        // What else is wrong with a place that is not known yet means nothing.
        let is_known = |line: &&str| {
            let is_of = |path: &str| line.strip_prefix(path).is_some_and(|l| l.starts_with(": "));
            !open.iter().any(|(path, _)| path != "$" && is_of(path))
        };
        let wrong = rule.err().map(|error| error.to_string()).unwrap_or_default();
        let wrong = wrong.lines().filter(is_known).map(str::to_owned);
        let open = open.iter().map(|(path, text)| format!("{path}: {text}"));
        Err(fail(wrong.chain(open).collect::<Vec<_>>().join("\n")))
    }
}

/// The places in which a rule's text depends on a reference, each with what is wrong there.
fn open(text: &[u8], references: &[String]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    match Json::parse(text, Kind::Rule.word()) {
        _ if references.is_empty() => {}
        Ok(rule) => find(&rule, "$", references, &mut found),
        Err(_) => {
            let references: Vec<String> = references.iter().map(|open| quoted(open)).collect();
            found.push(("$".to_owned(), template::refers(&references.join(", "), Kind::Rule)));
        }
    }
    found
}

fn find(value: &Json, path: &str, references: &[String], found: &mut Vec<(String, String)>) {
    match value {
        Json::Text(text) => {
            if let Some(open) = template::open(text, references, Kind::Rule) {
                found.push((path.to_owned(), open));
            }
        }
        Json::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                find(value, &format!("{path}[{at}]"), references, found);
            }
        }
        Json::Object(members) => {
            let is_group = |name: &str| path == "$" && LOG_GROUPS.contains(&name);
            for (name, value) in members.iter().filter(|(name, _)| !is_group(name)) {
                let path = member(path, name);
                find(&Json::Text(name.clone()), &path, references, found);
                find(value, &path, references, found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
