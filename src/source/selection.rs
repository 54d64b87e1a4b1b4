//! Which files of a folder are read.

use std::ffi::OsStr;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::{Error, ErrorKind};

/// Which files of walked folders are read; a file that is named itself is read whatever this
/// says.
///
/// A glob with a `/` is one of paths within the folder: `2026/**` is all in its folder `2026`,
/// `**/eu-west-1/**` all in folders of that name. One without is one of file names: `*.log.gz`.
/// There are `*`, `?`, `[a-z]`, `{a,b}` and, for folders, `**`.
///
/// ```
/// use flowagg::{Engine, Selection, Source};
/// let selection = Selection::new().include("*.log.gz")?.exclude("**/us-east-1/**")?;
/// let engine = Engine::new().select(selection);
/// assert!(Selection::new().include("[a").is_err());
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Selection {
    included: Globs,
    excluded: Globs,
    skips_by_name: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self::new()
    }
}

impl Selection {
    /// Everything in a folder but the files that hold no flow logs, and those that by the time
    /// in their names hold no record that is asked for.
    pub fn new() -> Self {
        Self { included: Globs::default(), excluded: Globs::default(), skips_by_name: true }
    }

    /// Of the files that match this glob, or another one that is included, and no others.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`] for what is no glob, or can never match.
    pub fn include(mut self, glob: &str) -> Result<Self, Error> {
        self.included.push(glob)?;
        Ok(self)
    }

    /// Without the files that match this glob, even if they are included.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`] for what is no glob, or can never match.
    pub fn exclude(mut self, glob: &str) -> Result<Self, Error> {
        self.excluded.push(glob)?;
        Ok(self)
    }

    /// Whether to skip files whose names say that they hold no record of the time that is asked
    /// for; true if not said. Answers do not depend on it, but records of files that are
    /// skipped are in no count.
    #[must_use]
    pub fn skip_by_name(mut self, skips: bool) -> Self {
        self.skips_by_name = skips;
        self
    }

    pub(crate) fn skips_by_name(&self) -> bool {
        self.skips_by_name
    }

    /// Whether it has any globs.
    pub(crate) fn is_narrow(&self) -> bool {
        !self.included.globs.is_empty() || !self.excluded.globs.is_empty()
    }

    /// Whether it has a file of this path within its folder.
    pub(crate) fn has(&self, path: &Path) -> bool {
        let is_included = self.included.globs.is_empty() || self.included.has(path);
        is_included && !self.excluded.has(path)
    }
}

#[derive(Debug, Clone, Default)]
struct Globs {
    /// As they were given.
    globs: Vec<String>,
    paths: GlobSet,
    names: GlobSet,
}

impl Globs {
    fn push(&mut self, glob: &str) -> Result<(), Error> {
        if let Some(message) = fault(glob) {
            return Err(Error::new(ErrorKind::Selection, message));
        }
        self.globs.push(glob.to_owned());
        let is_path = glob.contains('/');
        let set = self.globs.iter().filter(|glob| glob.contains('/') == is_path);
        let build = || -> Result<GlobSet, globset::Error> {
            let mut builder = GlobSetBuilder::new();
            for glob in set {
                let glob = glob.strip_prefix("./").unwrap_or(glob);
                builder.add(GlobBuilder::new(glob).literal_separator(true).build()?);
            }
            builder.build()
        };
        let built = build().map_err(|error| {
            Error::new(ErrorKind::Selection, format!("no glob: {}", error.kind()))
        })?;
        match is_path {
            true => self.paths = built,
            false => self.names = built,
        }
        Ok(())
    }

    fn has(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or(OsStr::new(""));
        (!self.names.is_empty() && self.names.is_match(name))
            || (!self.paths.is_empty() && self.paths.is_match(path))
    }
}

/// Why a glob matches no file in any folder, if that is plain to see.
fn fault(glob: &str) -> Option<String> {
    let text = match glob {
        "" => "an empty glob, expected one such as '*.log.gz'".to_owned(),
        _ if glob.starts_with('/') => format!(
            "begins with `/`, but paths are those within the folder that is read; type '{}' or \
             '**{glob}'",
            glob.trim_start_matches('/')
        ),
        _ if glob.starts_with("../") => {
            "begins with `../`, but paths are those within the folder that is read".to_owned()
        }
        _ if glob.ends_with('/') => {
            format!("ends with `/`, but files are selected; type '{glob}**' for all in a folder")
        }
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(includes: &[&str], excludes: &[&str], path: &str) -> bool {
        let mut selection = Selection::new();
        for glob in includes {
            selection = selection.include(glob).unwrap();
        }
        for glob in excludes {
            selection = selection.exclude(glob).unwrap();
        }
        selection.has(Path::new(path))
    }

    #[test]
    fn globs_are_of_names_or_of_paths() {
        assert!(selected(&[], &[], "2026/a.log"));
        for (glob, path, is_selected) in [
            ("*.log", "a.log", true),
            ("*.log", "2026/01/a.log", true),
            ("*.log", "2026/01/a.log.gz", false),
            ("a", "a/b", false),
            ("2026/*", "2026/a.log", true),
            ("2026/*", "2026/01/a.log", false),
            ("2026/**", "2026/01/a.log", true),
            ("./2026/**", "2026/01/a.log", true),
            ("01/**", "2026/01/a.log", false),
            ("**/01/**", "2026/01/a.log", true),
            ("**/a.log", "a.log", true),
            ("{a,b}.lo[f-h]", "x/b.log", true),
            ("?.log", "ab.log", false),
        ] {
            assert_eq!(selected(&[glob], &[], path), is_selected, "{glob} {path}");
            assert_eq!(selected(&[], &[glob], path), !is_selected, "without {glob} {path}");
        }
        assert!(selected(&["*.log", "*.gz", "x/**"], &["b*"], "x/a.gz"));
        assert!(!selected(&["*.log", "*.gz", "x/**"], &["b*"], "x/b.gz"));
    }

    #[test]
    fn names_may_be_any_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(OsStr::from_bytes(b"x/\xff.log"));
        assert!(Selection::new().include("*.log").unwrap().has(path));
        assert!(!Selection::new().exclude("x/*").unwrap().has(path));
    }

    #[test]
    fn what_is_wrong_with_a_glob_is_said() {
        let fault = |glob: &str| Selection::new().include(glob).unwrap_err().to_string();
        assert_eq!(fault(""), "an empty glob, expected one such as '*.log.gz'");
        assert!(fault("/2026/*").ends_with("type '2026/*' or '**/2026/*'"));
        assert!(fault("2026/").ends_with("type '2026/**' for all in a folder"));
        assert!(fault("../x").contains("within the folder"));
        assert!(fault("[a").starts_with("no glob: unclosed character class"), "{}", fault("[a"));
        assert!(fault("{a").starts_with("no glob: unclosed alternate"), "{}", fault("{a"));
        assert_eq!(Selection::new().exclude("[z-a]").unwrap_err().kind(), ErrorKind::Selection);
    }
}
