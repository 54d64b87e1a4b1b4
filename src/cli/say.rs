//! Standard error, a line at a time. If nobody listens there, the work goes on all the same.

use std::fmt::Display;
use std::io::Write;

/// Says what is wrong; `--quiet` does not silence it.
pub fn error(message: impl Display) {
    line(format_args!("flowagg: {message}"));
}

/// Says what may be wrong.
pub fn warning(message: impl Display) {
    line(format_args!("flowagg: warning: {message}"));
}

/// Says it as it is.
pub fn line(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
