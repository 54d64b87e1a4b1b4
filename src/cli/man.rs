//! `flowagg man`: the manual, from the same words as `--help`.

use std::io;
use std::path::Path;

use clap::{Arg, CommandFactory};
use clap_mangen::Man;
use flowagg::Error;

use super::answer;
use super::exit::Exit;
use super::options::{Cli, ManOptions};
use super::{input, say};

/// Prints the page of `flowagg`, or writes one for each command into a folder and tells which.
pub fn run(options: &ManOptions) -> Exit {
    let Some(folder) = &options.folder else {
        return answer::write(|out| page(&command()).render(out));
    };
    match write(folder) {
        Ok(written) => answer::write(|out| out.write_all(written.as_bytes())),
        Err(error) => {
            say::error(format_args!("{}: {}", input::shown(folder), Error::from(error)));
            Exit::Partial
        }
    }
}

/// The command, where each command in it knows its whole name, and each option has the long help
/// that its page shows.
fn command() -> clap::Command {
    let explained = |argument: Arg| match (argument.get_help(), argument.get_long_help()) {
        (Some(help), None) => {
            let help = help.clone();
            argument.long_help(help)
        }
        _ => argument,
    };
    let mut command = Cli::command().mut_args(explained);
    command = command.mut_subcommands(|command| command.mut_args(explained));
    command.build();
    command
}

/// The commands that have pages.
fn commands(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    std::iter::once(command).chain(shown)
}

fn page(command: &clap::Command) -> Man {
    let source = concat!("flowagg ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(source).manual("flowagg")
}

/// Writes the page of each command; returns their paths, one a line.
fn write(folder: &Path) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let mut written = String::new();
    for command in commands(&command()) {
        let page = page(command);
        let path = folder.join(page.get_filename());
        let mut text = Vec::new();
        page.render(&mut text)?;
        std::fs::write(&path, text)?;
        written += &format!("{}\n", input::shown(&path));
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_has_a_name_and_each_option() {
        for command in commands(&command()) {
            let mut text = Vec::new();
            page(command).render(&mut text).unwrap();
            let text = String::from_utf8(text).unwrap().replace("\\-", "-");
            let name = command.get_display_name().unwrap_or("flowagg");
            assert!(text.contains(&format!(".SH NAME\n{name} - ")), "{name}: {text}");
            let (_, text) = text.split_once(".SH DESCRIPTION").unwrap();
            assert!(command.get_arguments().count() > 0, "{name}");
            let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
            for option in shown.filter_map(|argument| argument.get_long()) {
                let (_, text) = text.split_once(&format!("\\fB--{option}")).unwrap();
                let help = text.lines().nth(1).unwrap_or_default();
                assert!(help.starts_with(|c: char| c.is_alphanumeric()), "{name} --{option}");
            }
        }
    }
}
