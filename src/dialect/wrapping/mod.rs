//! What rules and metric filters come wrapped in: nothing, an array, what the AWS command line
//! prints and takes, CloudFormation templates.
//!
//! Both are read here and not each in its own file's reader, so that a file of the one kind is
//! known where the other was asked for, and the answer is what to type instead.

pub mod template;

use super::json::Json;

/// What a file may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Contributor Insights rules.
    Rule,
    /// Metric filters.
    Filter,
}

impl Kind {
    /// One of them, in a message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Filter => "metric filter",
        }
    }

    /// What a CloudFormation template calls one.
    pub fn resource_type(self) -> &'static str {
        match self {
            Self::Rule => "AWS::CloudWatch::InsightRule",
            Self::Filter => "AWS::Logs::MetricFilter",
        }
    }

    /// The command that prints those of an account.
    pub fn list_command(self) -> &'static str {
        match self {
            Self::Rule => "aws cloudwatch describe-insight-rules",
            Self::Filter => "aws logs describe-metric-filters",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Rule => Self::Filter,
            Self::Filter => Self::Rule,
        }
    }

    /// What to say of one where the other kind was asked for.
    pub fn misplaced(self) -> String {
        let command = match self {
            Self::Rule => "flowagg rule FILE",
            Self::Filter => "flowagg metric --filter FILE",
        };
        let (word, other) = (self.word(), self.other().word());
        format!("a {word} and no {other}; type `{command}`")
    }
}

/// What a value is, as far as its members tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wrapping<'a> {
    /// Values under a member, which is empty for an array.
    List(&'static str, &'a [Json]),
    /// The resources of a CloudFormation template.
    Template(&'a [(String, Json)]),
    /// The properties of a rule in such a template.
    Properties,
    /// A rule as `describe-insight-rules` prints it.
    Described,
    /// A rule as `put-insight-rule` takes it.
    Put,
    /// A rule by itself.
    Rule,
    /// A metric filter, its members spelled as the AWS command line does.
    Filter,
    /// The properties of a metric filter in a template.
    FilterProperties,
    /// Nothing that is known.
    None,
}

impl<'a> Wrapping<'a> {
    /// What a value is.
    pub fn of(json: &'a Json) -> Self {
        let is_object = |json: &Json| matches!(json, Json::Object(_));
        let has = |names: &[&str]| names.iter().any(|name| json.get(name).is_some());
        match json {
            Json::Array(list) if !list.is_empty() && list.iter().all(is_object) => {
                Self::List("", list)
            }
            Json::Object(_) => {
                match (json.get("InsightRules"), json.get("metricFilters"), json.get("Resources")) {
                    (Some(Json::Array(list)), ..) => Self::List(".InsightRules", list),
                    (_, Some(Json::Array(list)), _) => Self::List(".metricFilters", list),
                    (.., Some(Json::Object(resources))) => Self::Template(resources),
                    _ if has(&["RuleDefinition"]) => Self::Put,
                    _ if has(&["RuleBody"]) => Self::Properties,
                    _ if has(&["Definition", "ManagedRule"]) => Self::Described,
                    _ if has(&["filterPattern", "metricTransformations"]) => Self::Filter,
                    _ if has(&["FilterPattern", "MetricTransformations"]) => Self::FilterProperties,
                    _ if has(&["Schema", "LogFormat", "Contribution", "AggregateOn"]) => Self::Rule,
                    _ => Self::None,
                }
            }
            _ => Self::None,
        }
    }
}

/// The JSON in a text that is meant to hold something of that kind; the error is a message that
/// begins with the JSON path.
pub fn parse(text: &[u8], kind: Kind) -> Result<Json, String> {
    if is_yaml(text) {
        return Err("$: YAML, expected JSON; convert a template with `cdk synth --json` or \
                    `cfn-flip -j`, and ask aws for `--output json`"
            .to_owned());
    }
    Json::parse(text, kind.word())
}

/// Whether there is something of that kind in a value.
pub fn holds(json: &Json, kind: Kind) -> bool {
    match Wrapping::of(json) {
        Wrapping::List(_, list) => list.iter().any(|json| holds(json, kind)),
        Wrapping::Template(resources) => of_kind(resources, kind).next().is_some(),
        Wrapping::Properties | Wrapping::Described | Wrapping::Put | Wrapping::Rule => {
            kind == Kind::Rule
        }
        Wrapping::Filter | Wrapping::FilterProperties => kind == Kind::Filter,
        Wrapping::None => false,
    }
}

/// The resources of a template that are of that kind.
pub fn of_kind(resources: &[(String, Json)], kind: Kind) -> impl Iterator<Item = (&str, &Json)> {
    let is_of_kind = move |(_, resource): &&(String, Json)| {
        resource.get("Type").and_then(Json::text) == Some(kind.resource_type())
    };
    resources.iter().filter(is_of_kind).map(|(id, resource)| (id.as_str(), resource))
}

/// What is to be told of a rule or a filter in a file. Its name may hold anything.
pub fn note(name: &str, what: &str) -> String {
    format!("{}: {what}", name.escape_debug())
}

/// What to say of a value in which nothing of that kind was found, and what else is to be told.
pub fn none_in(json: &Json, kind: Kind, notes: &[String]) -> String {
    if holds(json, kind.other()) {
        return format!("$: {}", kind.other().misplaced());
    }
    let word = kind.word();
    let message = match Wrapping::of(json) {
        Wrapping::Template(_) => format!("$.Resources: no {} among them", kind.resource_type()),
        Wrapping::List(path, _) => format!("${path}: no {word} in it, expected some"),
        _ => format!("$: no {word} in it"),
    };
    let also: Vec<String> = notes.iter().map(|note| format!("\n{note}")).collect();
    message + &also.concat()
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
