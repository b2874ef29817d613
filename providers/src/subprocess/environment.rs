//! The environment variables of a worker process.

use std::{collections::BTreeMap, env, ffi::OsString};

use wci_contract::{VersionId, limits};

use crate::{AllowedVariables, ProviderError, allowed_variables::is_name};

/// The system worker's own variables that a process inherits.
const INHERITED: [&str; 4] = ["PATH", "HOME", "TMPDIR", "LANG"];
/// Variables that make interpreters, shells and libraries load code, whatever the program is. An
/// operator who lists one by mistake is told at once. The list need not be complete: what is not
/// allowed by name or prefix is refused anyway.
const LOADERS: [&str; 21] = [
    "BASH_ENV",
    "ENV",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PATH",
    "PERL5DB",
    "PERL5LIB",
    "PERL5OPT",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
    "SHELLOPTS",
    "ZDOTDIR",
];
/// Prefixes of variables that make the dynamic linker load code.
const LINKERS: [&str; 2] = ["LD_", "DYLD_"];
/// The prefix of variables that say where a worker connects and with which credentials. Only the
/// operator sets them. A spec may set those that tune a worker: [`TUNING`] and [`TASK_QUEUE`].
const CONNECTION: &str = "TEMPORAL_";
const TUNING: &str = "TEMPORAL_SERVERLESS_";
const TASK_QUEUE: &str = "TEMPORAL_TASK_QUEUE";
/// Variables that the provider sets itself.
const PROVIDER_VARIABLES: [&str; 3] =
    [WorkerVariables::DEADLINE_MS, WorkerVariables::IDENTITY, WorkerVariables::LAUNCH_ID];

/// Variables that tell a worker process which worker it is.
#[derive(Debug, Clone)]
pub(super) struct WorkerVariables<'a> {
    /// The namespace.
    pub(super) namespace: &'a str,
    /// The Worker Deployment Version.
    pub(super) version: &'a VersionId,
    /// When it must be gone, milliseconds since the Unix epoch; `None` for a process of a pool.
    pub(super) deadline_ms: Option<u64>,
    /// The identity that the server shows for it.
    pub(super) identity: String,
    /// The launch that it belongs to.
    pub(super) launch_id: &'a str,
}

impl WorkerVariables<'_> {
    const DEADLINE_MS: &'static str = "TEMPORAL_SERVERLESS_DEADLINE_MS";
    const IDENTITY: &'static str = "TEMPORAL_SERVERLESS_IDENTITY";
    const LAUNCH_ID: &'static str = "WCI_LAUNCH_ID";

    /// Names and values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let deadline = self.deadline_ms.map(|ms| (Self::DEADLINE_MS, ms.to_string()));
        let others = [
            ("TEMPORAL_NAMESPACE", self.namespace.to_owned()),
            ("TEMPORAL_DEPLOYMENT_NAME", self.version.deployment().to_owned()),
            ("TEMPORAL_WORKER_BUILD_ID", self.version.build_id().to_owned()),
            (Self::IDENTITY, self.identity.clone()),
            (Self::LAUNCH_ID, self.launch_id.to_owned()),
        ];
        others.into_iter().chain(deadline)
    }
}

/// The variables that all processes of a spec share: inherited ones, then those that the operator
/// passes, then those of the spec. Later ones take precedence.
pub(super) fn shared(
    pass_env: &BTreeMap<String, String>,
    spec_env: impl IntoIterator<Item = (String, String)>,
) -> BTreeMap<String, OsString> {
    let inherited = INHERITED.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
    let mut all: BTreeMap<String, OsString> =
        inherited.map(|(name, value)| (name.to_owned(), value)).collect();
    all.extend(pass_env.iter().map(|(name, value)| (name.clone(), value.into())));
    all.extend(spec_env.into_iter().map(|(name, value)| (name, value.into())));
    all
}

