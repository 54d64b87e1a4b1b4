//! Which sources the paths on the command line stand for.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use flowagg::Source;

use super::options::Cli;

/// The sources, or why there are none.
pub fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, String> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
    let dashes = paths.iter().filter(is_stdin).count();
    if dashes > 1 {
        return Err("`-` (standard input) is there twice; it can be read once".to_owned());
    }
    let reads_stdin = paths.is_empty() || dashes == 1;
    if reads_stdin && std::io::stdin().is_terminal() {
        return Err("nothing to read: standard input is a terminal\n\
             type `flowagg PATH...` for files and folders, `zcat *.gz | flowagg` for a pipe, or \
             `flowagg --help`"
            .to_owned());
    }
    if paths.is_empty() {
        return Ok(vec![Source::stdin()]);
    }
    let source = |path: &PathBuf| match is_stdin(&path) {
        true => Source::stdin(),
        false => Source::path(path),
    };
    Ok(paths.iter().map(source).collect())
}

/// The command that was meant, if the first path is none and looks like a mistyped command.
pub fn mistyped(paths: &[PathBuf]) -> Option<String> {
    let first = paths.first().filter(|path| !path.exists())?.to_str()?;
    let command = Cli::command();
    let commands = command.get_subcommands().map(clap::Command::get_name);
    let meant = commands.chain(["help"]).find(|name| is_near(name, first))?;
    Some(match meant {
        "help" => format!("`{first}` is no file; did you mean `flowagg --help`?"),
        _ => format!("`{first}` is no file; did you mean the command `{meant}`?"),
    })
}

/// Whether two words are equal but for one letter more, less, other or swapped.
fn is_near(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let head = left.iter().zip(right).take_while(|(l, r)| l == r).count();
    let (left, right) = (&left[head..], &right[head..]);
    let tail = left.iter().rev().zip(right.iter().rev()).take_while(|(l, r)| l == r).count();
    match (&left[..left.len() - tail], &right[..right.len() - tail]) {
        ([a, b], [c, d]) => a == d && b == c,
        (left, right) => left.len() <= 1 && right.len() <= 1,
    }
}

/// A path as messages show it.
pub fn shown(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words() {
        for near in ["rule", "rul", "rules", "rull", "urle", "ule", "Rule"] {
            assert!(is_near("rule", near), "{near}");
        }
        for far in ["", "ru", "logs", "rulers", "a.log", "ruel/x", "elur"] {
            assert!(!is_near("rule", far), "{far}");
        }
    }
}
