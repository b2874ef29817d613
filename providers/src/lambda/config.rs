//! The provider's part of a spec: which function to invoke, and as which role.

use serde_json::{Map, Value};
use wci_contract::FailureClass;

use super::{
    arn::{FunctionArn, RoleArn},
    session::Role,
};
use crate::{LambdaSettings, ProviderError, config_keys::ConfigKeys};

const ARN: &str = "arn";
const ROLE: &str = "role";
const EXTERNAL_ID: &str = "role_external_id";
const DISPLAY_NAME: &str = "AWS Lambda";
/// The longest external ID that AWS allows, characters.
const MAX_EXTERNAL_ID: usize = 1224;

/// The config of the `aws-lambda` provider, checked against the operator's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LambdaConfig {
    /// The function.
    pub(super) function: FunctionArn,
    /// The role to assume; `None` means the system worker's own credentials.
    pub(super) role: Option<Role>,
    /// The operator's roles, assumed one after the other before `role`.
    pub(super) intermediary_roles: Vec<Role>,
}

impl LambdaConfig {
    /// Parses the provider's config.
    pub(super) fn parse(
        config: &Map<String, Value>,
        settings: &LambdaSettings,
    ) -> Result<Self, ProviderError> {
        let keys = ConfigKeys::new(config, DISPLAY_NAME, &[ARN, ROLE, EXTERNAL_ID])?;
        if !settings.allow_no_role {
            keys.required(ROLE)?;
            keys.required(EXTERNAL_ID)?;
        }
        let text = keys.text(ARN)?.ok_or_else(|| rejected(MISSING_ARN))?;
        let function = FunctionArn::parse(text).map_err(rejected)?;
        let role = read_role(&keys)?;
        check_account(&function.account, settings)?;
        if let Some((role, arn)) = &role {
            check_allowed(role, arn, settings)?;
            if arn.partition != function.partition {
                return Err(rejected(format!(
                    "role {} is in the partition {}, but the function is in {}: use a role in the \
                     function's partition",
                    role.arn, arn.partition, function.partition
                )));
            }
        }
        let intermediary_roles = settings
            .intermediary_roles
            .iter()
            .map(|step| Role { arn: step.role.clone(), external_id: step.external_id.clone() });
        let role = role.map(|(role, _)| role);
        Ok(Self { function, role, intermediary_roles: intermediary_roles.collect() })
    }
}

const MISSING_ARN: &str = "AWS Lambda Function ARN not found or invalid";

fn rejected(message: impl AsRef<str>) -> ProviderError {
    ProviderError::connect(FailureClass::Rejected, message)
}

fn read_role(keys: &ConfigKeys<'_>) -> Result<Option<(Role, RoleArn)>, ProviderError> {
    let external_id = keys.text(EXTERNAL_ID)?;
    if external_id.is_some_and(|id| !(2..=MAX_EXTERNAL_ID).contains(&id.len())) {
        return Err(ProviderError::invalid(format!(
            "{EXTERNAL_ID} must have from 2 to {MAX_EXTERNAL_ID} characters"
        )));
    }
    match keys.text(ROLE)? {
        Some(arn) => {
            let parsed = RoleArn::parse(arn).map_err(rejected)?;
            let role = Role { arn: arn.to_owned(), external_id: external_id.map(str::to_owned) };
            Ok(Some((role, parsed)))
        }
        None if external_id.is_some() => Err(ProviderError::invalid(format!(
            "{EXTERNAL_ID} has no effect without a role: add \"{ROLE}\", or remove {EXTERNAL_ID}"
        ))),
        None => Ok(None),
    }
}

fn check_account(account: &str, settings: &LambdaSettings) -> Result<(), ProviderError> {
    match &settings.accounts {
        Some(accounts) if !accounts.contains(account) => Err(ProviderError::forbidden(format!(
            "AWS account {account} is not allowed here: have the operator add it to the accounts \
             of this namespace in the file of --config"
        ))),
        _ => Ok(()),
    }
}

