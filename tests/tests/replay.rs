//! Recorded runs of earlier versions of the workflows replay on this build, and fail on a build
//! with changed workflows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_cli::replay::{Recording, ReplayError, Replayed, replay, this_build};
use wci_tests::{
    mutants::Mutation,
    recordings::{self, Recorded},
};

/// Events that the set of recordings must contain.
const REQUIRED_EVENTS: [&str; 7] = [
    "ACTIVITY_TASK_COMPLETED",
    "WORKFLOW_EXECUTION_SIGNALED",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    "WORKFLOW_PROPERTIES_MODIFIED",
    "TIMER_FIRED",
    "TIMER_CANCELED",
    "WORKFLOW_EXECUTION_COMPLETED",
];

#[test]
fn the_recordings_contain_the_events_of_the_workflows() {
    let recorded = recordings::all();
    for kind in REQUIRED_EVENTS {
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

/// Shows that the interceptors alone do not make a replay fail.
#[tokio::test]
async fn a_build_with_interceptors_around_the_same_workflows_replays_as_well() {
    for run in recordings::all() {
        let result = replay(&run.recording, Mutation::Nothing.build()).await;
        assert!(result.is_ok(), "{}: {result:?}", run.name());
    }
}

#[tokio::test]
async fn every_recorded_run_fails_on_every_change_that_affects_it() {
    let recorded = recordings::all();
    for mutation in Mutation::HARMFUL {
        let affected: Vec<&Recorded> =
            recorded.iter().filter(|run| mutation.affects(run)).collect();
        assert!(!affected.is_empty(), "no recorded run is affected by {mutation:?}");
        for run in affected {
            let result = replay(&run.recording, mutation.build()).await;
            assert!(
                matches!(result, Err(ReplayError::Nondeterminism { .. })),
                "{} on {mutation:?}: {result:?}",
                run.name()
            );
        }
    }
}

/// The replay must detect the change itself, not a later consequence.
#[tokio::test]
async fn a_change_at_the_beginning_is_detected_at_the_beginning() {
    for run in recordings::all() {
        for mutation in [Mutation::ExtraActivity, Mutation::ExtraDecision, Mutation::ExtraTimer] {
            let error = replay(&run.recording, mutation.build()).await.unwrap_err();
            assert!(error.after() <= 5, "{} on {mutation:?}: {error}", run.name());
        }
    }
}

#[tokio::test]
async fn a_workflow_that_panics_fails_the_replay() {
    for run in recordings::all() {
        let result = replay(&run.recording, Mutation::Panic.build()).await;
        let Err(ReplayError::TaskFailed { message, .. }) = result else { panic!("{result:?}") };
        assert!(message.contains("changed"), "{message}");
    }
}

/// The history of an open run ends at any event, and so does an incomplete copy.
#[tokio::test]
async fn a_truncated_run_replays_unless_its_next_event_is_a_command() {
    const MAX_EVENTS: usize = 100;
    let mut cut_commands = 0;
    for run in recordings::all().into_iter().filter(|run| run.events().len() <= MAX_EVENTS) {
        for length in 1..run.events().len() {
            let mut history = run.recording.history.clone();
            history.events.truncate(length);
            let Ok(recording) = Recording::new(history) else { continue };
            // The workflow does not decide whether an update arrives, and a run that is truncated
            // before the marker of a later revision is a valid run of the first revision.
            let open = ["WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "MARKER_RECORDED"];
            if open.contains(&run.kind(length)) {
                continue;
            }
            let result = replay(&recording, this_build).await;
            let is_command = run.recording.history.events[length].is_command_event();
            cut_commands += usize::from(is_command);
            assert_eq!(result.is_err(), is_command, "{} at {length}: {result:?}", run.name());
        }
    }
    assert!(cut_commands > 0, "no run of at most {MAX_EVENTS} events");
}
