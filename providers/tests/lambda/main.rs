//! The `aws-lambda` provider against a stand-in for STS and Lambda.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod aws;
mod credentials;
mod launch;
#[path = "../support/mod.rs"]
mod support;
mod validation;
