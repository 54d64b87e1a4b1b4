//! `--explain` of lists: the plan, and the same question in SQL.

use std::path::PathBuf;

use flowagg::dialect::Expression;
use flowagg::lists::List;

use super::answer;
use super::exit::Exit;

/// Tells how lists are answered.
pub fn lists(lists: &[List], expression: Option<&Expression>, paths: &[PathBuf]) -> Exit {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    answer::write(|out| {
        for (at, list) in lists.iter().enumerate() {
            let gap = if at > 0 { "\n" } else { "" };
            let (plan, sql) = (list.plan(expression), list.to_sql(expression, &paths));
            write!(out, "{gap}{plan}\n{sql}")?;
        }
        Ok(())
    })
}
