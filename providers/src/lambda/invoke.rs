//! A launch: as many invocations as are still missing, more at a time as they are accepted.

use aws_sdk_lambda::{Client, types::InvocationType};
use futures::{StreamExt, stream::FuturesUnordered};
use wci_contract::{FailureClass, launch::Outcome};

use super::{
    access::{Aws, Way},
    pace::Pace,
    spec::LambdaSpec,
    trouble::Trouble,
};
use crate::{LaunchRequest, Progress, tally::Tally};

/// Invokes the function for each missing worker, until Lambda refuses one.
pub(super) async fn run(
    aws: &Aws,
    spec: &LambdaSpec,
    request: &LaunchRequest,
    progress: &dyn Progress,
) -> Outcome {
    let way = Way::to(spec);
    let session = match aws.session(&way).await {
        Ok(session) => session,
        Err(trouble) => return request.refused(trouble.class, trouble.message),
    };
    let mut tally = Tally::new(request.already_started, progress);
    let refusal = invoke_all(&session.lambda, spec, request.missing(), &mut tally).await;
    if refusal == Some(FailureClass::Internal) {
        // The role's credentials are no longer good: the next launch gets new ones.
        aws.forget(&way);
    }
    tally.finish()
}

/// Stops asking at the first refusal; what is not asked for any more counts like it. Answers
/// with its class.
async fn invoke_all(
    client: &Client,
    spec: &LambdaSpec,
    count: u32,
    tally: &mut Tally<'_>,
) -> Option<FailureClass> {
    let mut left = count;
    let mut refusal = None;
    let mut pace = Pace::new();
    let mut calls = FuturesUnordered::new();
    loop {
        while left > 0 && pace.allows(calls.len()) {
            left -= 1;
            calls.push(invoke(client, spec));
        }
        match calls.next().await {
            Some(Ok(())) => {
                pace.accepted();
                tally.started();
            }
            Some(Err(trouble)) => {
                pace.refused();
                tally.failed(1, trouble.class, &trouble.message);
                refusal.get_or_insert(trouble.class);
            }
            None => break,
        }
    }
    if let Some(class) = refusal {
        tally.failed(left, class, "");
    }
    refusal
}

async fn invoke(client: &Client, spec: &LambdaSpec) -> Result<(), Trouble> {
    let request =
        client.invoke().function_name(&spec.function.text).invocation_type(InvocationType::Event);
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Trouble::of("Lambda: Invoke", &error)),
    }
}
