//! What the fuzz targets do with an input, and a test that does it with every input that is kept.
//! The targets in `fuzz/` take [`run`] from here.

mod ask;
mod cuts;
mod dialects;
mod keys;
mod lines;
mod names;
mod twin;
mod wheres;
mod wrapped;

/// What a target does with an input: it panics if something is wrong.
type Target = fn(&[u8]);

/// The targets by name.
const TARGETS: [(&str, Target); 15] = [
    ("block", lines::block),
    ("csv", wrapped::csv),
    ("cut", cuts::cut),
    ("envelope", wrapped::envelope),
    ("gzip", wrapped::gzip),
    ("header", lines::header),
    ("keys", keys::keys),
    ("layout", lines::layout),
    ("messages", wrapped::messages),
    ("metric_pattern", dialects::metric_pattern),
    ("names", names::names),
    ("parquet", wrapped::parquet),
    ("prefix", wrapped::prefix),
    ("rule", dialects::rule),
    ("where", wheres::expression),
];

/// Does with an input what the target of this name does.
pub fn run(target: &str, input: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, run) = found.unwrap_or_else(|| panic!("no target is called {target}"));
    run(input);
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{TARGETS, run};

    /// The fewest inputs that are kept for a target.
    const INPUTS_MIN: usize = 8;

    /// What is in a folder of `fuzz/`, in order.
    fn entries(folder: &str) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("{folder:?}"));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    fn stems(folder: &str) -> Vec<String> {
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        entries(folder).into_iter().map(stem).collect()
    }

    /// What a little damage makes of an input: it is cut, without a piece, or has another byte.
    fn damaged(input: &[u8], seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % limit
        };
        let (kind, at) = (below(3), below(input.len()));
        match kind {
            0 => input[..at].to_vec(),
            1 => [&input[..at], &input[(at + 1 + below(12)).min(input.len())..]].concat(),
            _ => {
                let mut changed = input.to_vec();
                changed[at] = b"\n \t,\"{[-09\x00\xff"[below(12)];
                changed
            }
        }
    }

    #[test]
    fn every_kept_input_is_fine() {
        for (nth, (target, _)) in TARGETS.into_iter().enumerate() {
            let inputs = entries(&format!("corpus/{target}"));
            assert!(inputs.len() >= INPUTS_MIN, "{} inputs of {target}", inputs.len());
            for (number, path) in inputs.iter().enumerate() {
                println!("{}", path.display());
                let input = std::fs::read(path).unwrap();
                run(target, &input);
                let damaged = damaged(&input, (1000 * nth + number) as u64);
                println!("damaged: \"{}\"", damaged.escape_ascii());
                run(target, &damaged);
            }
        }
    }

    #[test]
    fn every_target_is_run_and_has_inputs() {
        let targets = TARGETS.map(|(name, _)| name.to_owned());
        assert_eq!(stems("fuzz_targets"), targets);
        assert_eq!(stems("corpus"), targets);
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        for target in targets {
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
        }
    }
}
