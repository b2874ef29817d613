//! The version of the server, and whether `wci` can work with it.

use std::fmt;

use anyhow::bail;
use temporalio_client::{Connection, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use wci_contract::limits::cut;

use super::{AdminClient, SOON, within};

/// The smallest release that works. Earlier ones report the backlog of a current version as
/// unversioned, so that no worker would ever be started for it.
const SMALLEST: (u32, u32) = (1, 30);
/// Bytes of a version that a message repeats.
const MAX_SHOWN: usize = 40;

/// The version that a server reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVersion(String);

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ServerVersion {
    fn new(text: &str) -> Self {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || ".-+_".contains(*c);
        Self(cut(text, MAX_SHOWN).chars().filter(is_plain).collect())
    }

    /// Why `wci` cannot work with this server; `None` if it can, or if the version is of a kind
    /// that this build does not understand.
    pub fn problem(&self) -> Option<String> {
        let mut numbers = self.0.split('.').map(|number| number.parse::<u32>().ok());
        let release = (numbers.next()??, numbers.next()??);
        (release < SMALLEST).then(|| {
            format!(
                "this Temporal server is version {self}, which reports the backlog of a current \
                 version as unversioned, so that wci would start no workers: upgrade the server \
                 to {}.{} or later",
                SMALLEST.0, SMALLEST.1
            )
        })
    }

    /// The version of the server behind `connection`; `None` if it does not say.
    pub async fn of(connection: &Connection) -> Option<Self> {
        let mut service = connection.workflow_service();
        let call = service.get_system_info(GetSystemInfoRequest::default().into_request());
        let answer = within("asking for the server's version", SOON, call).await.ok()?;
        let version = Self::new(&answer.into_inner().server_version);
        (!version.0.is_empty()).then_some(version)
    }
}

/// Fails if `wci` cannot work with the server behind `connection`.
pub async fn require_supported_server(connection: &Connection) -> anyhow::Result<()> {
    match ServerVersion::of(connection).await.and_then(|version| version.problem()) {
        Some(problem) => bail!(problem),
        None => Ok(()),
    }
}

impl AdminClient {
    /// Fails if `wci` cannot work with the server.
    pub(crate) async fn require_supported_server(&self) -> anyhow::Result<()> {
        require_supported_server(self.client.connection()).await
    }

    /// Why `wci` cannot work with the server, as far as is known.
    pub(crate) async fn server_problem(&self) -> Option<String> {
        ServerVersion::of(self.client.connection()).await?.problem()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<String> {
        ServerVersion::new(text).problem()
    }

    #[test]
    fn a_server_that_is_too_old_is_refused_with_both_versions() {
        for version in ["1.29.1", "1.29.7", "1.5.0", "0.99.0", "1.29.0-144.5"] {
            let problem = problem(version).unwrap();
            assert!(problem.contains(&format!("version {version},")), "{problem}");
            assert!(problem.contains("1.30 or later"), "{problem}");
        }
    }

    #[test]
    fn later_servers_and_versions_of_another_kind_are_not_refused() {
        for version in ["1.30.0", "1.30.2", "1.32.0", "2.0.0", "1.31.0-151.3", "", "main", "1.x"] {
            assert_eq!(problem(version), None, "{version}");
        }
    }

    #[test]
    fn nothing_that_a_terminal_interprets_is_repeated() {
        let shown = ServerVersion::new("1.2\u{1b}[31m\n").to_string();
        assert_eq!(shown, "1.231m");
    }
}
