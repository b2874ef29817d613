//! From events to a story.

use temporalio_common::protos::temporal::api::{
    enums::v1::WorkflowTaskFailedCause,
    failure::v1::Failure,
    history::v1::{
        HistoryEvent, TimerStartedEventAttributes, WorkflowExecutionStartedEventAttributes,
        WorkflowExecutionUpdateAcceptedEventAttributes, history_event::Attributes,
    },
    sdk::v1::UserMetadata,
    update::v1::outcome::Value as Answer,
};
use wci_contract::{
    Spec, VersionId,
    limits::{MAX_MESSAGE, cut},
    messages::{DeleteRequest, StartInput, UpdateReply},
    names::{TASK_ADD_SIGNAL, UPDATE},
    signal::TaskAdd,
};

use super::{
    Ending, Group, LaunchEnd, Moment, Open, Run, Story, Timer, What,
    activity::{Activity, Kind},
    loose,
};
use crate::time::{self, Millis};

/// Reads runs one after another.
pub(super) struct Reader {
    until: Millis,
    story: Story,
    at: Millis,
    event_id: i64,
}

impl Reader {
    /// Reads what happened up to `until`.
    pub(super) fn new(until: Millis) -> Self {
        Self { until, story: Story::default(), at: 0, event_id: 0 }
    }

    pub(super) fn finish(mut self) -> Story {
        // Some events are written later than what they tell of.
        self.story.moments.sort_by_key(|moment| (moment.run, moment.at, moment.event_id));
        self.story
    }

    /// Reads one run.
    pub(super) fn run(&mut self, events: &[HistoryEvent]) {
        let until = self.until;
        for event in events.iter().filter(|event| time(event) <= until) {
            (self.at, self.event_id) = (time(event), event.event_id);
            if let Some(attributes) = &event.attributes {
                self.event(attributes, event.user_metadata.as_ref());
            }
            if let Some(run) = self.story.runs.last_mut() {
                run.last = run.last.max(self.at);
                run.events += 1;
            }
        }
    }

    fn tell(&mut self, what: What) {
        let run = self.story.runs.len().saturating_sub(1);
        self.story.moments.push(Moment { at: self.at, event_id: self.event_id, run, what });
    }

    fn event(&mut self, attributes: &Attributes, about: Option<&UserMetadata>) {
        use Attributes as A;
        match attributes {
            A::WorkflowExecutionStartedEventAttributes(start) => self.begin(start),
            A::WorkflowExecutionSignaledEventAttributes(signal) => {
                let text = loose::text(signal.input.as_ref());
                let tasks = TaskAdd::decode(text).filter(|_| signal.signal_name == TASK_ADD_SIGNAL);
                let signal = cut(&signal.signal_name, MAX_MESSAGE).to_owned();
                self.tell(tasks.map_or(What::Unreadable { signal }, What::Announced));
            }
            A::WorkflowExecutionUpdateAcceptedEventAttributes(asked) => self.asked(asked),
            A::WorkflowExecutionUpdateCompletedEventAttributes(done) => {
                let answer = done.outcome.as_ref().and_then(|outcome| outcome.value.as_ref());
                self.answered(done.accepted_event_id, answer);
            }
            A::TimerStartedEventAttributes(timer) => self.timer(timer, about),
            A::TimerCanceledEventAttributes(timer) => {
                self.story.open.timers.remove(&timer.started_event_id);
            }
            A::TimerFiredEventAttributes(timer) => {
                if let Some(Timer { summary, .. }) =
                    self.story.open.timers.remove(&timer.started_event_id)
                {
                    let summary = self.story.open.purpose_of(&summary).to_owned();
                    self.tell(What::Rang { summary });
                }
            }
            A::WorkflowTaskFailedEventAttributes(failed)
                // When something new arrives while a run ends, the server asks again.
                if failed.cause() != WorkflowTaskFailedCause::UnhandledCommand =>
            {
                let why = words(failed.failure.as_ref());
                self.tell(What::TaskLost { why });
            }
            A::WorkflowTaskTimedOutEventAttributes(_) => {
                self.tell(What::TaskLost { why: "nobody answered in time".to_owned() });
            }
            other => {
                self.activity(other);
                self.end(other);
            }
        }
    }

