//! The Lambda function that this process runs, as its environment describes it.

use crate::error::Error;

/// Variables that Lambda sets and without which `lambda_runtime` panics.
const REQUIRED: [&str; 3] =
    ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"];

/// Rejects an environment that sets only some of Lambda's variables.
pub(super) fn check() -> Result<(), Error> {
    check_in(|name| std::env::var(name).ok())
}

fn check_in(lookup: impl Fn(&str) -> Option<String>) -> Result<(), Error> {
    for name in REQUIRED {
        let value = lookup(name);
        let is_valid = match (name, &value) {
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", Some(size)) => size.parse::<i32>().is_ok(),
            (_, value) => value.is_some(),
        };
        if !is_valid {
            return Err(Error::Process(format!(
                "AWS_LAMBDA_RUNTIME_API is set, so this process runs in Lambda, but {name} is `{}`; unset AWS_LAMBDA_RUNTIME_API to run as a process",
                value.unwrap_or_default()
            )));
        }
    }
    Ok(())
}

/// Returns the worker's identity for an invocation: `<request ID>@<function ARN>`.
pub(super) fn identity(context: &lambda_runtime::Context) -> String {
    // Some emulators send no ARN; `lambda_runtime` then has an error message in its place.
    let arn = Some(context.invoked_function_arn.as_str()).filter(|arn| arn.starts_with("arn:"));
    format!("{}@{}", context.request_id, arn.unwrap_or(&context.env_config.function_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_that_lambda_sets_are_enough() {
        assert!(check_in(|_| Some("128".to_owned())).is_ok());
    }

    #[test]
    fn an_incomplete_environment_is_refused_with_the_variable_s_name() {
        let error = check_in(|name| (name != "AWS_LAMBDA_FUNCTION_VERSION").then(|| "1".into()));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("AWS_LAMBDA_FUNCTION_VERSION is ``"), "{error}");
        let error = check_in(|_| Some("much".to_owned())).unwrap_err().to_string();
        assert!(error.contains("AWS_LAMBDA_FUNCTION_MEMORY_SIZE is `much`"), "{error}");
    }

    #[test]
    fn the_identity_names_the_request_and_the_function() {
        let mut context = lambda_runtime::Context::default();
        context.request_id = "8476a536".to_owned();
        context.invoked_function_arn = "arn:aws:lambda:us-east-1:1:function:orders:5".to_owned();
        assert_eq!(identity(&context), "8476a536@arn:aws:lambda:us-east-1:1:function:orders:5");
    }

    #[test]
    fn without_an_arn_the_identity_names_the_function_by_its_name() {
        let mut context = lambda_runtime::Context::default();
        context.request_id = "8476a536".to_owned();
        context.invoked_function_arn = "No header found.".to_owned();
        let config =
            lambda_runtime::Config { function_name: "orders".into(), ..Default::default() };
        context.env_config = config.into();
        assert_eq!(identity(&context), "8476a536@orders");
    }
}
