//! Amazon Resource Names of functions and roles.

const FUNCTION_FORM: &str = "arn:aws:lambda:<region>:<account>:function:<name>[:<version>]";
const ROLE_FORM: &str = "arn:aws:iam::<account>:role/<name>";
const ACCOUNT_DIGITS: usize = 12;
const MAX_REGION: usize = 32;
const MAX_NAME: usize = 140;
const MAX_ROLE: usize = 600;

/// The ARN of a Lambda function, with or without a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FunctionArn {
    /// The ARN as in the spec.
    pub(super) text: String,
    /// For example `us-east-1`.
    pub(super) region: String,
    /// `aws`, `aws-cn` or `aws-us-gov`, for example.
    pub(super) partition: String,
    /// Twelve digits.
    pub(super) account: String,
    /// A version, an alias or `$LATEST`.
    pub(super) qualifier: Option<String>,
}

impl FunctionArn {
    /// Parses the ARN of a function. Errors are messages, in AWS's own words where there are some.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let arn = Arn::parse(text)?;
        if arn.region.is_empty() {
            return Err(format!("region not found in ARN: {text}"));
        }
        let wrong = |what: &str| Err(format!("{what}: {text}: write {FUNCTION_FORM}"));
        let Some(function) = arn.resource.strip_prefix("function:") else {
            return wrong("AWS Lambda Function ARN must reference a function");
        };
        if arn.service != "lambda" {
            return wrong("AWS Lambda Function ARN must be a Lambda resource");
        }
        if !is_word(arn.region, MAX_REGION, "-") {
            return wrong("region not found in ARN");
        }
        let (name, qualifier) = match function.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (function, None),
        };
        let is_valid = is_word(name, MAX_NAME, "-_")
            && qualifier.is_none_or(|qualifier| is_word(qualifier, MAX_NAME, "$-_"));
        if !is_valid || !is_account(arn.account) {
            return wrong("AWS Lambda Function ARN not found or invalid");
        }
        check_region(arn.partition, arn.region)?;
        Ok(Self {
            text: text.to_owned(),
            region: arn.region.to_owned(),
            partition: arn.partition.to_owned(),
            account: arn.account.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        })
    }

    /// The ARN without its version or alias.
    pub(super) fn unqualified(&self) -> &str {
        let end = self.qualifier.as_ref().map_or(0, |qualifier| qualifier.len() + 1);
        &self.text[..self.text.len() - end]
    }

    /// Whether a deployment changes the code that this ARN refers to.
    pub(super) fn is_unpinned(&self) -> bool {
        self.qualifier.as_deref().is_none_or(|qualifier| qualifier == "$LATEST")
    }
}

/// Checks the ID of an AWS account. Errors are messages.
pub fn check_account(text: &str) -> Result<(), String> {
    if is_account(text) {
        return Ok(());
    }
    Err(format!("{text:?} is not an AWS account ID: write its {ACCOUNT_DIGITS} digits"))
}

/// The ARN of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoleArn {
    /// See [`FunctionArn::partition`].
    pub(super) partition: String,
    /// Twelve digits.
    pub(super) account: String,
}

impl RoleArn {
    /// Parses the ARN of a role. Errors are the messages that clients know.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let arn = Arn::parse(text)?;
        if arn.service != "iam" {
            return Err(format!("role ARN must be an IAM resource: {text}: write {ROLE_FORM}"));
        }
        let name = arn.resource.strip_prefix("role/").unwrap_or_default();
        if name.is_empty() {
            return Err(format!("role ARN must reference a role: {text}: write {ROLE_FORM}"));
        }
        if !is_account(arn.account)
            || !arn.region.is_empty()
            || !is_word(name, MAX_ROLE, "/+=,.@_-")
        {
            return Err(format!("role ARN is invalid: {text}: write {ROLE_FORM}"));
        }
        Ok(Self { partition: arn.partition.to_owned(), account: arn.account.to_owned() })
    }
}

/// Checks the ARN of a role. Errors are the messages that clients know.
pub fn check_role(text: &str) -> Result<(), String> {
    RoleArn::parse(text).map(|_| ())
}

/// Prefixes of region names, and the partition that these regions belong to.
const REGION_PREFIXES: [(&str, &str); 2] = [("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")];

/// Checks that the region belongs to the partition: it decides where requests are sent.
fn check_region(partition: &str, region: &str) -> Result<(), String> {
    let expected = REGION_PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix));
    let is_misplaced = match expected {
        Some((_, expected)) => partition != *expected,
        None => REGION_PREFIXES.iter().any(|(_, known)| partition == *known),
    };
    if is_misplaced {
        return Err(format!(
            "region {region} is not in the partition {partition} of its ARN: correct one of them"
        ));
    }
    Ok(())
}