    fn begin(&mut self, start: &WorkflowExecutionStartedEventAttributes) {
        let named = |name: &String| (!name.is_empty()).then(|| name.clone());
        let continues = named(&start.continued_execution_run_id);
        let input: StartInput = loose::value(start.input.as_ref()).unwrap_or_default();
        self.story.id = VersionId::from_workflow_id(&start.workflow_id)
            .or_else(|| VersionId::new(&input.deployment_name, &input.build_id).ok())
            .or(self.story.id.take());
        let state = input.state.unwrap_or_default();
        self.story.open = Open::default();
        self.in_force(&state.spec.unwrap_or_default());
        for (name, state) in &state.scaling_state {
            if let Some(group) = self.story.groups.get_mut(name) {
                group.back_off = loose::back_off_of(state);
            }
        }
        self.story.runs.push(Run {
            run_id: start.original_execution_run_id.clone(),
            continues: continues.clone(),
            began: self.at,
            ..Run::default()
        });
        let wci = state.wci.unwrap_or_default();
        for (name, set) in &wci.worker_sets {
            if let Some(group) = self.story.groups.get_mut(name) {
                group.set_size = Some(set.wanted);
            }
        }
        let launches = wci.launches.len();
        self.tell(What::Began { continued: continues.is_some(), launches });
    }

    fn asked(&mut self, asked: &WorkflowExecutionUpdateAcceptedEventAttributes) {
        let request = asked.accepted_request.as_ref();
        let input = request.and_then(|request| request.input.as_ref());
        let update = input.map(|input| input.name.clone()).unwrap_or_default();
        // Every update of ours says who asks.
        let by: DeleteRequest =
            input.and_then(|input| loose::value(input.args.as_ref())).unwrap_or_default();
        self.story.open.updates.insert(self.event_id, update.clone());
        self.tell(What::Asked { update, by: cut(&by.identity, MAX_MESSAGE).to_owned() });
    }

    fn answered(&mut self, accepted: i64, answer: Option<&Answer>) {
        let update = self.story.open.updates.remove(&accepted).unwrap_or_default();
        let refusal = match answer {
            Some(Answer::Failure(failure)) => Some(words(Some(failure))),
            _ => None,
        };
        if let (UPDATE, Some(Answer::Success(result))) = (update.as_str(), answer) {
            let reply: UpdateReply = loose::value(Some(result)).unwrap_or_default();
            self.in_force(&reply.spec);
            if reply.spec.is_empty() {
                return self.tell(What::Emptied);
            }
        }
        self.tell(What::Answered { update, refusal });
    }

    /// A compute config is in force from now on.
    fn in_force(&mut self, spec: &Spec) {
        self.story.open.has_spec = !spec.is_empty();
        let groups = &mut self.story.groups;
        groups.retain(|name, _| spec.scaling_group_specs.contains_key(name));
        for (name, spec) in &spec.scaling_group_specs {
            let group = groups.entry(name.clone()).or_default();
            group.provider.clone_from(&spec.compute.provider_type);
            group.algorithm = spec.algorithm().to_owned();
            group.set_size = group.set_size.filter(|_| spec.compute.is_worker_set());
        }
    }

    fn timer(&mut self, timer: &TimerStartedEventAttributes, about: Option<&UserMetadata>) {
        let summary = about.and_then(|about| about.summary.as_ref());
        let summary: String = summary.and_then(loose::of_payload).unwrap_or_default();
        let lasts = timer.start_to_fire_timeout.unwrap_or_default();
        let rings = self.at.saturating_add(time::of_parts(lasts.seconds, lasts.nanos));
        let timer = Timer { summary: cut(&summary, MAX_MESSAGE).to_owned(), rings };
        self.story.open.timers.insert(self.event_id, timer);
    }

