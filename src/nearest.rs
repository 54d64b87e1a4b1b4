//! The known name that a misspelled one most likely means.

/// Names longer than this get no suggestion, so that hostile input costs no time.
const NAME_BYTES_MAX: usize = 64;

/// The known name with the fewest edits to `name`, case aside, if at most a third of its letters
/// differ; the first of equals.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let near =
        known.into_iter().filter(|known| known.len() <= NAME_BYTES_MAX).filter_map(|known| {
            let edits = edits(name.as_bytes(), known.as_bytes());
            (edits <= name.len().max(known.len()) / 3).then_some((edits, known))
        });
    near.min_by_key(|&(edits, _)| edits).map(|(_, known)| known)
}

/// Insertions, deletions and replacements that make one name of the other (Levenshtein).
pub fn edits(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (to, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(!a.eq_ignore_ascii_case(b));
            diagonal = row[to + 1];
            row[to + 1] = replaced.min(diagonal + 1).min(row[to] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far_names() {
        let known = ["srcaddr", "dstaddr", "bytes", "Keys"];
        assert_eq!(nearest("srcadr", known), Some("srcaddr"));
        assert_eq!(nearest("SRC-ADDR", known), Some("srcaddr"));
        assert_eq!(nearest("key", known), Some("Keys"));
        assert_eq!(nearest("scraddr", known), Some("srcaddr"));
        assert_eq!(nearest("packets", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"srcaddr".repeat(10), known), None);
        assert_eq!(edits(b"kitten", b"sitting"), 3);
        assert_eq!(edits(b"", b"abc"), 3);
    }
}