/// Checks that a spec may set the variables `names`: those that tune a worker, and those that the
/// operator allows.
pub(super) fn check<'a>(
    names: impl Iterator<Item = &'a String>,
    pass_env: &BTreeMap<String, String>,
    allowed: &AllowedVariables,
) -> Result<(), ProviderError> {
    for name in names {
        check_syntax(name)?;
        let reason = if pass_env.contains_key(name) {
            "the operator sets it"
        } else if PROVIDER_VARIABLES.contains(&name.as_str()) {
            "the provider sets it"
        } else if is_connection(name) {
            "only the operator says where workers connect"
        } else if loads_code(name) {
            "it changes what code the program loads"
        } else if !is_tuning(name) && !allowed.allows(name) {
            "the operator does not allow it for this command (allow_env in the file of --config, or \
             --allow-env)"
        } else {
            continue;
        };
        return Err(ProviderError::forbidden(format!(
            "\"env\" must not set {name}: {reason}; remove it from the spec"
        )));
    }
    Ok(())
}

fn check_syntax(name: &str) -> Result<(), ProviderError> {
    if is_name(name) {
        return Ok(());
    }
    Err(ProviderError::invalid(format!(
        "\"env\" has an invalid variable name {:?}: use letters, digits and underscores, no digit \
         first, and at most 256 characters",
        limits::cut(name, limits::MAX_GROUP_NAME)
    )))
}

fn is_connection(name: &str) -> bool {
    name.starts_with(CONNECTION) && !is_tuning(name)
}

fn is_tuning(name: &str) -> bool {
    name.starts_with(TUNING) || name == TASK_QUEUE
}

fn loads_code(name: &str) -> bool {
    LOADERS.contains(&name) || LINKERS.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> Option<String> {
        let passed = BTreeMap::from([("TOKEN".to_owned(), "t".to_owned())]);
        let allowed = AllowedVariables::of(["RUST_LOG", "PATH", "ORDERS_*"]).unwrap();
        let checked = check([&name.to_owned()].into_iter(), &passed, &allowed);
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn the_operator_may_list_the_variables() {
        let allowed = AllowedVariables::of(["MODE"]).unwrap();
        let check = |name: &str| check([&name.to_owned()].into_iter(), &BTreeMap::new(), &allowed);
        for name in ["MODE", "TEMPORAL_TASK_QUEUE", "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS"] {
            assert!(check(name).is_ok(), "{name}");
        }
        let error = check("OTHER").unwrap_err().to_string();
        assert!(error.contains("does not allow it for this command"), "{error}");
    }

    #[test]
    fn a_spec_tunes_its_worker() {
        for name in [
            "RUST_LOG",
            "ORDERS_MODE",
            "TEMPORAL_TASK_QUEUE",
            "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS",
        ] {
            assert_eq!(refusal(name), None);
        }
    }

    #[test]
    fn a_spec_sets_neither_what_is_loaded_nor_where_workers_connect() {
        for name in [
            "PATH",
            "LD_PRELOAD",
            "LD_X",
            "TOKEN",
            "TEMPORAL_ADDRESS",
            "TEMPORAL_NAMESPACE",
            "TEMPORAL_API_KEY",
            "TEMPORAL_SERVERLESS_DEADLINE_MS",
            "WCI_LAUNCH_ID",
            "BASH_ENV",
            "PYTHONWARNINGS",
            "BROWSER",
            "HOME",
            "HTTPS_PROXY",
            "AWS_ENDPOINT_URL",
            "DOTNET_STARTUP_HOOKS",
            "LUA_INIT",
            "ANYTHING_ELSE",
        ] {
            assert!(refusal(name).unwrap().contains(name));
        }
    }

    #[test]
    fn an_invalid_name_is_refused() {
        for name in ["", "1A", "A=B", "A B", "Ä"] {
            assert!(refusal(name).unwrap().contains("letters, digits"));
        }
    }

    #[test]
    fn variables_of_operator_and_spec_are_merged() {
        let passed = BTreeMap::from([("A".to_owned(), "operator".to_owned())]);
        let all = shared(&passed, [("B".to_owned(), "spec".to_owned())]);
        assert_eq!((all["A"].to_str(), all["B"].to_str()), (Some("operator"), Some("spec")));
        assert!(!all.contains_key("CARGO_PKG_NAME"));
    }
}
