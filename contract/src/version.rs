//! The identity of a Worker Deployment Version, and so of its instance.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::names::{INSTANCE_PREFIX, VERSION_PREFIX};

/// The longest deployment name or build ID, bytes: both must fit into a workflow ID.
const MAX_NAME: usize = 400;

/// A Worker Deployment Version: the name of its deployment and its build ID. Neither is empty, and
/// the deployment's name has no colon.
///
/// Displayed and parsed as `<deployment>:<build-id>`. Serialised as the two fields
/// `deployment_name` and `build_id`, which inputs of activities flatten.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct VersionId {
    deployment: String,
    build_id: String,
}

/// A version on the wire.
#[derive(Serialize, Deserialize)]
struct Fields {
    deployment_name: String,
    build_id: String,
}

impl TryFrom<Fields> for VersionId {
    type Error = NameError;

    fn try_from(fields: Fields) -> Result<Self, NameError> {
        Self::new(&fields.deployment_name, &fields.build_id)
    }
}

impl From<VersionId> for Fields {
    fn from(version: VersionId) -> Self {
        Self { deployment_name: version.deployment, build_id: version.build_id }
    }
}

/// Why a name does not identify a Worker Deployment Version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// One of the two names is empty.
    #[error("{0} is empty: a version is written <deployment>:<build-id>, for example orders:v1")]
    Empty(&'static str),
    /// The colon separates deployment and build.
    #[error("deployment name {0:?} contains a colon, which separates it from the build ID")]
    Colon(String),
    /// Too long for a workflow ID.
    #[error("{what} is {len} bytes long; at most {max} are allowed")]
    TooLong {
        /// Which name.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// No colon or slash between the two.
    #[error("{0:?} does not name a version: write <deployment>:<build-id>, for example orders:v1")]
    NotAVersion(String),
    /// No colon, and more than one slash.
    #[error("{text:?} may be {}: write the version with a colon", alternatives(.candidates))]
    Ambiguous {
        /// The text.
        text: String,
        /// The versions that it may name.
        candidates: Vec<VersionId>,
    },
}

fn alternatives(candidates: &[VersionId]) -> String {
    let names: Vec<String> = candidates.iter().map(VersionId::to_string).collect();
    names.join(" or ")
}

impl VersionId {
    /// The version with this deployment name and build ID.
    ///
    /// # Errors
    /// A name that is empty or longer than 400 bytes, or a deployment name with a colon: the first
    /// colon of a workflow ID ends the deployment name.
    pub fn new(deployment: &str, build_id: &str) -> Result<Self, NameError> {
        for (what, name) in [("deployment name", deployment), ("build ID", build_id)] {
            if name.is_empty() {
                return Err(NameError::Empty(what));
            }
            if name.len() > MAX_NAME {
                return Err(NameError::TooLong { what, len: name.len(), max: MAX_NAME });
            }
        }
        if deployment.contains(':') {
            return Err(NameError::Colon(deployment.to_owned()));
        }
        Ok(Self { deployment: deployment.to_owned(), build_id: build_id.to_owned() })
    }

    /// The versions that `text` may name, as a person types it: one for `<deployment>:<build-id>`,
    /// and one for each slash if there is no colon, because both names may contain slashes.
    ///
    /// # Errors
    /// The text names no version.
    pub fn candidates(text: &str) -> Result<Vec<Self>, NameError> {
        if let Some((deployment, build_id)) = text.split_once(':') {
            return Ok(vec![Self::new(deployment, build_id)?]);
        }
        let read: Vec<_> = text
            .match_indices('/')
            .map(|(at, slash)| {
                let (deployment, rest) = text.split_at(at);
                Self::new(deployment, rest.strip_prefix(slash).unwrap_or(rest))
            })
            .collect();
        match read.as_slice() {
            [] => Err(NameError::NotAVersion(text.to_owned())),
            [Err(error)] => Err(error.clone()),
            _ => match read.into_iter().flatten().collect::<Vec<_>>() {
                none if none.is_empty() => Err(NameError::NotAVersion(text.to_owned())),
                some => Ok(some),
            },
        }
    }

    /// Parses an instance's workflow ID; `None` for any other workflow ID.
    pub fn from_workflow_id(id: &str) -> Option<Self> {
        let (deployment, build_id) = id.strip_prefix(INSTANCE_PREFIX)?.split_once(':')?;
        Self::new(deployment, build_id).ok()
    }

    /// The name of the Worker Deployment.
    pub fn deployment(&self) -> &str {
        &self.deployment
    }

    /// The build ID of the version.
    pub fn build_id(&self) -> &str {
        &self.build_id
    }

    /// The ID of the instance workflow.
    pub fn workflow_id(&self) -> String {
        format!("{INSTANCE_PREFIX}{self}")
    }

    /// The ID of the workflow in which the server keeps the version.
    pub fn version_workflow_id(&self) -> String {
        format!("{VERSION_PREFIX}{self}")
    }
}

impl FromStr for VersionId {
    type Err = NameError;

    /// Parses `<deployment>:<build-id>` or `<deployment>/<build-id>`, as a person types it. Refuses
    /// text with several slashes and no colon.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut candidates = Self::candidates(text)?;
        match (candidates.pop(), candidates.is_empty()) {
            (Some(only), true) => Ok(only),
            (last, _) => {
                candidates.extend(last);
                Err(NameError::Ambiguous { text: text.to_owned(), candidates })
            }
        }
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.deployment, self.build_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(text: &str) -> Result<VersionId, NameError> {
        text.parse()
    }

    #[test]
    fn the_first_colon_ends_the_deployment() {
        let id = parse("orders:v1:hotfix").unwrap();
        assert_eq!((id.deployment(), id.build_id()), ("orders", "v1:hotfix"));
        assert_eq!(id.workflow_id(), "temporal-sys-worker-controller-instance:orders:v1:hotfix");
        assert_eq!(VersionId::from_workflow_id(&id.workflow_id()), Some(id));
    }

    #[test]
    fn a_slash_serves_where_there_is_no_colon() {
        assert_eq!(parse("orders/v1").unwrap().to_string(), "orders:v1");
    }

    #[test]
    fn several_slashes_without_a_colon_are_refused_with_the_versions_they_may_name() {
        assert_eq!(
            parse("a/b/c").unwrap_err().to_string(),
            "\"a/b/c\" may be a:b/c or a/b:c: write the version with a colon"
        );
        let id = parse("a/b:c").unwrap();
        assert_eq!((id.deployment(), id.build_id()), ("a/b", "c"));
        assert_eq!(VersionId::candidates("a/b/").unwrap(), [VersionId::new("a", "b/").unwrap()]);
    }

    #[test]
    fn what_is_not_a_version_is_refused_with_an_example() {
        for text in ["", "orders", ":v1", "orders:"] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains("orders:v1"), "{message}");
        }
        assert!(VersionId::from_workflow_id("some-other-workflow").is_none());
    }

    #[test]
    fn the_wire_has_two_fields_and_no_version_without_a_name_is_read() {
        let wire = json!({"deployment_name": "orders", "build_id": "v1"});
        let id: VersionId = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(serde_json::to_value(id).unwrap(), wire);
        let nameless = json!({"deployment_name": "orders", "build_id": ""});
        assert!(serde_json::from_value::<VersionId>(nameless).is_err());
    }
}
