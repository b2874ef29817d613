//! `wci completion`: prints completion scripts for shells.

use clap_complete::{Shell, generate};

/// The supported shells.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum KnownShell {
    /// Bourne Again Shell.
    Bash,
    /// Z shell.
    Zsh,
    /// Friendly interactive shell.
    Fish,
}

/// Print a shell completion script
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci completion bash > /etc/bash_completion.d/wci
  wci completion zsh > \"${fpath[1]}/_wci\"
  wci completion fish > ~/.config/fish/completions/wci.fish")]
pub struct CompletionArgs {
    /// Shell
    #[arg(value_enum)]
    shell: KnownShell,
}

/// Prints the script for `program`.
pub(super) fn print(args: &CompletionArgs, mut program: clap::Command) {
    let shell = match args.shell {
        KnownShell::Bash => Shell::Bash,
        KnownShell::Zsh => Shell::Zsh,
        KnownShell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut program, "wci", &mut script);
    super::output::say_lines(String::from_utf8_lossy(&script).trim_end());
}
