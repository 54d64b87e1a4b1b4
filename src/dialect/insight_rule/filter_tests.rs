//! The operators of filters, and every way to get one wrong.

use super::tests::{error_of_filters, expected, rule};
use crate::amount::{Amount, Comparison};
use crate::filter::Filter;
use crate::layout::Column;
use crate::measure::Measure;

#[test]
fn filters_that_are_wrong() {
    let place = "$.Contribution.Filters[0]";
    let operators = "In, NotIn, StartsWith, GreaterThan, LessThan, EqualTo, NotEqualTo, IsPresent";
    for (members, message) in [
        (r#""Match": "4""#, format!(": no operator, expected one of {operators}")),
        (r#""In": ["a"]"#, ": no Match, expected the field to test".to_owned()),
        (
            r#""Match": "4", "In": ["a"], "NotIn": ["b"]"#,
            ": 2 operators (In, NotIn), expected one; write a filter for each".to_owned(),
        ),
        (r#""Match": "4", "in": ["a"]"#, ".in: unknown member; did you mean \"In\"?".to_owned()),
        (r#""Match": "4", "In": []"#, ".In: 0 values, expected 1 to 10".to_owned()),
        (
            r#""Match": "4", "In": ["1","2","3","4","5","6","7","8","9","10","11"]"#,
            ".In: 11 values, expected 1 to 10".to_owned(),
        ),
        (
            r#""Match": "7", "In": ["22", 443]"#,
            ".In[1]: 443, expected a string; write \"443\"".to_owned(),
        ),
        (
            r#""Match": "13", "NotIn": "ACCEPT""#,
            ".NotIn: \"ACCEPT\", expected an array of 1 to 10 strings; write [\"ACCEPT\"]"
                .to_owned(),
        ),
        (
            r#""Match": 13, "In": ["ACCEPT"]"#,
            ".Match: 13, expected a field name, a string; write \"13\"".to_owned(),
        ),
        (
            r#""Match": "byte", "In": ["1"]"#,
            ".Match: \"byte\" is no alias of Fields and no position; did you mean \"bytes\"?"
                .to_owned(),
        ),
    ] {
        let message = format!("{place}{message}");
        assert_eq!(error_of_filters(&format!("[{{{members}}}]")), message, "{members}");
    }
    let one = r#"{"Match": "4", "In": ["a"]}"#;
    assert_eq!(
        error_of_filters(&format!("[{}]", [one; 5].join(","))),
        "$.Contribution.Filters: 5 filters, expected at most 4"
    );
    assert_eq!(
        error_of_filters(one),
        "$.Contribution.Filters: an object, expected an array of at most 4 filters"
    );
    assert_eq!(error_of_filters("[5]"), "$.Contribution.Filters[0]: 5, expected an object");
}

#[test]
fn every_operator_becomes_its_test() {
    let column = || Column::Position(10);
    let amount = |text: &str| Amount::parse(text.as_bytes()).unwrap();
    let number =
        |comparison, text: &str| Filter::new().and_number(column(), comparison, amount(text));
    for (test, filter) in [
        (r#""In": ["1", ""]"#, Filter::new().and_in(column(), ["1", ""])),
        (r#""NotIn": ["-"]"#, Filter::new().and_not_in(column(), ["-"])),
        (r#""StartsWith": ["10.", "fd"]"#, Filter::new().and_starts_with(column(), ["10.", "fd"])),
        (r#""GreaterThan": 160"#, number(Comparison::Greater, "160")),
        (r#""LessThan": -0.5"#, number(Comparison::Less, "-0.5")),
        (r#""EqualTo": 6.0e0"#, number(Comparison::Equal, "6")),
        (
            r#""NotEqualTo": 18446744073709551617"#,
            number(Comparison::NotEqual, "18446744073709551617"),
        ),
        (r#""IsPresent": true"#, Filter::new().and_present(column(), true)),
        (r#""IsPresent": false"#, Filter::new().and_present(column(), false)),
    ] {
        let filters = format!("\"Filters\": [{{\"Match\": \"bytes\", {test}}}]");
        let sum = Measure::Sum(column());
        let query = expected(&[(4, "srcaddr")]).measure(sum).filter(filter).build().unwrap();
        assert_eq!(rule("\"Filters\": []", &filters).to_query(10), query, "{test}");
    }
}

#[test]
fn operands_of_the_wrong_kind() {
    for (operator, operand, message) in [
        ("StartsWith", "\"10.\"", "\"10.\", expected an array of 1 to 10 strings; write [\"10.\"]"),
        ("GreaterThan", "\"160\"", "\"160\", expected a number; write 160"),
        ("GreaterThan", "\"many\"", "\"many\", expected a number"),
        ("LessThan", "[5]", "an array, expected a number; write 5"),
        ("EqualTo", "\"6\"", "\"6\", expected a number; write 6"),
        (
            "EqualTo",
            "\"REJECT\"",
            "\"REJECT\", expected a number; to compare text write \"In\": [\"REJECT\"]",
        ),
        (
            "NotEqualTo",
            "true",
            "true, expected a number; to compare text write \"NotIn\": [\"true\"]",
        ),
        ("EqualTo", "null", "null, expected a number"),
        ("EqualTo", "[\"6\", \"7\"]", "an array, expected a number"),
        ("IsPresent", "\"true\"", "\"true\", expected true or false; write true"),
        ("IsPresent", "1", "1, expected true or false"),
    ] {
        let filters = format!("[{{\"Match\": \"4\", \"{operator}\": {operand}}}]");
        let message = format!("$.Contribution.Filters[0].{operator}: {message}");
        assert_eq!(error_of_filters(&filters), message, "{operator} {operand}");
    }
}
