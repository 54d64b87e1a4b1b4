//! What the fuzz target of metric filter patterns does with an input, and a test that does it
//! with every input that is kept. The target in `fuzz/` takes the function from here.

use flowagg::ErrorKind;
use flowagg::dialect::{FilterPattern, PatternKind};

/// Takes the input's first line as a pattern and the rest as an event: neither may panic, and
/// what comes out has to make sense.
pub fn metric_pattern(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let pattern = String::from_utf8_lossy(&input[..end]);
    let event = input.get(end + 1..).unwrap_or_default();
    let parsed = match FilterPattern::parse(&pattern) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Pattern);
            let message = error.to_string();
            let is_raw = |char: char| char.is_control() && char != '\n';
            assert!(!message.contains(is_raw), "{message:?}");
            return;
        }
    };
    assert_eq!(parsed.text(), pattern);
    let Some(extracted) = parsed.test(event) else { return };
    let is_fields = parsed.kind() == PatternKind::Fields;
    assert!(is_fields || extracted.is_empty());
    for (at, one) in extracted.iter().enumerate() {
        let name = one.name.strip_prefix('$').unwrap();
        assert!(name.parse() == Ok(at + 1) || parsed.has_field(name), "{name}");
        let length = one.value.len();
        assert!(length == 0 || event.windows(length).any(|part| part == one.value));
    }
}

#[test]
fn every_kept_input_is_fine() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/metric_pattern");
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        metric_pattern(&std::fs::read(path).unwrap());
        inputs += 1;
    }
    assert!(inputs >= 12, "{inputs} inputs in {folder}");
}
