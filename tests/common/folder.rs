//! A folder for what a test writes.

use std::path::{Path, PathBuf};

/// A folder of a test's own, removed when it ends.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A folder with this in its name, for tests of one program.
    pub fn new(name: &str) -> Self {
        let program = env!("CARGO_CRATE_NAME");
        let name = format!("flowagg-{program}-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file, in folders of the folder if its name says so; returns where it is.
    pub fn file(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
