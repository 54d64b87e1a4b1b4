//! The test of a whole message by what is in it.

use memchr::memmem::Finder;
use regex::bytes::Regex;

/// What has to be found in a message, or must not be.
#[derive(Debug, Clone)]
pub enum Terms {
    /// Texts, anywhere in the message.
    Texts {
        /// All of these are in it.
        all: Vec<Finder<'static>>,
        /// None of these is in it.
        none: Vec<Finder<'static>>,
        /// One of these is in it, if there are any.
        any: Vec<Finder<'static>>,
        /// Whether there were optional terms which do not count beside others.
        ignores_optional: bool,
    },
    /// The expression is found in it.
    Regex(Regex),
}

impl Terms {
    /// Whether a message is so.
    pub fn holds(&self, message: &[u8]) -> bool {
        let has = |text: &Finder| text.find(message).is_some();
        match self {
            Self::Texts { all, none, any, .. } => {
                all.iter().all(has)
                    && !none.iter().any(has)
                    && (any.is_empty() || any.iter().any(has))
            }
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finders(texts: &[&str]) -> Vec<Finder<'static>> {
        texts.iter().map(|text| Finder::new(text).into_owned()).collect()
    }

    #[test]
    fn texts_are_found_anywhere() {
        let terms = |all: &[&str], none: &[&str], any: &[&str]| Terms::Texts {
            all: finders(all),
            none: finders(none),
            any: finders(any),
            ignores_optional: false,
        };
        assert!(terms(&[], &[], &[]).holds(b""));
        assert!(terms(&["b", "a"], &[], &[]).holds(b"a\nb"));
        assert!(!terms(&["a", "c"], &[], &[]).holds(b"a b"));
        assert!(!terms(&["a"], &["b"], &[]).holds(b"ab"));
        assert!(terms(&[], &["c"], &[]).holds(b"a\xff"));
        assert!(terms(&[], &[], &["x", "b"]).holds(b"abc"));
        assert!(!terms(&[], &[], &["x", "y"]).holds(b"abc"));
        assert!(terms(&[""], &[], &[]).holds(b""));
        assert!(!terms(&[], &[""], &[]).holds(b"a"));
        assert!(Terms::Regex(Regex::new("^a").unwrap()).holds(b"a\nb"));
    }
}
