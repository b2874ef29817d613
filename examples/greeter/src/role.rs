//! Whether this process runs workflows, activities or both.

/// The environment variable that selects the role: `workflows`, `activities` or `both`.
const VARIABLE: &str = "GREETER_ROLE";

/// The tasks that this process polls for.
///
/// One worker may do everything, or workflows and activities may run as separate functions, each
/// with the memory and the timeout that it needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Workflows,
    Activities,
    Both,
}

impl Role {
    /// Reads `GREETER_ROLE`. Defaults to both if it is unset or empty.
    pub(crate) fn of_process() -> Result<Self, String> {
        let chosen = std::env::var(VARIABLE).unwrap_or_default();
        Self::parse(&chosen)
    }

    fn parse(chosen: &str) -> Result<Self, String> {
        match chosen {
            "workflows" => Ok(Self::Workflows),
            "activities" => Ok(Self::Activities),
            "" | "both" => Ok(Self::Both),
            other => Err(format!(
                "{VARIABLE} is `{other}`; set it to `workflows`, `activities` or `both`"
            )),
        }
    }

    pub(crate) fn has_workflows(self) -> bool {
        self != Self::Activities
    }

    pub(crate) fn has_activities(self) -> bool {
        self != Self::Workflows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_does_both_by_default() {
        assert_eq!(Role::parse(""), Ok(Role::Both));
        assert!(Role::Both.has_workflows() && Role::Both.has_activities());
        assert!(!Role::parse("activities").unwrap().has_workflows());
        assert!(!Role::parse("workflows").unwrap().has_activities());
    }

    #[test]
    fn an_unknown_role_is_refused_with_the_known_ones() {
        let refusal = Role::parse("all").unwrap_err();
        assert!(refusal.contains("`workflows`, `activities` or `both`"));
    }
}
