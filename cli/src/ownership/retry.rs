//! Calls that must not fail for a moment's trouble, because what came before them is done already.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::control::ControlError;

/// How long a call is made again, and the wait after its first failure, which doubles.
const LIMIT: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Makes `call` until it succeeds, for 30 s. A refusal is final.
///
/// # Errors
/// The last error.
pub(super) async fn until_done<T, F: Future<Output = Result<T, ControlError>>>(
    call: impl FnMut() -> F,
) -> Result<T, ControlError> {
    within(LIMIT, FIRST_PAUSE, call).await
}

async fn within<T, F: Future<Output = Result<T, ControlError>>>(
    limit: Duration,
    first_pause: Duration,
    mut call: impl FnMut() -> F,
) -> Result<T, ControlError> {
    let began = Instant::now();
    let mut pause = first_pause;
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let is_final = matches!(
            error,
            ControlError::Refused(_) | ControlError::Precondition(_) | ControlError::Unsupported(_)
        );
        if is_final || began.elapsed() + pause > limit {
            return Err(error);
        }
        sleep(pause).await;
        pause *= 2;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// The result of a call that fails `times` times with `error`, and how often it was made.
    async fn result(times: u32, error: ControlError) -> (Result<(), ControlError>, u32) {
        let calls = Cell::new(0);
        let result = within(Duration::from_millis(100), Duration::from_millis(1), || {
            calls.set(calls.get() + 1);
            let result = if calls.get() > times { Ok(()) } else { Err(error.clone()) };
            async move { result }
        });
        (result.await, calls.get())
    }

    #[tokio::test]
    async fn a_call_is_made_again_until_it_succeeds_is_refused_or_its_time_is_up() {
        let lost = ControlError::Other("no route".to_owned());
        assert_eq!(result(3, lost.clone()).await, (Ok(()), 4));
        let (given_up, calls) = result(u32::MAX, lost.clone()).await;
        assert_eq!(given_up, Err(lost));
        assert!((3..=7).contains(&calls), "{calls}");
        let refused = ControlError::Refused("no".to_owned());
        assert_eq!(result(3, refused.clone()).await, (Err(refused), 1));
    }
}
