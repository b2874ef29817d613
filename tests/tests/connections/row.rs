//! One row: settings, and what becomes of a connection with them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::NamedTempFile;
use tokio::process::Command;
use wci_tests::{Certificates, Programs, World};

const LIMIT: Duration = Duration::from_secs(60);

/// Where everything is that a row may name in braces.
pub(crate) struct Place {
    programs: Programs,
    home: PathBuf,
    names: Vec<(String, String)>,
}

/// Settings and the outcome that they have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    env: Vec<(&'static str, &'static str)>,
    args: Vec<&'static str>,
    file: Option<&'static str>,
    /// What `wci` says when it does not connect. It connects if there is nothing.
    says: Option<Vec<&'static str>>,
    /// Whether the stock CLI does the opposite. The reason is in docs/connections.md.
    differs: bool,
    /// Whether the worker library has no such setting.
    no_library: bool,
}

impl Place {
    pub(crate) async fn new(world: &World, certificates: &Certificates<'_>) -> Self {
        let plain = world.server.address.clone();
        let home = world.dir().join("home");
        fs::create_dir_all(&home).unwrap();
        let key = world.dir().join("api-key");
        fs::write(&key, "secret\n").unwrap();
        let tls = certificates.listen("server.pem", false, &plain).await;
        let mutual = certificates.listen("server.pem", true, &plain).await;
        let expired = certificates.listen("expired.pem", false, &plain).await;
        let mut names = vec![
            ("{plain}".to_owned(), plain),
            ("{tls}".to_owned(), tls),
            ("{mutual}".to_owned(), mutual),
            ("{expired}".to_owned(), expired),
            ("{api-key}".to_owned(), key.display().to_string()),
        ];
        for name in ["ca.pem", "ca.key", "other.pem", "client.pem", "client.key", "missing.pem"] {
            let path = certificates.path(name);
            if let Ok(text) = fs::read_to_string(&path) {
                names.push((format!("{{{name}:text}}"), text));
            }
            names.push((format!("{{{name}}}"), path));
        }
        Self { programs: world.programs.clone(), home, names }
    }

    fn fill(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

impl Row {
    /// With variables, separated by spaces: `NAME=VALUE`.
    pub(crate) fn env(variables: &'static str) -> Self {
        let env = variables.split_whitespace().map(|pair| pair.split_once('=').unwrap()).collect();
        Self { env, ..Self::default() }
    }

    pub(crate) fn args(mut self, args: &'static str) -> Self {
        self.args = args.split_whitespace().collect();
        self.no_library = true;
        self
    }

    pub(crate) fn file(mut self, text: &'static str) -> Self {
        self.file = Some(text);
        self
    }

    /// `wci` does not connect, and these words are in its message.
    pub(crate) fn says(mut self, words: &[&'static str]) -> Self {
        self.says = Some(words.to_vec());
        self
    }

    pub(crate) fn unlike_the_cli(mut self) -> Self {
        self.differs = true;
        self
    }

    pub(crate) fn not_for_the_library(mut self) -> Self {
        self.no_library = true;
        self
    }

    /// Runs the programs, and returns what is not as it should be.
    pub(crate) async fn problems(&self, place: &Place) -> Vec<String> {
        let Programs { wci, greeter, temporal } = &place.programs;
        let file = self.write_file(place);
        let file = file.as_ref().map(NamedTempFile::path);
        let library = async {
            if self.no_library { None } else { Some(self.run(place, file, greeter, &[]).await) }
        };
        let list = ["workflow", "list"];
        let (ours, theirs, library) = tokio::join!(
            self.run(place, file, wci, &["list"]),
            self.run(place, file, temporal, &list),
            library
        );
        let mut problems = Vec::new();
        let mut problem = |text: String| problems.push(format!("{self:?}\n  {text}"));
        let connects = self.says.is_none();
        if ours.0 != connects {
            problem(format!("wci: {}", ours.1));
        }
        if theirs.0 != (connects != self.differs) {
            problem(format!("temporal: {}", theirs.1));
        }
        if let Some(library) = library.filter(|found| found.0 != connects) {
            problem(format!("library: {}", library.1));
        }
        for word in self.says.iter().flatten() {
            let word = place.fill(word);
            if !ours.1.contains(&word) {
                problem(format!("wci does not say {word:?}: {}", ours.1));
            }
        }
        if !connects && ours.1.trim().lines().count() != 1 {
            problem(format!("wci says more than one line: {}", ours.1));
        }
        problems
    }

    /// Writes the configuration file.
    fn write_file(&self, place: &Place) -> Option<NamedTempFile> {
        let text = place.fill(self.file?);
        let file = NamedTempFile::with_suffix_in(".toml", &place.home).unwrap();
        fs::write(file.path(), text).unwrap();
        Some(file)
    }

    /// Whether the program connects, and what it says on stderr.
    async fn run(
        &self,
        place: &Place,
        file: Option<&Path>,
        program: &Path,
        args: &[&str],
    ) -> (bool, String) {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", &place.home).current_dir(&place.home);
        command.envs([
            ("TEMPORAL_DEPLOYMENT_NAME", "connections"),
            ("TEMPORAL_WORKER_BUILD_ID", "v1"),
            ("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "100"),
            ("TEMPORAL_SERVERLESS_DEADLINE_MS", "60000"),
        ]);
        command.envs(file.map(|file| ("TEMPORAL_CONFIG_FILE", file)));
        command.envs(self.env.iter().map(|(name, value)| (name, place.fill(value))));
        command.args(args).args(self.args.iter().map(|arg| place.fill(arg)));
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(LIMIT, command.output()).await;
        let output = output.unwrap_or_else(|_| panic!("{self:?}: no end")).unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
