//! The first argument of a command: a list of words, such as fields, or the first of its paths.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::input;

/// The words that were typed, if any were, and the paths.
///
/// With an option that says the words, every argument is a path. Else the first one is a list of
/// words if it can be read as one, as `read` does; a file that is called so is read as `./src`.
/// What is neither words nor the name of a file is an error, but for what looks like a path: that
/// it is not there is told as of any other path.
pub fn split<'p, T, E: Display>(
    option: Option<(&str, &str)>,
    arguments: &'p [PathBuf],
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<(Option<T>, &'p [PathBuf]), String> {
    if let Some((name, typed)) = option {
        let list = read(typed).map_err(|error| format!("{name}: {error}"))?;
        return Ok((Some(list), arguments));
    }
    let Some((first, paths)) = arguments.split_first() else { return Ok((None, arguments)) };
    if first.as_os_str() == "-" {
        return Ok((None, arguments));
    }
    let text = first.to_string_lossy();
    match read(&text) {
        Ok(list) => Ok((Some(list), paths)),
        Err(_) if first.symlink_metadata().is_ok() => Ok((None, arguments)),
        Err(_) if looks_like_path(first) && !is_longer_word(&text, read) => Ok((None, arguments)),
        Err(error) => Err(format!("{error} (and no file is called {})", input::shown(first))),
    }
}

/// Whether it is a word and more, as `src/99` is.
fn is_longer_word<T, E>(text: &str, read: impl Fn(&str) -> Result<T, E>) -> bool {
    text.split_once('/').is_some_and(|(word, _)| read(word).is_ok())
}

/// What to say if a file is called like the words, and nothing else was typed that is read.
pub fn hint(arguments: &[PathBuf], paths: &[PathBuf]) -> Option<String> {
    let first = arguments.first().filter(|_| arguments.len() > paths.len() && paths.is_empty())?;
    first.symlink_metadata().ok()?;
    let name = input::shown(first);
    Some(format!("{name} is not read as a file here; type ./{name} for that, or a path after it"))
}

/// Whether nobody would type it as words.
fn looks_like_path(path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    !path.contains(&b',') && path.iter().any(|byte| matches!(byte, b'/' | b'.' | b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_of(option: Option<&str>, line: &str) -> Result<(Option<Vec<u32>>, usize), String> {
        let arguments: Vec<PathBuf> =
            line.split(' ').filter(|word| !word.is_empty()).map(PathBuf::from).collect();
        let word = |word: &str| match word.trim() {
            "one" => Ok(1),
            "one/2" => Ok(12),
            "tests" => Ok(3),
            "two" => Ok(2),
            word => Err(format!("{word} is no number")),
        };
        let read = |text: &str| text.split(',').map(word).collect::<Result<Vec<u32>, _>>();
        split(option.map(|typed| ("--numbers", typed)), &arguments, read)
            .map(|(list, paths)| (list, paths.len()))
    }

    #[test]
    fn the_first_argument_is_words_or_a_path() {
        assert_eq!(split_of(None, ""), Ok((None, 0)));
        assert_eq!(split_of(None, "one"), Ok((Some(vec![1]), 0)));
        assert_eq!(split_of(None, "two,one/2 a.log b"), Ok((Some(vec![2, 12]), 2)));
        // A folder is called so too.
        assert_eq!(split_of(None, "tests"), Ok((Some(vec![3]), 0)));
        assert_eq!(split_of(None, "./tests a"), Ok((None, 2)));
        let arguments = ["tests", "a"].map(PathBuf::from);
        assert!(hint(&arguments[..1], &[]).unwrap().contains("type ./tests for that"));
        assert_eq!((hint(&arguments, &arguments[1..]), hint(&arguments[1..], &[])), (None, None));
        for path in ["-", "src", "Cargo.toml", "no/such", "no.log"] {
            assert_eq!(split_of(None, path), Ok((None, 1)), "{path}");
            assert_eq!(split_of(Some("one, two"), path), Ok((Some(vec![1, 2]), 1)));
        }
        assert_eq!(split_of(Some("one"), ""), Ok((Some(vec![1]), 0)));
    }

    #[test]
    fn what_is_neither_is_an_error() {
        let error = |line| split_of(None, line).unwrap_err();
        assert_eq!(error("x a.log"), "x is no number (and no file is called x)");
        assert_eq!(error("one/x a.log"), "one/x is no number (and no file is called one/x)");
        assert_eq!(error("one,x.y"), "x.y is no number (and no file is called one,x.y)");
        assert_eq!(split_of(Some("x"), "src").unwrap_err(), "--numbers: x is no number");
    }
}