    fn activity(&mut self, attributes: &Attributes) {
        use Attributes as A;
        let open = &mut self.story.open.activities;
        match attributes {
            A::ActivityTaskScheduledEventAttributes(scheduled) => {
                open.insert(self.event_id, Activity::new(self.at, scheduled));
                match open.get(&self.event_id).map(|activity| activity.kind.clone()) {
                    Some(Kind::Launch(launch)) => self.tell(What::Launched(launch)),
                    Some(Kind::Resize(set)) => self.tell(What::Sized(set)),
                    _ => {}
                }
            }
            A::ActivityTaskStartedEventAttributes(started) => {
                if let Some(activity) = open.get_mut(&started.scheduled_event_id) {
                    activity.attempts = started.attempt;
                }
            }
            A::ActivityTaskCompletedEventAttributes(done) => {
                let Some(activity) = open.remove(&done.scheduled_event_id) else { return };
                if let Kind::Decide(asked) = &activity.kind {
                    let decided = loose::value(done.result.as_ref()).unwrap_or_default();
                    self.decided(activity.at, asked.as_ref(), decided);
                }
                if let Some(what) = activity.completed(done.result.as_ref()) {
                    self.tell(what);
                }
            }
            A::ActivityTaskFailedEventAttributes(end) => {
                self.activity_failed(end.scheduled_event_id, end.failure.as_ref());
            }
            A::ActivityTaskTimedOutEventAttributes(end) => {
                self.activity_failed(end.scheduled_event_id, end.failure.as_ref());
            }
            A::ActivityTaskCanceledEventAttributes(end) => {
                open.remove(&end.scheduled_event_id);
            }
            _ => {}
        }
    }

    fn activity_failed(&mut self, scheduled: i64, failure: Option<&Failure>) {
        if let Some(activity) = self.story.open.activities.remove(&scheduled) {
            self.tell(activity.failed(words(failure)));
        }
    }

    fn decided(
        &mut self,
        asked_at: Millis,
        asked: Option<&loose::Asked>,
        mut decided: loose::Decided,
    ) {
        for (name, answer) in decided.groups {
            let launched = decided.launched.remove(&name);
            let back_off = loose::back_off(&answer);
            let decision = loose::decision(&name, asked, answer);
            let group: &mut Group = self.story.groups.entry(name).or_default();
            group.provider.clone_from(&decision.provider);
            group.algorithm.clone_from(&decision.algorithm);
            group.back_off = back_off;
            group.set_size = decision.set_size.or(group.set_size);
            group.last = Some((self.at, decision.clone()));
            let launch = launched.and_then(|outcome| loose::launched(asked, &decision, outcome));
            self.tell(What::Decided(Box::new(decision)));
            if let Some((launch, outcome)) = launch {
                self.tell(What::Launched(launch.clone()));
                self.tell(What::LaunchEnded(LaunchEnd {
                    launch,
                    asked: asked_at,
                    attempts: 1,
                    outcome: Some(outcome),
                    why: String::new(),
                }));
            }
        }
    }

    fn end(&mut self, attributes: &Attributes) {
        use Attributes as A;
        let otherwise = |how, why| Ending::Otherwise { how, why };
        let ending = match attributes {
            A::WorkflowExecutionCompletedEventAttributes(_) => Ending::Completed,
            A::WorkflowExecutionContinuedAsNewEventAttributes(next) => {
                Ending::Continued { next: next.new_execution_run_id.clone() }
            }
            A::WorkflowExecutionFailedEventAttributes(end) => {
                otherwise("failed", words(end.failure.as_ref()))
            }
            A::WorkflowExecutionTerminatedEventAttributes(end) => {
                otherwise("was terminated", cut(&end.reason, MAX_MESSAGE).to_owned())
            }
            A::WorkflowExecutionCanceledEventAttributes(_) => {
                otherwise("was cancelled", String::new())
            }
            A::WorkflowExecutionTimedOutEventAttributes(_) => otherwise("timed out", String::new()),
            _ => return,
        };
        if let Some(run) = self.story.runs.last_mut() {
            run.ended = Some(ending.clone());
        }
        self.story.open = Open::default();
        self.tell(What::Ended(ending));
    }
}

/// When an event was.
pub(super) fn time(event: &HistoryEvent) -> Millis {
    event.event_time.map_or(0, |at| time::of_parts(at.seconds, at.nanos))
}

/// The words of a failure and of what caused it, cut.
fn words(failure: Option<&Failure>) -> String {
    let mut words = String::new();
    let mut next = failure;
    while let Some(failure) = next {
        if !failure.message.is_empty() && !words.contains(&failure.message) {
            if !words.is_empty() {
                words.push_str(": ");
            }
            words.push_str(&failure.message);
        }
        next = failure.cause.as_deref();
    }
    if words.is_empty() {
        "no reason given".to_owned()
    } else {
        cut(&words, MAX_MESSAGE).to_owned()
    }
}
