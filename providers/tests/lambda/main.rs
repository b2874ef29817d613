//! The `aws-lambda` provider against a fake of STS and Lambda.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod credentials;
mod fake_aws;
mod launch;
#[path = "../support/mod.rs"]
mod support;
mod validation;
