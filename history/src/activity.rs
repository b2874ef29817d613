//! Activities of an instance, by the names of their types.

use wci_contract::activities::{
    DECIDE, INVOKE, InvokeInput, REGISTER, RESIZE, RegisterOutput, ResizeInput, VALIDATE_SPEC,
    WATCH, WatchInput,
};

use super::{
    Launch, LaunchEnd, Seen, Set, What,
    loose::{self, Asked},
};
use crate::time::Millis;
use temporalio_common::protos::temporal::api::{
    common::v1::Payloads, history::v1::ActivityTaskScheduledEventAttributes,
};

/// An activity that was asked for.
#[derive(Debug, Clone)]
pub struct Activity {
    pub at: Millis,
    pub attempts: i32,
    pub kind: Kind,
}

/// What it is for.
#[derive(Debug, Clone)]
pub enum Kind {
    Decide(Option<Asked>),
    Watch(Option<WatchInput>),
    Launch(Launch),
    Resize(Set),
    Register,
    Validate,
    /// Of a type that this build does not know.
    Unknown(String),
}

impl Activity {
    pub(super) fn new(at: Millis, scheduled: &ActivityTaskScheduledEventAttributes) -> Self {
        let name = scheduled.activity_type.as_ref().map_or("", |kind| kind.name.as_str());
        let input = scheduled.input.as_ref();
        let kind = match name {
            DECIDE => Kind::Decide(loose::value(input)),
            WATCH => Kind::Watch(loose::value(input)),
            INVOKE => Kind::Launch(launch(input)),
            RESIZE => Kind::Resize(set(input)),
            REGISTER => Kind::Register,
            VALIDATE_SPEC => Kind::Validate,
            other => Kind::Unknown(other.to_owned()),
        };
        Self { at, attempts: 1, kind }
    }

    /// What its result tells. Decisions are the reader's business.
    pub(super) fn completed(self, result: Option<&Payloads>) -> Option<What> {
        Some(match self.kind {
            Kind::Decide(_) => return None,
            Kind::Watch(_) => {
                let loose::Watched { end, stats, workers } =
                    loose::value(result).unwrap_or_default();
                let (stats, workers) = (loose::stats(&stats), loose::workers(&workers));
                What::Saw(Seen { end, stats, workers })
            }
            Kind::Launch(launch) => What::LaunchEnded(LaunchEnd {
                launch,
                asked: self.at,
                attempts: self.attempts,
                outcome: loose::value(result),
                why: "its result makes no sense to this version of wci".to_owned(),
            }),
            Kind::Resize(set) => What::SizeAnswered {
                set,
                outcome: loose::value(result),
                why: "its result makes no sense to this version of wci".to_owned(),
            },
            Kind::Register => {
                let RegisterOutput { started, failed, empty_sets } =
                    loose::value(result).unwrap_or_default();
                What::Registered { started, empty_sets, failed }
            }
            // The answer to the update says what came of it.
            Kind::Validate => return None,
            Kind::Unknown(activity) => What::Unknown { activity },
        })
    }

    /// What it means that it ended without a result, because of `why`.
    pub(super) fn failed(self, why: String) -> What {
        let what = match self.kind {
            Kind::Launch(launch) => {
                return What::LaunchEnded(LaunchEnd {
                    launch,
                    asked: self.at,
                    attempts: self.attempts,
                    outcome: None,
                    why,
                });
            }
            Kind::Resize(set) => return What::SizeAnswered { set, outcome: None, why },
            Kind::Decide(_) => "a decision",
            Kind::Watch(_) => "watching the task queues",
            Kind::Register => "registering task queues",
            Kind::Validate => "the check of the compute config",
            Kind::Unknown(activity) => return What::Failed { what: activity, why },
        };
        What::Failed { what: what.to_owned(), why }
    }
}

fn set(input: Option<&Payloads>) -> Set {
    let set = |input: ResizeInput| Set {
        group: input.group,
        provider: input.compute.provider_type,
        size: input.count,
    };
    loose::value(input).map(set).unwrap_or_default()
}

fn launch(input: Option<&Payloads>) -> Launch {
    let launch = |input: InvokeInput| Launch {
        launch_id: input.launch_id,
        group: input.group,
        provider: input.compute.provider_type,
        workers: input.count,
    };
    loose::value(input).map(launch).unwrap_or_default()
}
