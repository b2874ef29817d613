//! Revalidation: the compute config is validated from time to time, and soon after the outcome of a
//! launch contradicts what the last validation found.

use wci_contract::{
    Spec,
    activities::{ValidateInput, ValidateOutput},
    launch::Outcome,
    limits::{MAX_MESSAGE, cut},
    state::{CheckPlan, ValidationState},
};

use crate::{Effect, InstanceState, rfc3339::rfc3339};

/// Time between two validations, unless the system worker sets another one.
const INTERVAL_MS: u64 = 6 * 60 * 60 * 1_000;
/// The shortest time from one validation to the next.
const MIN_INTERVAL_MS: i64 = 60_000;
/// What is known of a validation whose activity failed.
const NO_RESULT: &str = "the validation did not end";
/// The longest time until a validation that failed for another reason than the spec is repeated.
const RETRY_WITHIN_MS: u64 = 5 * 60 * 1_000;

impl InstanceState {
    /// Sets the time of the next revalidation, or moves it forward. A time that is too early stays:
    /// when it comes, nothing is due.
    pub(crate) fn request_revalidation(&mut self) {
        if self.revalidating {
            return;
        }
        let due_ms = (self.is_open() && self.spec().is_some()).then(|| self.revalidation_due_ms());
        match (self.revalidate_at_ms, due_ms) {
            (Some(_), None) => {
                self.revalidate_at_ms = None;
                self.effects.push(Effect::CancelRevalidation);
            }
            (set_ms, Some(due_ms)) if set_ms.is_none_or(|set_ms| due_ms < set_ms) => {
                self.revalidate_at_ms = Some(due_ms);
                self.effects.push(Effect::RevalidateAt { due_ms });
            }
            _ => {}
        }
    }

    /// The input of a revalidation that begins now; `None` if there is nothing to
    /// validate any more.
    pub fn begin_revalidation(&mut self) -> Option<ValidateInput> {
        self.revalidate_at_ms = None;
        let spec = self.spec().filter(|_| self.is_open()).cloned()?;
        self.revalidating = true;
        Some(ValidateInput { version: self.version.clone(), spec, first: false })
    }

    /// Records the findings about `spec`. A failure that is not about the spec leaves the last
    /// findings, and is kept beside them.
    pub(crate) fn end_revalidation(
        &mut self,
        now_ms: i64,
        spec: &Spec,
        output: Option<ValidateOutput>,
    ) {
        self.revalidating = false;
        // A spec that changed meanwhile had a validation of its own.
        if self.spec() != Some(spec) {
            return;
        }
        let output = output.unwrap_or(ValidateOutput { may_pass: true, ..Default::default() });
        self.plan_revalidation(now_ms, output.interval_ms, output.may_pass);
        let refusal = output.refusal.map(|refusal| refusal.message);
        if output.may_pass {
            let trouble = refusal.unwrap_or_else(|| NO_RESULT.to_owned());
            if let Some(plan) = &mut self.wci().check {
                plan.trouble = cut(&trouble, MAX_MESSAGE).to_owned();
            }
        } else {
            self.state.validation_state = Some(validation_state(now_ms, refusal));
            self.wci().warnings = output.warnings;
        }
    }

    /// When the next revalidation is due; at once if there has been none.
    fn revalidation_due_ms(&self) -> i64 {
        let plan = self.state.wci.as_ref().and_then(|wci| wci.check.as_ref());
        plan.map_or(i64::MIN, |plan| plan.due_ms)
    }

    /// Plans the revalidation that follows a validation at `now_ms`.
    pub(crate) fn plan_revalidation(&mut self, now_ms: i64, interval_ms: Option<u64>, retry: bool) {
        let known = self.wci().check.as_ref().and_then(|plan| plan.interval_ms);
        let interval_ms = interval_ms.or(known);
        let interval = interval_ms.unwrap_or(INTERVAL_MS);
        let wait = if retry { interval.min(RETRY_WITHIN_MS) } else { interval };
        let wait = i64::try_from(wait).unwrap_or(i64::MAX).max(MIN_INTERVAL_MS);
        self.wci().check = Some(CheckPlan {
            checked_ms: now_ms,
            due_ms: now_ms.saturating_add(wait),
            interval_ms,
            ..CheckPlan::default()
        });
    }

