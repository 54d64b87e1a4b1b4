//! `flowagg man`: the manual, from the same words as `--help`.
//!
//! What stands below the options in `--help` is one text there. Here its paragraphs belong to the
//! description, and what it lists under a heading is a section, line by line as it stands.

use std::io;
use std::path::Path;

use clap::builder::Resettable;
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
        return answer::write(|out| out.write_all(page(&command())?.0.as_bytes()));
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

/// The headings of what is listed in `--help`, and of the sections that manuals have for them.
const SECTIONS: [(&str, &str); 3] =
    [("Examples:", "EXAMPLES"), ("Exit codes:", "EXIT STATUS"), ("Environment:", "ENVIRONMENT")];

/// The page of a command, and the name of its file.
fn page(command: &clap::Command) -> io::Result<(String, String)> {
    let source = concat!("flowagg ", env!("CARGO_PKG_VERSION"));
    let below = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let command = command.clone().after_long_help(Resettable::Reset);
    let man = Man::new(command).source(source).manual("flowagg");
    let mut text = Vec::new();
    man.render(&mut text)?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    let (mut described, mut sections) = (String::new(), String::new());
    for paragraph in below.split("\n\n") {
        let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        match SECTIONS.iter().find(|(heading, _)| *heading == first) {
            Some((_, section)) => {
                let lines = rest.lines().map(|line| roff(line.strip_prefix("  ").unwrap_or(line)));
                sections += &format!(".SH {section:?}\n.nf\n{}.fi\n", lines.collect::<String>());
            }
            None if paragraph.is_empty() => {}
            None => {
                described += ".PP\n";
                described.extend(paragraph.lines().map(roff));
            }
        }
    }
    insert(&mut text, ".SH DESCRIPTION\n", &described);
    let version = text.find(".SH VERSION\n").unwrap_or(text.len());
    text.insert_str(version, &sections);
    Ok((text, man.get_filename()))
}

/// Adds to the end of a section.
fn insert(page: &mut String, heading: &str, text: &str) {
    let begin = page.find(heading).map_or(page.len(), |begin| begin + heading.len());
    let end = page[begin..].find("\n.SH ").map_or(page.len(), |end| begin + end + 1);
    page.insert_str(end, text);
}

/// A line of text, without what roff would obey.
fn roff(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    let guard = if text.starts_with('.') { "\\&" } else { "" };
    format!("{guard}{text}\n")
}

/// Writes the page of each command; returns their paths, one a line.
fn write(folder: &Path) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let mut written = String::new();
    for command in commands(&command()) {
        let (text, name) = page(command)?;
        let path = folder.join(name);
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
            let text = page(command).unwrap().0.replace("\\-", "-");
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

    #[test]
    fn what_is_listed_has_sections_of_its_own() {
        let all = command();
        for command in commands(&all) {
            let (text, name) = page(command).unwrap();
            assert!(!text.contains(".SH EXTRA"), "{name}");
            let has = |heading: &str| text.contains(&format!("\n.SH {heading:?}\n.nf\n"));
            let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            for (heading, section) in SECTIONS {
                assert_eq!(
                    has(section),
                    help.contains(&format!("{heading}\n")),
                    "{name} {section}"
                );
            }
            assert_eq!(text.matches("\n.nf\n").count(), text.matches("\n.fi\n").count());
        }
        let (text, _) = page(&all).unwrap();
        assert!(text.contains("\n.SH \"EXIT STATUS\"\n.nf\n0  the answer is whole"), "{text}");
        assert!(text.contains("\nTMPDIR        where temporary files are made"), "{text}");
        let (before, _) = text.split_once(".SH INPUT").unwrap();
        assert!(before.contains("\n.PP\nA file that is called like a command"), "{text}");
        assert_eq!(roff(".a-b 'c' \\"), "\\&.a\\-b \\(aqc\\(aq \\e\n");
    }
}
