//! What standard output is: a terminal or not, how wide, with colours or without.

use std::io::{self, IsTerminal};

use flowagg::render::sheet::WIDTH;

/// Whether standard output may be coloured, if nobody says otherwise.
pub fn is_coloured() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_color && is_terminal()
}

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// How wide a table may be: as the terminal, but not narrower than is promised anywhere else.
pub fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(WIDTH, |(width, _)| usize::from(width.0).max(WIDTH))
}
