//! The function that this process runs, as Lambda tells it.

use crate::error::Error;

/// Lambda sets them; `lambda_runtime` panics without them.
const TOLD: [&str; 3] =
    ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"];

/// Refuses an environment that says it is Lambda and is not.
pub(super) fn check() -> Result<(), Error> {
    check_in(|name| std::env::var(name).ok())
}

fn check_in(lookup: impl Fn(&str) -> Option<String>) -> Result<(), Error> {
    for name in TOLD {
        let value = lookup(name);
        let good = match (name, &value) {
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", Some(size)) => size.parse::<i32>().is_ok(),
            (_, value) => value.is_some(),
        };
        if !good {
            return Err(Error::Process(format!(
                "AWS_LAMBDA_RUNTIME_API is set, so this is Lambda, but {name} is `{}`; unset the former to run as a process",
                value.unwrap_or_default()
            )));
        }
    }
    Ok(())
}

/// The identity of the worker that an invocation starts: `<request ID>@<function ARN>`.
pub(super) fn identity(context: &lambda_runtime::Context) -> String {
    // Some emulators know no ARN; `lambda_runtime` has a sentence there then.
    let arn = Some(context.invoked_function_arn.as_str()).filter(|arn| arn.starts_with("arn:"));
    format!("{}@{}", context.request_id, arn.unwrap_or(&context.env_config.function_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lambda_tells_is_enough() {
        assert!(check_in(|_| Some("128".to_owned())).is_ok());
    }

    #[test]
    fn half_an_environment_is_refused_with_the_variable_s_name() {
        let error = check_in(|name| (name != "AWS_LAMBDA_FUNCTION_VERSION").then(|| "1".into()));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("AWS_LAMBDA_FUNCTION_VERSION is ``"), "{error}");
        let error = check_in(|_| Some("much".to_owned())).unwrap_err().to_string();
        assert!(error.contains("AWS_LAMBDA_FUNCTION_MEMORY_SIZE is `much`"), "{error}");
    }

    #[test]
    fn a_worker_is_known_by_its_request_and_its_function() {
        let mut context = lambda_runtime::Context::default();
        context.request_id = "8476a536".to_owned();
        context.invoked_function_arn = "arn:aws:lambda:us-east-1:1:function:orders:5".to_owned();
        assert_eq!(identity(&context), "8476a536@arn:aws:lambda:us-east-1:1:function:orders:5");
    }

    #[test]
    fn without_an_arn_the_name_must_do() {
        let mut context = lambda_runtime::Context::default();
        context.request_id = "8476a536".to_owned();
        context.invoked_function_arn = "No header found.".to_owned();
        let config =
            lambda_runtime::Config { function_name: "orders".into(), ..Default::default() };
        context.env_config = config.into();
        assert_eq!(identity(&context), "8476a536@orders");
    }
}
