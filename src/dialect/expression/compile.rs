//! An expression as the tests of a query.

use std::sync::Arc;

use super::{Expression, Is, Node};
use crate::amount::Comparison;
use crate::filter::{Filter, Predicate, Ranges, Same, Test, Tree, WherePredicate};
use crate::query::QueryBuilder;
use crate::record::spelled;

impl Filter {
    /// And the expression holds.
    ///
    /// ```
    /// use flowagg::dialect::Expression;
    /// use flowagg::{Field, Filter};
    /// let expression = Expression::parse("host 10.0.0.1", &mut |_| unreachable!())?;
    /// let filter = Filter::new().and_in(Field::Action, ["REJECT"]).and_expression(&expression);
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    #[must_use]
    pub fn and_expression(self, expression: &Expression) -> Self {
        self.and_tree(Arc::clone(&expression.tree))
    }
}

impl QueryBuilder {
    /// And counts only records of which the expression holds.
    ///
    /// ```
    /// use flowagg::dialect::Expression;
    /// use flowagg::{Engine, Query, Source};
    /// let text = "dst port 443 and bytes > 10k";
    /// let expression = Expression::parse(text, &mut |_| unreachable!("no file is named"))?;
    /// let query = Query::builder().and_where(&expression).build()?;
    /// let report = Engine::new().run(&query, &[Source::path("testdata/sample.log")])?;
    /// assert_eq!(report.answers[0].total().unwrap().to_string(), "47");
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    #[must_use]
    pub fn and_where(self, expression: &Expression) -> Self {
        self.refine(|filter| filter.and_expression(expression))
    }
}

/// The tree of tests that an expression is.
pub fn tree(node: &Node) -> Tree {
    match node {
        Node::All(nodes) => Tree::All(nodes.iter().map(tree).collect()),
        Node::Any(nodes) => Tree::Any(nodes.iter().map(tree).collect()),
        Node::Not(node) => Tree::Not(Box::new(tree(node))),
        Node::Test(field, is) => {
            Tree::Test(Test { column: (*field).into(), predicate: predicate(is) })
        }
    }
}

fn predicate(is: &Is) -> Predicate {
    match is {
        &Is::Number(comparison, amount) => Predicate::Number(comparison, amount),
        Is::Ranges(list, negate) => match (list.typed.as_slice(), list.filed.as_slice()) {
            (&[(first, last)], []) if first == last => {
                let comparison = if *negate { Comparison::NotEqual } else { Comparison::Equal };
                Predicate::Number(comparison, first.into())
            }
            _ => Predicate::Where(WherePredicate::Ranges {
                ranges: Arc::new(Ranges::new(list.iter().copied())),
                negate: *negate,
            }),
        },
        &Is::Bits { bits, is_all } => {
            Predicate::Where(WherePredicate::Bits { bits: bits.into(), is_all })
        }
        Is::Lies(_, prefixes, negate) => Predicate::Where(WherePredicate::Lies {
            prefixes: Arc::clone(prefixes),
            negate: *negate,
        }),
        Is::Text(list, negate) => {
            let texts = list.iter().map(|text| spelled(text.as_bytes()).into_owned()).collect();
            if *negate { Predicate::NotIn(texts) } else { Predicate::In(texts) }
        }
        Is::Matches(regex, negate) => Predicate::Where(WherePredicate::Matches {
            regex: Same(Arc::clone(regex)),
            negate: *negate,
        }),
    }
}
