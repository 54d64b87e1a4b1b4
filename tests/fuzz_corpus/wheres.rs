//! What `--where` asks, whoever wrote it.

use flowagg::dialect::Expression;
use flowagg::{Engine, Error, ErrorKind, Layout, Query, Scope};

use super::ask::{File, first_line, is_text, shows_nothing_raw};
use super::twin::each;

/// What every file holds that an expression names.
const LIST: &[u8] = b"# a list\n10.0.0.0/8 ours\n2001:db8::/32\n192.0.2.7\n";

/// Records for expressions that come without any.
const RECORDS: &[u8] = b"\
2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 1600000030 ACCEPT OK
2 123456789010 eni-2 2001:DB8::1 010.0.0.9 22 053 17 1 40 1600000000500 1600000030 REJECT OK
2 123456789010 eni-1 - - - - - - - 1600000000 1600000030 - NODATA
2 123456789010 eni-1 ::ffff:10.0.0.1 - 0 - 1 1 1 1 2 - OK more
version srcaddr dstport tcp-flags bytes
5 192.0.2.7 3389 18 18446744073709551615
5 10.1.1.1 22 255 -
";

/// Takes the input's first line as an expression and the rest as records: what is wrong is told;
/// what is not has a canonical form, and counts the records that its twin holds of.
pub fn expression(input: &[u8]) {
    let (text, rest) = first_line(input);
    let records = if rest.is_empty() { RECORDS } else { rest };
    let expression = match parse(&text) {
        Ok(expression) => expression,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Expression);
            return shows_nothing_raw(&error.to_string());
        }
    };
    let canonical = expression.to_string();
    shows_nothing_raw(&canonical);
    shows_nothing_raw(&expression.to_sql());
    let again = match parse(&canonical) {
        Ok(again) => {
            assert_eq!(again.to_string(), canonical);
            again
        }
        // Words for two tests are parentheses, of which there may be too many then.
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("nested") || message.contains("longer"), "{message}");
            expression.clone()
        }
    };
    if !is_text(records) {
        return;
    }
    let queries = [&expression, &again].map(|expression| {
        Query::builder().scope(Scope::All).and_where(expression).build().unwrap()
    });
    let file = File::new(records);
    let engine = Engine::new().threads(1).layout(Layout::v2());
    let found = file.ask(engine.clone(), &queries);
    file.ask(engine.block_bytes(1), &queries).check(&found, "blocks of 1");
    if found.containers == ["text"] {
        let held = held(&expression, records);
        assert_eq!([0, 1].map(|at: usize| found.answers[at].uses.added), [held; 2], "{canonical}");
    }
}

fn parse(text: &str) -> Result<Expression, Error> {
    Expression::parse(text, &mut |_| Ok(LIST.to_vec()))
}

/// How many records the expression holds of, one by one.
fn held(expression: &Expression, text: &[u8]) -> u64 {
    let mut held = 0;
    each(text, |_, _, record| held += u64::from(expression.holds(record)));
    held
}
