//! The headers of blocks. Of very many files, most begin with the same one: a worker remembers
//! those that it has met, and reads each once.

use std::sync::Arc;

use memchr::memchr;

use crate::layout::Layout;
use crate::scan::Marks;

/// How many headers are remembered; a bucket has a few flow logs, each with a header.
const KNOWN_MAX: usize = 16;

/// Headers that one worker has met.
#[derive(Debug, Default)]
pub struct Headers {
    /// Lines, and the layouts that they state; those met last come last.
    known: Vec<(Vec<u8>, Arc<Layout>)>,
}

impl Headers {
    /// Whether a text begins with a header that was met before.
    pub fn begin(&self, text: &[u8]) -> bool {
        memchr(b'\n', text).is_some_and(|end| self.at(&text[..end]).is_some())
    }

    /// The headers of a block, by the mark before them.
    pub fn find(&mut self, marks: &Marks<'_>) -> Vec<(usize, Arc<Layout>)> {
        let mut headers = Vec::new();
        for &place in marks.openings() {
            let rest = &marks.text()[place as usize..];
            // Nothing is looked at beyond the first word that is no field name.
            let line = &rest[..memchr(b'\n', rest).unwrap_or(rest.len())];
            if let Some(layout) = self.layout(line) {
                headers.push((marks.mark_at(place), layout));
            }
        }
        headers
    }

    /// The layout that a line states, if it is a header.
    fn layout(&mut self, line: &[u8]) -> Option<Arc<Layout>> {
        if let Some(at) = self.at(line) {
            return Some(Arc::clone(&self.known[at].1));
        }
        let layout = Arc::new(Layout::from_header(line)?);
        if self.known.len() == KNOWN_MAX {
            self.known.remove(0);
        }
        self.known.push((line.to_vec(), Arc::clone(&layout)));
        Some(layout)
    }

    fn at(&self, line: &[u8]) -> Option<usize> {
        self.known.iter().rposition(|(known, _)| known == line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;

    #[test]
    fn a_header_is_read_once_and_known_again() {
        let mut headers = Headers::default();
        assert!(!headers.begin(b"srcaddr bytes\n"));
        let first = headers.layout(b"srcaddr bytes").unwrap();
        assert!(Arc::ptr_eq(&first, &headers.layout(b"srcaddr bytes").unwrap()));
        assert!(headers.begin(b"srcaddr bytes\n10.0.0.1 5\n"));
        // A line that is cut is another one.
        assert!(!headers.begin(b"srcaddr bytes"));
        assert!(!headers.begin(b"srcaddr bytes start\n"));
        assert_eq!(headers.layout(b"2 - -"), None);
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut headers = Headers::default();
        for number in 0..2 * KNOWN_MAX {
            let line = format!("bytes x{number}");
            assert_eq!(headers.layout(line.as_bytes()).unwrap().position(Field::Bytes), Some(0));
        }
        assert_eq!(headers.known.len(), KNOWN_MAX);
        assert!(headers.begin(format!("bytes x{KNOWN_MAX}\n").as_bytes()));
        assert!(!headers.begin(b"bytes x0\n"));
    }
}
