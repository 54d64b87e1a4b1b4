//! What can be typed after `completions` and `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const COMPLETIONS_HELP: &str = "\
Examples:
  flowagg completions bash > ~/.local/share/bash-completion/completions/flowagg
  flowagg completions zsh > ~/.zfunc/_flowagg
  flowagg completions fish > ~/.config/fish/completions/flowagg.fish
  flowagg completions powershell >> $PROFILE";

/// `flowagg completions`.
#[derive(Debug, Args)]
#[command(after_long_help = COMPLETIONS_HELP)]
pub struct CompletionsOptions {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub shell: Shell,
}

const MAN_HELP: &str = "\
Examples:
  flowagg man | man -l -
  flowagg man ~/.local/share/man/man1";

/// `flowagg man`.
#[derive(Debug, Args)]
#[command(after_long_help = MAN_HELP)]
pub struct ManOptions {
    /// A folder to write a page for each command into; without it, flowagg.1 is printed
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}
