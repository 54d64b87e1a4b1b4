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

/// The most columns that `COLUMNS` can say: a table is made for people.
const WIDTH_MAX: usize = 10_000;

/// How wide a table may be: as the terminal, or without one as `COLUMNS` says, as for `less -S`;
/// but not narrower than is promised anywhere else.
pub fn width() -> usize {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    let size = terminal_size::terminal_size_of(io::stdout());
    let width = size.map(|(width, _)| usize::from(width.0)).or_else(said);
    width.map_or(WIDTH, |width| width.clamp(WIDTH, WIDTH_MAX))
}