    /// Moves the next revalidation forward when `outcome` contradicts the last validation.
    pub(crate) fn revalidate_if_contradicted(&mut self, now_ms: i64, outcome: &Outcome) {
        let Some(found) = &self.state.validation_state else { return };
        let is_refused = outcome.class.is_some_and(|class| class.is_configuration());
        let contradicts = if found.is_success() { is_refused } else { outcome.is_success() };
        if !contradicts {
            return;
        }
        if let Some(plan) = &mut self.wci().check {
            let soonest_ms = plan.checked_ms.saturating_add(MIN_INTERVAL_MS);
            plan.due_ms = plan.due_ms.min(now_ms.max(soonest_ms));
        }
    }
}

/// The outcome of a validation at `now_ms`.
pub(crate) fn validation_state(now_ms: i64, refusal: Option<String>) -> ValidationState {
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
    use wci_contract::{FailureClass, Refusal, messages::StartInput, state::Timestamp};

    fn instance() -> InstanceState {
        let spec = json!({"scaling_group_specs": {"g": {}}});
        let input: StartInput = serde_json::from_value(json!({
            "deployment_name": "d", "build_id": "b", "state": {"spec": spec}}))
        .unwrap();
        InstanceState::new(input, Timestamp::default()).unwrap()
    }

    fn validated(instance: &mut InstanceState, now_ms: i64, output: Option<ValidateOutput>) {
        let spec = instance.spec().unwrap().clone();
        instance.end_revalidation(now_ms, &spec, output);
    }

    fn status(instance: &InstanceState) -> &str {
        instance.state.validation_state.as_ref().map_or("", |state| &state.status)
    }

    #[test]
    fn a_compute_config_that_nobody_checked_is_checked_at_once_and_then_at_the_interval() {
        let mut instance = instance();
        assert!(instance.revalidation_due_ms() <= 0);
        let output = ValidateOutput { interval_ms: Some(90_000), ..Default::default() };
        validated(&mut instance, 1_000, Some(output));
        assert_eq!((status(&instance), instance.revalidation_due_ms()), ("success", 91_000));
        validated(&mut instance, 2_000, Some(ValidateOutput::default()));
        assert_eq!(instance.revalidation_due_ms(), 92_000);
    }

    #[test]
    fn a_finding_changes_the_state_and_a_failed_validation_does_not() {
        let mut instance = instance();
        let refusal = Some(Refusal::invalid("g: gone"));
        validated(
            &mut instance,
            0,
            Some(ValidateOutput { refusal: refusal.clone(), ..Default::default() }),
        );
        assert_eq!(status(&instance), "failed");
        validated(&mut instance, 1, Some(ValidateOutput::default()));
        assert_eq!(status(&instance), "success");
        let failed = ValidateOutput { refusal, may_pass: true, ..Default::default() };
        for output in [Some(failed), None] {
            validated(&mut instance, 2, output);
            assert_eq!((status(&instance), instance.revalidation_due_ms()), ("success", 300_002));
        }
    }

    #[test]
    fn a_check_of_a_spec_that_was_changed_meanwhile_counts_for_nothing() {
        let mut instance = instance();
        instance.end_revalidation(5, &Spec::default(), Some(ValidateOutput::default()));
        assert_eq!(instance.state.validation_state, None);
    }

    #[test]
    fn a_launch_refused_for_a_reason_of_configuration_brings_a_check_within_a_minute() {
        let mut instance = instance();
        validated(&mut instance, 0, Some(ValidateOutput::default()));
        instance.revalidate_if_contradicted(10, &Outcome::failed(1, FailureClass::Unavailable, ""));
        assert!(instance.revalidation_due_ms() > 60_000);
        instance.revalidate_if_contradicted(10, &Outcome::failed(1, FailureClass::NotFound, ""));
        assert_eq!(instance.revalidation_due_ms(), 60_000);
        instance
            .revalidate_if_contradicted(70_000, &Outcome::failed(1, FailureClass::NotFound, ""));
        assert_eq!(instance.revalidation_due_ms(), 60_000);
    }

    #[test]
    fn a_launch_that_goes_well_after_a_failed_check_brings_the_next_one_and_a_refused_one_does_not()
    {
        let mut instance = instance();
        let refusal = Some(Refusal::invalid("g: gone"));
        validated(&mut instance, 0, Some(ValidateOutput { refusal, ..Default::default() }));
        let planned = instance.revalidation_due_ms();
        instance.revalidate_if_contradicted(10, &Outcome::failed(1, FailureClass::NotFound, ""));
        assert_eq!(instance.revalidation_due_ms(), planned);
        instance.revalidate_if_contradicted(10, &Outcome::started(1));
        assert_eq!(instance.revalidation_due_ms(), 60_000);
    }
}