/// The parts of any ARN.
struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("arn:") else {
            return Err("arn: invalid prefix".to_owned());
        };
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let &[partition, service, region, account, resource] = parts.as_slice() else {
            return Err("arn: not enough sections".to_owned());
        };
        let is_known = partition == "aws" || partition.starts_with("aws-");
        if !is_known || !is_word(partition, MAX_REGION, "-") {
            return Err(format!("unknown partition in ARN: {text}: use aws, aws-cn or aws-us-gov"));
        }
        Ok(Self { partition, service, region, account, resource })
    }
}

fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` has only letters, digits and `others`, and at most `max` of them. Regions and
/// names become parts of URLs.
fn is_word(text: &str, max: usize, others: &str) -> bool {
    let fits = (1..=max).contains(&text.len());
    fits && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        FunctionArn::parse(text).unwrap_err()
    }

    #[test]
    fn the_region_and_the_version_are_read_from_the_arn() {
        let arn = FunctionArn::parse("arn:aws-cn:lambda:cn-north-1:123456789012:function:orders:5");
        let arn = arn.unwrap();
        assert_eq!((arn.region.as_str(), arn.qualifier.as_deref()), ("cn-north-1", Some("5")));
        assert!(!arn.is_unpinned());
    }

    #[test]
    fn without_a_version_the_code_may_change() {
        for end in ["", ":$LATEST"] {
            let text = format!("arn:aws:lambda:us-east-1:123456789012:function:orders{end}");
            assert!(FunctionArn::parse(&text).unwrap().is_unpinned());
        }
    }

    #[test]
    fn errors_are_in_the_words_of_aws() {
        assert_eq!(error("zzz"), "arn: invalid prefix");
        assert_eq!(error("arn:aws:lambda"), "arn: not enough sections");
        let text = "arn:aws:s3:::bucket";
        assert_eq!(error(text), format!("region not found in ARN: {text}"));
    }

    #[test]
    fn an_arn_that_is_not_of_a_function_is_refused_with_the_expected_form() {
        for text in [
            "arn:aws:s3:us-east-1:123456789012:function:f",
            "arn:aws:lambda:us-east-1:123456789012:layer:f",
            "arn:aws:lambda:us-east-1:123456789012:function:",
            "arn:aws:lambda:us-east-1:123456789012:function:f:",
            "arn:aws:lambda:us-east-1:123456789012:function:f:1:2",
            "arn:aws:lambda:us-east-1:123:function:f",
            "arn:aws:lambda:evil.example/:123456789012:function:f",
        ] {
            assert!(error(text).contains("arn:aws:lambda:<region>"), "{text}");
        }
        assert!(error("arn:other:lambda:r:123456789012:function:f").contains("partition"));
    }

    #[test]
    fn every_partition_has_regions_of_its_own() {
        for (partition, region) in [
            ("aws", "eu-central-1"),
            ("aws-cn", "cn-northwest-1"),
            ("aws-us-gov", "us-gov-west-1"),
            ("aws-eusc", "eusc-de-east-1"),
        ] {
            let text = format!("arn:{partition}:lambda:{region}:123456789012:function:f:5");
            let arn = FunctionArn::parse(&text).unwrap();
            assert_eq!((arn.partition.as_str(), arn.region.as_str()), (partition, region));
            assert_eq!(format!("{}:5", arn.unqualified()), text);
        }
        for (partition, region) in
            [("aws", "cn-north-1"), ("aws-cn", "us-east-1"), ("aws-us-gov", "us-east-1")]
        {
            let text = format!("arn:{partition}:lambda:{region}:123456789012:function:f:5");
            assert!(error(&text).contains("not in the partition"), "{text}");
        }
    }

    #[test]
    fn the_arn_of_a_role_must_name_a_role() {
        assert_eq!(check_role("arn:aws:iam::123456789012:role/path/invoke"), Ok(()));
        let user = check_role("arn:aws:iam::123456789012:user/me").unwrap_err();
        assert!(user.starts_with("role ARN must reference a role: arn:aws:iam"), "{user}");
        let queue = check_role("arn:aws:sqs:us-east-1:123456789012:role/x").unwrap_err();
        assert!(queue.starts_with("role ARN must be an IAM resource: "), "{queue}");
    }
}
