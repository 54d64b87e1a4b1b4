//! The rules in a file: one as CloudWatch takes it, or those of a template or of the AWS command
//! line.
//!
//! What a rule is wrapped in says what it is called and whether it is enabled. The wrapping is
//! read leniently, since it is none of our business; the rule in it is read as strictly as one
//! that stands alone.

mod template;
#[cfg(test)]
mod tests;

use super::insight_rule::InsightRule;
use super::insight_rule::json::{Json, member};
use crate::error::{Error, ErrorKind};

/// What a CloudFormation template calls a rule.
const RESOURCE_TYPE: &str = "AWS::CloudWatch::InsightRule";

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
        if is_yaml(text) {
            return fail(
                "$: YAML, expected JSON; convert a template with `cdk synth --json` or \
                 `cfn-flip -j`, and ask aws for `--output json`"
                    .to_owned(),
            );
        }
        let json = match Json::parse(text) {
            Ok(json) => json,
            Err(message) => return fail(message),
        };
        let mut file = RuleFile { rules: Vec::new(), notes: Vec::new() };
        match Wrapping::of(&json) {
            // The text as it is, since its length counts.
            Wrapping::None => file.rules.push(NamedRule {
                name: name.to_owned(),
                is_alone: true,
                text: Ok(text.to_vec()),
                references: Vec::new(),
            }),
            _ => file.unwrap(&json, "$", name),
        }
        if file.rules.is_empty() {
            let message = match Wrapping::of(&json) {
                Wrapping::Template(_) => format!("$.Resources: no {RESOURCE_TYPE} among them"),
                Wrapping::List(path, _) => format!("${path}: no rule in it, expected some"),
                _ => "$: no rule in it".to_owned(),
            };
            let also: Vec<String> = file.notes.iter().map(|note| format!("\n{note}")).collect();
            return fail(message + &also.concat());
        }
        Ok(file)
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
                let is_rule = |(_, resource): &&(String, Json)| {
                    resource.get("Type").and_then(Json::text) == Some(RESOURCE_TYPE)
                };
                for (id, resource) in resources.iter().filter(is_rule) {
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
            Wrapping::None => self.rules.push(NamedRule {
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
            self.notes.push(format!("{name}: left out, an AWS service makes and manages it"));
            return;
        }
        if json.get(state).and_then(Json::text) == Some("DISABLED") {
            let text = "disabled in CloudWatch, here it runs all the same";
            self.notes.push(format!("{name}: {text}"));
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
        let open = template::open(text, &self.references);
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

/// What rules are wrapped in.
enum Wrapping<'a> {
    /// Values under a member, which is empty for an array.
    List(&'static str, &'a [Json]),
    /// The resources of a CloudFormation template.
    Template(&'a [(String, Json)]),
    /// The properties of such a resource.
    Properties,
    /// A rule as `describe-insight-rules` prints it.
    Described,
    /// A rule as `put-insight-rule` takes it.
    Put,
    /// Nothing: a rule, or something that should be one.
    None,
}

impl<'a> Wrapping<'a> {
    fn of(json: &'a Json) -> Self {
        let is_object = |json: &Json| matches!(json, Json::Object(_));
        match json {
            Json::Array(list) if !list.is_empty() && list.iter().all(is_object) => {
                Self::List("", list)
            }
            Json::Object(_) => match (json.get("InsightRules"), json.get("Resources")) {
                (Some(Json::Array(list)), _) => Self::List(".InsightRules", list),
                (_, Some(Json::Object(resources))) => Self::Template(resources),
                _ if json.get("RuleDefinition").is_some() => Self::Put,
                _ if json.get("RuleBody").is_some() => Self::Properties,
                _ if json.get("Definition").or(json.get("ManagedRule")).is_some() => {
                    Self::Described
                }
                _ => Self::None,
            },
            _ => Self::None,
        }
    }
}

/// Whether a text begins like YAML: `Resources:`, `- Name: x`, `---`.
fn is_yaml(text: &[u8]) -> bool {
    let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let Some(first) = lines.into_iter().find(|line| !line.is_empty() && line[0] != b'#') else {
        return false;
    };
    let first = first.strip_prefix(b"- ").unwrap_or(first).trim_ascii_start();
    let letters = first.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let is_member = match &first[letters..] {
        [b':'] | [b':', b' ', ..] => first[0].is_ascii_alphabetic(),
        _ => false,
    };
    first == b"---" || is_member
}
