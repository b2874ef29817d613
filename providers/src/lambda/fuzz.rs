//! Fuzz targets: ARNs, and the configuration of a group.

use bolero::check;
use serde_json::{Map, Value};
use wci_fuzz::Mutation;

use super::{
    arn::{FunctionArn, check_account, check_role},
    config::LambdaConfig,
};
use crate::LambdaSettings;

const ARNS: &[&str] = &[
    "arn:aws:lambda:us-east-1:123456789012:function:orders:5",
    "arn:aws-cn:lambda:cn-north-1:123456789012:function:orders:$LATEST",
    "arn:aws:iam::123456789012:role/path/invoke",
    "123456789012",
];

#[test]
fn arns() {
    check!().with_iterations(500).with_type::<Mutation>().for_each(|mutation| {
        let text = mutation.text(ARNS);
        if let Ok(arn) = FunctionArn::parse(&text) {
            assert!(arn.text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
            assert!(text.starts_with(arn.unqualified()) && arn.text.len() <= 512, "{text:?}");
            assert_eq!(FunctionArn::parse(&arn.text), Ok(arn));
        }
        if check_role(&text).is_ok() {
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
        }
        if check_account(&text).is_ok() {
            assert!(text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()));
        }
    });
}

#[test]
fn configurations_of_groups() {
    const SAMPLES: &[&str] = &[
        r#"{"arn":"arn:aws:lambda:us-east-1:123456789012:function:f:1","role":
        "arn:aws:iam::123456789012:role/r","role_external_id":"x"}"#,
        r#"{"arn":"arn:aws:lambda:us-east-1:123456789012:function:f"}"#,
    ];
    let settings = LambdaSettings::default();
    check!().with_iterations(300).with_type::<Mutation>().for_each(|mutation| {
        let Ok(config) = serde_json::from_slice::<Map<String, Value>>(&mutation.of(SAMPLES)) else {
            return;
        };
        let _ = LambdaConfig::parse(&config, &settings);
    });
}
