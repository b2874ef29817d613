//! What happens to running workflows when another version becomes current.

use temporal_serverless_worker::VersioningBehavior;

/// The environment variable that selects the behavior: `auto-upgrade` or `pinned`.
const VARIABLE: &str = "GREETER_VERSIONING";

/// Reads `GREETER_VERSIONING`. Defaults to `auto-upgrade` if it is unset or empty.
pub(crate) fn of_process() -> Result<VersioningBehavior, String> {
    parse(&std::env::var(VARIABLE).unwrap_or_default())
}

fn parse(chosen: &str) -> Result<VersioningBehavior, String> {
    match chosen {
        "" | "auto-upgrade" => Ok(VersioningBehavior::AutoUpgrade),
        "pinned" => Ok(VersioningBehavior::Pinned),
        other => Err(format!("{VARIABLE} is `{other}`; set it to `auto-upgrade` or `pinned`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflows_auto_upgrade_by_default() {
        assert_eq!(parse(""), Ok(VersioningBehavior::AutoUpgrade));
        assert_eq!(parse("pinned"), Ok(VersioningBehavior::Pinned));
        assert!(parse("stay").unwrap_err().contains("`auto-upgrade` or `pinned`"));
    }
}
