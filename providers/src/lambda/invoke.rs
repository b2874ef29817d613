//! A launch: one invocation for each missing worker, with slow start.

use aws_sdk_lambda::{Client, types::InvocationType};
use futures::{StreamExt, stream::FuturesUnordered};
use wci_contract::{FailureClass, launch::Outcome};

use super::{
    config::LambdaConfig,
    failure::ProviderFailure,
    session_cache::{RoleChain, SessionCache},
    slow_start::SlowStart,
};
use crate::{LaunchRequest, Progress, tally::Tally};

/// Invokes the function for each missing worker until Lambda refuses an invocation.
pub(super) async fn run(
    sessions: &SessionCache,
    config: &LambdaConfig,
    request: &LaunchRequest,
    progress: &dyn Progress,
) -> Outcome {
    let roles = RoleChain::new(config);
    let session = match sessions.session(&roles).await {
        Ok(session) => session,
        Err(failure) => return request.refused(failure.class, failure.message),
    };
    let mut tally = Tally::new(request.already_started, progress);
    let refusal = invoke_all(&session.lambda, config, request.missing(), &mut tally).await;
    if refusal == Some(FailureClass::Internal) {
        // The role's credentials are no longer valid: the next launch gets new ones.
        sessions.evict(&roles);
    }
    tally.finish()
}

/// Stops at the first refusal and returns its class. The workers that were not requested count as
/// refused with the same class.
async fn invoke_all(
    client: &Client,
    config: &LambdaConfig,
    count: u32,
    tally: &mut Tally<'_>,
) -> Option<FailureClass> {
    let mut remaining = count;
    let mut refusal = None;
    let mut slow_start = SlowStart::new();
    let mut calls = FuturesUnordered::new();
    loop {
        while remaining > 0 && slow_start.allows(calls.len()) {
            remaining -= 1;
            calls.push(invoke(client, config));
        }
        match calls.next().await {
            Some(Ok(())) => {
                slow_start.accepted();
                tally.started();
            }
            Some(Err(failure)) => {
                slow_start.refused();
                tally.failed(1, failure.class, &failure.message);
                refusal.get_or_insert(failure.class);
            }
            None => break,
        }
    }
    if let Some(class) = refusal {
        tally.failed(remaining, class, "");
    }
    refusal
}

async fn invoke(client: &Client, config: &LambdaConfig) -> Result<(), ProviderFailure> {
    let request =
        client.invoke().function_name(&config.function.text).invocation_type(InvocationType::Event);
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(ProviderFailure::new("Lambda: Invoke", &error)),
    }
}
