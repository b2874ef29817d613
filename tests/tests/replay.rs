//! Recorded runs of earlier versions of the workflows replay on this build, and would not on one
//! whose workflows do something else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_cli::replay::{Recording, ReplayError, Replayed, replay, this_build};
use wci_tests::{
    mutants::Mutation,
    recordings::{self, Recorded},
};

/// What a set of recordings must have in it to be worth replaying.
const WORTH_REPLAYING: [&str; 7] = [
    "ACTIVITY_TASK_COMPLETED",
    "WORKFLOW_EXECUTION_SIGNALED",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    "WORKFLOW_PROPERTIES_MODIFIED",
    "TIMER_FIRED",
    "TIMER_CANCELED",
    "WORKFLOW_EXECUTION_COMPLETED",
];

#[test]
fn the_recordings_hold_what_the_workflows_do() {
    let recorded = recordings::all();
    for kind in WORTH_REPLAYING {
        assert!(recorded.iter().any(|run| run.has(&[kind])), "no recorded run has {kind}");
    }
}

#[tokio::test]
async fn every_recorded_run_replays_to_its_last_event() {
    for run in recordings::all() {
        let replayed = replay(&run.recording, this_build).await;
        let replayed = replayed.unwrap_or_else(|e| panic!("{}: {e}", run.name()));
        let last = run.events().last().expect("an event");
        assert_eq!(last["eventId"], replayed.events.to_string(), "{}", run.name());
        let tasks = run.count("WORKFLOW_TASK_COMPLETED");
        assert_eq!(replayed, Replayed { events: run.events().len(), workflow_tasks: tasks });
        assert!(tasks > 0, "{}", run.name());
    }
}

/// If this failed, the failures of the changed workflows would prove nothing.
#[tokio::test]
async fn a_build_with_the_same_workflows_in_another_wrapping_replays_as_well() {
    for run in recordings::all() {
        let result = replay(&run.recording, Mutation::Nothing.build()).await;
        assert!(result.is_ok(), "{}: {result:?}", run.name());
    }
}

#[tokio::test]
async fn every_recorded_run_fails_on_every_change_that_touches_it() {
    let recorded = recordings::all();
    for mutation in Mutation::HARMFUL {
        let touched: Vec<&Recorded> = recorded.iter().filter(|run| mutation.touches(run)).collect();
        assert!(!touched.is_empty(), "no recorded run is touched by {mutation:?}");
        for run in touched {
            let result = replay(&run.recording, mutation.build()).await;
            assert!(
                matches!(result, Err(ReplayError::Nondeterminism { .. })),
                "{} on {mutation:?}: {result:?}",
                run.name()
            );
        }
    }
}

/// So it is the change that is noticed, and not something else later on.
#[tokio::test]
async fn a_change_of_the_beginning_is_noticed_at_the_beginning() {
    for run in recordings::all() {
        for mutation in [Mutation::ExtraActivity, Mutation::ExtraDecision, Mutation::ExtraTimer] {
            let error = replay(&run.recording, mutation.build()).await.unwrap_err();
            assert!(error.after() <= 5, "{} on {mutation:?}: {error}", run.name());
        }
    }
}

#[tokio::test]
async fn a_workflow_that_panics_is_no_success() {
    for run in recordings::all() {
        let result = replay(&run.recording, Mutation::Panic.build()).await;
        let Err(ReplayError::TaskFailed { message, .. }) = result else { panic!("{result:?}") };
        assert!(message.contains("changed"), "{message}");
    }
}

/// A run that goes on is cut off somewhere, and so is the file of somebody who copied it badly.
#[tokio::test]
async fn a_recorded_run_that_is_cut_short_replays_unless_an_answer_is_cut() {
    const SHORT: usize = 100;
    let mut cut_answers = 0;
    for run in recordings::all().into_iter().filter(|run| run.events().len() <= SHORT) {
        for length in 1..run.events().len() {
            let mut history = run.recording.history.clone();
            history.events.truncate(length);
            let Ok(recording) = Recording::new(history) else { continue };
            // Whether an update comes at all is not the workflow's to say, and what was cut before
            // the marker of a later revision is as good as a run of the first.
            let open = ["WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "MARKER_RECORDED"];
            if open.contains(&run.kind(length)) {
                continue;
            }
            let result = replay(&recording, this_build).await;
            let is_cut = run.recording.history.events[length].is_command_event();
            cut_answers += usize::from(is_cut);
            assert_eq!(result.is_err(), is_cut, "{} at {length}: {result:?}", run.name());
        }
    }
    assert!(cut_answers > 0, "no run of at most {SHORT} events");
}
