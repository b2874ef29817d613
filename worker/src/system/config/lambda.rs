//! `aws-lambda` in the configuration file.

use serde::Deserialize;
use serde_saphyr::Spanned;
use wci_activities::Ceiling;
use wci_providers::{IntermediaryRole, LambdaSettings, check_account, check_role};

use super::{Problem, choice::Choice, limit_keys::CeilingKeys};

/// Limit of roles before the role of a spec. AWS has no limit, but each costs a request.
const MAX_CHAIN: usize = 5;

/// How specs may use AWS Lambda.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lambda {
    accounts: Choice,
    #[serde(default)]
    roles: Option<Choice>,
    #[serde(default)]
    role_chain: Vec<Spanned<Step>>,
    #[serde(default)]
    allow_no_role: bool,
    #[serde(default)]
    max_workers: Option<Spanned<String>>,
    #[serde(default)]
    max_workers_per_minute: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    role: String,
    #[serde(default)]
    external_id: Option<String>,
}

impl Lambda {
    pub(super) fn into_settings(self) -> Result<(LambdaSettings, Ceiling), Problem> {
        let Self {
            accounts,
            roles,
            role_chain,
            allow_no_role,
            max_workers,
            max_workers_per_minute,
        } = self;
        let ceilings = CeilingKeys { max_workers, max_workers_per_minute };
        if roles.is_none() && !allow_no_role {
            let message = "the key \"roles\" is missing: list the ARNs of the roles that specs may \
                           assume, or write any, or set allow_no_role: true";
            return Err((None, message.to_owned()));
        }
        if role_chain.len() > MAX_CHAIN {
            let line = role_chain.first().map(|step| step.referenced.line());
            return Err((line, format!("role_chain has more than {MAX_CHAIN} roles")));
        }
        let mut intermediary_roles = Vec::new();
        for step in role_chain {
            let line = step.referenced.line();
            let Step { role, external_id } = step.value;
            check_role(&role).map_err(|message| (Some(line), format!("role_chain: {message}")))?;
            intermediary_roles.push(IntermediaryRole { role, external_id });
        }
        let settings = LambdaSettings {
            allow_no_role,
            accounts: accounts.read(check_account).map_err(of("accounts"))?,
            // Without the key, no role is allowed.
            roles: roles
                .map_or(Ok(Some([].into())), |roles| roles.read(check_role).map_err(of("roles")))?,
            intermediary_roles,
        };
        Ok((settings, ceilings.read(Ceiling::NONE)?))
    }
}

fn of(key: &'static str) -> impl Fn(Problem) -> Problem {
    move |(line, message)| (line, format!("{key}: {message}"))
}
