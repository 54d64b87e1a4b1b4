//! How much memory a run may take, and the account of what is taken of it.
//!
//! Only what grows with the number of contributors is on the account. What each thread needs to
//! read and scan blocks is not: it is set apart at the beginning.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is assumed where the system does not say what it has.
const UNKNOWN_BYTES: u64 = 4 << 30;

/// What a run needs whatever it is asked: the program, its inputs, its output. Tests have all of
/// what they give for contributors, so that little is enough to outgrow it.
const RUN_BYTES: usize = if cfg!(debug_assertions) { 0 } else { 10 << 20 };

/// What each thread needs for a block, its marks, its columns and a decoder.
const THREAD_BYTES: usize = if cfg!(debug_assertions) { 0 } else { 4 << 20 };

/// A budget in bytes, and what is taken of it. Any thread may take and give back.
///
/// The last bytes are a reserve for what has to be in memory, whatever else has filled it.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    reserve: usize,
    taken: AtomicUsize,
}

impl Budget {
    /// So many bytes, and as many more in reserve, of which none is taken.
    pub fn new(limit: usize, reserve: usize) -> Self {
        Self { limit, reserve, taken: AtomicUsize::new(0) }
    }

    /// Takes bytes if they are there.
    #[must_use]
    pub fn try_take(&self, bytes: usize) -> bool {
        self.try_take_of(self.limit, bytes)
    }

    /// Takes bytes if they are there, be it in reserve.
    #[must_use]
    pub fn try_take_reserve(&self, bytes: usize) -> bool {
        self.try_take_of(self.limit.saturating_add(self.reserve), bytes)
    }

    fn try_take_of(&self, limit: usize, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= limit);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Takes bytes that are in use already.
    pub fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives back bytes that were taken.
    pub fn give(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What of `bytes` for a whole run is left for contributors with so many threads.
pub fn for_contributors(bytes: u64, threads: usize) -> usize {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let apart = threads.saturating_mul(THREAD_BYTES).saturating_add(RUN_BYTES);
    bytes.saturating_sub(apart).max(bytes / 8)
}

/// How many of so many threads find room in `bytes`: each as much for contributors as for blocks.
pub fn threads(bytes: u64, threads: usize) -> usize {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    match (2 * THREAD_BYTES, bytes.saturating_sub(RUN_BYTES)) {
        (0, _) => threads,
        (each, bytes) => threads.min(bytes / each).max(1),
    }
}

/// Half of what the machine has, or the control group that this runs in.
pub fn default_bytes() -> u64 {
    bytes_there(Path::new("/")).unwrap_or(2 * UNKNOWN_BYTES) / 2
}

/// What the system under `root` says that there is.
fn bytes_there(root: &Path) -> Option<u64> {
    let of_machine = fs::read_to_string(root.join("proc/meminfo")).ok();
    let of_machine = of_machine.as_deref().and_then(total).into_iter();
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let of_groups = groups.lines().filter_map(limit_file).flat_map(|(folder, group, name)| {
        // The limit of a group holds for the groups in it. A container may see its own as `/`.
        let inner = Path::new(group.trim_start_matches('/')).to_owned();
        let folder = root.join(folder);
        let groups: Vec<PathBuf> = inner.ancestors().map(|path| folder.join(path)).collect();
        groups.into_iter().filter_map(move |group| limit(&group.join(name)))
    });
    of_machine.chain(of_groups).min()
}

/// `MemTotal:       24683484 kB`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The folder, the group and the file with its limit that a line of `/proc/self/cgroup` speaks of.
fn limit_file(line: &str) -> Option<(&'static str, &str, &'static str)> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
    match controllers {
        "" => Some(("sys/fs/cgroup", group, "memory.max")),
        _ if controllers.split(',').any(|name| name == "memory") => {
            Some(("sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
        }
        _ => None,
    }
}

/// The number in a file; none for `max`.
fn limit(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_never_more_than_there_is() {
        let budget = Budget::new(10, 2);
        assert!(budget.try_take(6));
        assert!(!budget.try_take(5));
        assert!(budget.try_take(4));
        assert!(!budget.try_take(1) && !budget.try_take_reserve(3));
        assert!(budget.try_take_reserve(2));
        budget.give(2);
        budget.give(3);
        assert!(budget.try_take(3));
        budget.take(5);
        assert!(!budget.try_take(0));
        budget.give(5);
        assert!(!budget.try_take(usize::MAX));
    }

    #[test]
    fn the_machine_and_its_control_groups_say_what_there_is() {
        let root = std::env::temp_dir().join(format!("flowagg-memory-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(bytes_there(&root), None);
        write("proc/meminfo", "MemTotal:       24683484 kB\nMemFree:  1 kB\n");
        assert_eq!(bytes_there(&root), Some(24_683_484 << 10));
        write("proc/self/cgroup", "0::/a.slice/b\n");
        write("sys/fs/cgroup/a.slice/b/memory.max", "max\n");
        assert_eq!(bytes_there(&root), Some(24_683_484 << 10));
        write("sys/fs/cgroup/a.slice/memory.max", "2147483648\n");
        assert_eq!(bytes_there(&root), Some(2 << 30));
        write("proc/self/cgroup", "11:cpuset:/c\n4:memory:/c\n");
        write("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "1073741824\n");
        assert_eq!(bytes_there(&root), Some(1 << 30));
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1024\n");
        assert_eq!(bytes_there(&root), Some(1024));
        fs::remove_dir_all(&root).unwrap();
    }
}
