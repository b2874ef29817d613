//! Programs that run to their end.

use std::{ffi::OsStr, path::Path, process::Stdio, time::Duration};

use tokio::{io::AsyncWriteExt, process::Command};

const LIMIT: Duration = Duration::from_secs(60);

/// The exit code and output of a program.
#[derive(Debug, Clone)]
pub struct CommandOutput {
    /// The exit code; `None` if a signal killed it.
    pub code: Option<i32>,
    /// Results.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl CommandOutput {
    /// Fails the test unless the program succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Parses the results as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}

/// Runs `program` to its end.
pub async fn run<A: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = A>,
) -> CommandOutput {
    run_with_input(program, args, "").await
}

/// Runs `program` to its end with these variables.
pub async fn run_with_env<A: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = A>,
    env: &[(&str, &str)],
) -> CommandOutput {
    let mut command = command(program, args);
    command.envs(env.iter().copied());
    finish(command, "").await
}

/// Runs `program` to its end with `input` on its standard input.
pub async fn run_with_input<A: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = A>,
    input: &str,
) -> CommandOutput {
    finish(command(program, args), input).await
}

fn command<A: AsRef<OsStr>>(program: &Path, args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    clean(command.as_std_mut());
    command
}

async fn finish(mut command: Command, input: &str) -> CommandOutput {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read its input may exit before it is written.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = tokio::time::timeout(LIMIT, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("{command:?} did not exit within {LIMIT:?}"))
        .unwrap();
    CommandOutput {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Clears the user's environment, so that it does not point a test to other servers and clouds.
pub(crate) fn clean(command: &mut std::process::Command) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::temp_dir().join("wci-tests-home");
    command.env_clear().env("PATH", path).env("HOME", home);
}
