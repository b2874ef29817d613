//! After a change of the spec, groups whose queues the server does not know get a worker each.

use std::{collections::BTreeSet, convert::Infallible};

use temporalio_workflow::WorkflowContext;
use wci_contract::{
    FailureClass, Spec, activities::RegisterInput, decision::Event, launch::Outcome,
    state::FailureRecord,
};

use crate::{
    Controller, Instance, book::Book, launches::describe, options, time::millis, wait::until,
};

/// A worker that was started and whose task queues the server does not know after this will not
/// come any more, milliseconds.
const ARRIVES_MS: i64 = 60_000;

/// Registers when the book asks for it. A failure is remembered; tasks bring the next try.
pub(crate) async fn drive_registration(ctx: &WorkflowContext<Instance>) -> Infallible {
    loop {
        // A set that has workers by its spec registers with these.
        let wanted = |s: &Instance| {
            s.is_open()
                && s.book.state.wci.as_ref().is_some_and(|wci| wci.register)
                && s.book.has_sized_sets()
        };
        until(ctx, wanted).await;
        let known = ctx.state(|s| s.book.spec().cloned().zip(s.book.version()));
        let Some((spec, version)) = known else {
            ctx.state_mut(|s| s.book.wci().register = false);
            continue;
        };
        let input = RegisterInput {
            version,
            spec: spec.clone(),
            launch_id: ctx.uuid4(),
            underway: ctx.state(|s| s.book.underway(millis(ctx.workflow_time()))),
        };
        let result = ctx.execute_activity(Controller::register, input, options::register()).await;
        let now_ms = millis(ctx.workflow_time());
        ctx.state_mut(|s| {
            // A change in the meantime asks again, for its own groups.
            s.book.wci().register = s.book.state.spec.as_ref() != Some(&spec);
            let failed = match result {
                Ok(output) => {
                    let started = output.started.into_iter().map(|group| (group, now_ms));
                    s.book.wci().registering.extend(started);
                    s.book.people(output.empty_sets);
                    output.failed
                }
                Err(error) => {
                    let groups = spec.scaling_group_specs.into_keys();
                    groups.map(|group| (group, describe(&error))).collect()
                }
            };
            for (group, message) in failed {
                let outcome = Outcome::failed(1, FailureClass::Unavailable, message);
                let record = FailureRecord { at_ms: now_ms, outcome };
                s.book.wci().last_failures.insert(group, record);
            }
        });
    }
}

impl Book {
    /// Groups whose worker is on its way: one that registers, or one that tasks called for.
    fn underway(&self, now_ms: i64) -> BTreeSet<String> {
        let Some(wci) = &self.state.wci else { return BTreeSet::new() };
        let registering = wci.registering.iter().filter(|(_, at)| now_ms - **at < ARRIVES_MS);
        let launching = wci.launches.iter().map(|launch| &launch.group);
        let sets = wci.worker_sets.iter().filter(|(_, set)| set.wanted > 0);
        let on_their_way = registering.map(|(group, _)| group).chain(launching);
        on_their_way.chain(sets.map(|(group, _)| group)).cloned().collect()
    }

    /// Has a set that has no workers get one, as if a task had found none. It leaves by the rules
    /// of the group's algorithm.
    fn people(&mut self, groups: Vec<String>) {
        for group in groups.into_iter().filter(|group| self.is_set(group)).collect::<Vec<_>>() {
            let task = self.stand_in(&group, 1);
            self.events.entry(group).or_default().push(Event::TaskAdd(task));
        }
    }

    /// Forgets workers on their way to groups that `spec` starts otherwise, or not any more.
    pub(crate) fn keep_underway(&mut self, spec: &Spec) {
        let compute = |spec: &Spec, group: &str| {
            spec.scaling_group_specs.get(group).map(|group| group.compute.clone())
        };
        let old = self.state.spec.take().unwrap_or_default();
        let is_same = |group: &str| compute(&old, group) == compute(spec, group);
        self.wci().registering.retain(|group, _| is_same(group));
        self.state.spec = Some(old);
    }
}
