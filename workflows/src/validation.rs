//! The compute config is checked again from time to time, and soon after a provider refused a
//! launch for a reason that such a check finds.

use std::{convert::Infallible, future::pending, time::Duration};

use temporalio_workflow::{CancellableFuture, WorkflowContext, workflows::select};
use wci_contract::{
    Spec,
    activities::{ValidateInput, ValidateOutput},
    launch::Outcome,
    state::{CheckPlan, ValidationState},
};

use crate::{
    Controller, Instance,
    book::Book,
    options,
    revision::{Revision, follows},
    time::{millis, rfc3339},
    wait::until,
};

/// Between two checks, where no worker said otherwise yet, milliseconds.
const INTERVAL_MS: u64 = 6 * 60 * 60 * 1_000;
/// The soonest that one check follows another, milliseconds.
const SOONEST_MS: i64 = 60_000;
/// When a check that came to nothing is repeated at the latest, milliseconds.
const AFTER_TROUBLE_MS: u64 = 5 * 60 * 1_000;

/// Checks the compute config whenever that is due.
pub(crate) async fn drive_validation(ctx: &WorkflowContext<Instance>) -> Infallible {
    if !follows(ctx, Revision::Second) {
        return pending().await;
    }
    loop {
        until(ctx, |s| s.is_open() && s.book.spec().is_some()).await;
        let now_ms = millis(ctx.workflow_time());
        let due_ms = ctx.state(|s| s.book.check_due_ms());
        if due_ms <= now_ms {
            check(ctx).await;
            continue;
        }
        let wait = Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(1));
        let mut timer = Box::pin(ctx.timer(options::timer(wait, "check the compute config again")));
        let mut moved = Box::pin(until(ctx, |s| {
            !s.is_open() || s.book.spec().is_none() || s.book.check_due_ms() < due_ms
        }));
        select! {
            _ = timer => {}
            () = moved => timer.cancel(),
        }
    }
}

async fn check(ctx: &WorkflowContext<Instance>) {
    let (version, spec) = ctx.state(|s| (s.book.version(), s.book.spec().cloned()));
    let (Some(version), Some(spec)) = (version, spec) else { return };
    let input = ValidateInput { version, spec: spec.clone(), first: false };
    let result = ctx.execute_activity(Controller::validate, input, options::check_again()).await;
    let now_ms = millis(ctx.workflow_time());
    ctx.state_mut(|s| s.book.checked(now_ms, &spec, result.ok()));
}

impl Book {
    /// When the next check is due; at once where none is known of.
    pub(crate) fn check_due_ms(&self) -> i64 {
        let plan = self.state.wci.as_ref().and_then(|wci| wci.check.as_ref());
        plan.map_or(i64::MIN, |plan| plan.due_ms)
    }

    /// Takes note of a check of `spec`. What is not a finding about the spec changes nothing.
    fn checked(&mut self, now_ms: i64, spec: &Spec, output: Option<ValidateOutput>) {
        // A change in the meantime was checked by itself.
        if self.spec() != Some(spec) {
            return;
        }
        let output = output.unwrap_or(ValidateOutput { may_pass: true, ..Default::default() });
        self.plan(now_ms, output.interval_ms, output.may_pass);
        if !output.may_pass {
            let refusal = output.refusal.map(|refusal| refusal.message);
            self.state.validation_state = Some(found(now_ms, refusal));
            self.wci().warnings = output.warnings;
        }
    }

    /// Plans the next check after one at `now_ms`.
    pub(crate) fn plan(&mut self, now_ms: i64, interval_ms: Option<u64>, is_to_be_repeated: bool) {
        let known = self.wci().check.as_ref().and_then(|plan| plan.interval_ms);
        let interval_ms = interval_ms.or(known);
        let interval = interval_ms.unwrap_or(INTERVAL_MS);
        let wait = if is_to_be_repeated { interval.min(AFTER_TROUBLE_MS) } else { interval };
        let wait = i64::try_from(wait).unwrap_or(i64::MAX).max(SOONEST_MS);
        self.wci().check = Some(CheckPlan {
            checked_ms: now_ms,
            due_ms: now_ms.saturating_add(wait),
            interval_ms,
            ..CheckPlan::default()
        });
    }

