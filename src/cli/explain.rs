//! `--explain`: questions are told, and no log is read for them.

use std::path::PathBuf;

use flowagg::Error;
use flowagg::explain::Logs;

use super::answer::{self, usage};
use super::considered::Considered;
use super::exit::Exit;
use super::options::{Common, LineFormat};

/// Tells what `explain` says of the logs at these paths.
pub fn run(
    considered: &Considered,
    format: Option<&LineFormat>,
    paths: &[PathBuf],
    common: &Common,
    explain: impl FnOnce(&Logs<'_>) -> Result<String, Error>,
) -> Exit {
    if let Some(exit) = answer::without_logs(common) {
        return exit;
    }
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let logs = Logs::new(&paths);
    let logs = match considered.expression() {
        Some(expression) => logs.only(expression.clone()),
        None => logs,
    };
    let logs = match format {
        Some(LineFormat::Layout(layout)) => logs.layout(layout),
        _ => logs,
    };
    let told = logs.between(considered.start, considered.end).and_then(|logs| explain(&logs));
    match told {
        Ok(text) => answer::write(|out| out.write_all(text.as_bytes())),
        Err(error) => usage(error),
    }
}