fn check_allowed(
    role: &Role,
    arn: &RoleArn,
    settings: &LambdaSettings,
) -> Result<(), ProviderError> {
    match &settings.roles {
        Some(roles) if !roles.contains(&role.arn) => Err(ProviderError::forbidden(format!(
            "role {} is not allowed here: have the operator add it to the roles of this namespace \
             in the file of --config",
            role.arn
        ))),
        Some(_) => Ok(()),
        None => check_account(&arn.account, settings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:orders:5";
    const ROLE_ARN: &str = "arn:aws:iam::123456789012:role/invoke";

    fn parse(config: Value, settings: &LambdaSettings) -> Result<LambdaConfig, ProviderError> {
        LambdaConfig::parse(config.as_object().unwrap(), settings)
    }

    fn error(config: Value) -> String {
        parse(config, &LambdaSettings::default()).unwrap_err().to_string()
    }

    #[test]
    fn role_and_external_id_are_required() {
        assert_eq!(
            error(json!({"arn": FUNCTION})),
            "AWS Lambda compute provider requires \"role\" to be configured"
        );
        assert_eq!(
            error(json!({"arn": FUNCTION, "role": ROLE_ARN})),
            "AWS Lambda compute provider requires \"role_external_id\" to be configured"
        );
    }

    #[test]
    fn the_operator_may_allow_specs_without_a_role() {
        let settings = LambdaSettings { allow_no_role: true, ..LambdaSettings::default() };
        assert_eq!(parse(json!({"arn": FUNCTION}), &settings).unwrap().role, None);
        assert!(parse(json!({"arn": FUNCTION, "role_external_id": "x1"}), &settings).is_err());
    }

    #[test]
    fn mistakes_in_arns_have_the_messages_that_clients_know() {
        let message =
            |arn, role| error(json!({"arn": arn, "role": role, "role_external_id": "id"}));
        assert_eq!(
            message("zzz", ROLE_ARN),
            "cannot connect to the compute provider: arn: invalid prefix"
        );
        assert_eq!(
            message("", ROLE_ARN),
            "cannot connect to the compute provider: AWS Lambda Function ARN not found or invalid"
        );
        assert!(
            message(FUNCTION, "arn:aws:iam::123456789012:user/x")
                .starts_with("cannot connect to the compute provider: role ARN must reference")
        );
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(error(json!({"arn": FUNCTION, "bogus": 1})).contains("\"bogus\""));
    }

    #[test]
    fn only_the_operators_accounts_and_roles_are_used() {
        let config = json!({"arn": FUNCTION, "role": ROLE_ARN, "role_external_id": "id"});
        let accounts = Some(["999999999999".to_owned()].into());
        let settings = LambdaSettings { accounts, ..LambdaSettings::default() };
        let error = parse(config.clone(), &settings).unwrap_err();
        assert_eq!(error.class(), FailureClass::Forbidden);
        let roles = Some([ROLE_ARN.to_owned()].into());
        let settings = LambdaSettings { roles, ..LambdaSettings::default() };
        assert!(parse(config, &settings).is_ok());
    }

    #[test]
    fn without_a_list_of_roles_the_account_of_the_role_must_be_allowed() {
        let role = "arn:aws:iam::999999999999:role/invoke";
        let config = json!({"arn": FUNCTION, "role": role, "role_external_id": "id"});
        let accounts = Some(["123456789012".to_owned()].into());
        let mut settings = LambdaSettings { accounts, ..LambdaSettings::default() };
        let error = parse(config.clone(), &settings).unwrap_err();
        assert!(error.to_string().contains("AWS account 999999999999 is not allowed"), "{error}");
        settings.roles = Some([role.to_owned()].into());
        assert!(parse(config, &settings).is_ok());
    }

    #[test]
    fn a_role_and_its_function_must_be_in_the_same_partition() {
        let role = "arn:aws-cn:iam::123456789012:role/invoke";
        let error = error(json!({"arn": FUNCTION, "role": role, "role_external_id": "id"}));
        assert!(error.contains("in the partition aws-cn"), "{error}");
    }
}