    /// Has the next check come soon when a launch contradicts what the latest one found.
    pub(crate) fn doubt(&mut self, now_ms: i64, outcome: &Outcome) {
        let Some(found) = &self.state.validation_state else { return };
        let is_refused = outcome.class.is_some_and(|class| class.is_configuration());
        let contradicts = if found.is_success() { is_refused } else { outcome.is_success() };
        if !contradicts {
            return;
        }
        if let Some(plan) = &mut self.wci().check {
            plan.due_ms = plan.due_ms.min(now_ms.max(plan.checked_ms.saturating_add(SOONEST_MS)));
        }
    }
}

/// What a check found at `now_ms`.
pub(crate) fn found(now_ms: i64, refusal: Option<String>) -> ValidationState {
    ValidationState {
        last_validation_time: rfc3339(now_ms),
        status: if refusal.is_some() { "failed" } else { "success" }.into(),
        err_message: refusal.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wci_contract::{FailureClass, Refusal};

    fn book() -> Book {
        let mut book = Book::default();
        book.state.spec =
            serde_json::from_value(json!({"scaling_group_specs": {"g": {}}})).unwrap();
        book
    }

    fn check(book: &mut Book, now_ms: i64, output: Option<ValidateOutput>) {
        let spec = book.spec().unwrap().clone();
        book.checked(now_ms, &spec, output);
    }

    fn status(book: &Book) -> &str {
        book.state.validation_state.as_ref().map_or("", |state| &state.status)
    }

    #[test]
    fn a_compute_config_that_nobody_checked_is_checked_at_once_and_then_at_the_interval() {
        let mut book = book();
        assert!(book.check_due_ms() <= 0);
        let output = ValidateOutput { interval_ms: Some(90_000), ..Default::default() };
        check(&mut book, 1_000, Some(output));
        assert_eq!((status(&book), book.check_due_ms()), ("success", 91_000));
        check(&mut book, 2_000, Some(ValidateOutput::default()));
        assert_eq!(book.check_due_ms(), 92_000);
    }

    #[test]
    fn a_finding_changes_the_state_and_trouble_does_not() {
        let mut book = book();
        let refusal = Some(Refusal::invalid("g: gone"));
        check(
            &mut book,
            0,
            Some(ValidateOutput { refusal: refusal.clone(), ..Default::default() }),
        );
        assert_eq!(status(&book), "failed");
        check(&mut book, 1, Some(ValidateOutput::default()));
        assert_eq!(status(&book), "success");
        let trouble = ValidateOutput { refusal, may_pass: true, ..Default::default() };
        for output in [Some(trouble), None] {
            check(&mut book, 2, output);
            assert_eq!((status(&book), book.check_due_ms()), ("success", 300_002));
        }
    }

    #[test]
    fn a_check_of_a_spec_that_was_changed_meanwhile_counts_for_nothing() {
        let mut book = book();
        book.checked(5, &Spec::default(), Some(ValidateOutput::default()));
        assert_eq!(book.state.validation_state, None);
    }

    #[test]
    fn a_launch_refused_for_a_reason_of_configuration_brings_a_check_within_a_minute() {
        let mut book = book();
        check(&mut book, 0, Some(ValidateOutput::default()));
        book.doubt(10, &Outcome::failed(1, FailureClass::Unavailable, ""));
        assert!(book.check_due_ms() > 60_000);
        book.doubt(10, &Outcome::failed(1, FailureClass::NotFound, ""));
        assert_eq!(book.check_due_ms(), 60_000);
        book.doubt(70_000, &Outcome::failed(1, FailureClass::NotFound, ""));
        assert_eq!(book.check_due_ms(), 60_000);
    }

    #[test]
    fn a_launch_that_goes_well_after_a_failed_check_brings_the_next_one_and_a_refused_one_does_not()
    {
        let mut book = book();
        let refusal = Some(Refusal::invalid("g: gone"));
        check(&mut book, 0, Some(ValidateOutput { refusal, ..Default::default() }));
        let planned = book.check_due_ms();
        book.doubt(10, &Outcome::failed(1, FailureClass::NotFound, ""));
        assert_eq!(book.check_due_ms(), planned);
        book.doubt(10, &Outcome::started(1));
        assert_eq!(book.check_due_ms(), 60_000);
    }
}
