//! What an instance waits for.

use super::{
    Ending, Story,
    activity::{Activity, Kind},
    sentence::purpose,
    words::{as_sentence, list, many, span},
};
use crate::time::{self, Millis};

/// Something that the instance waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub kind: &'static str,
    /// When that is over at the latest, where that is known.
    pub until: Option<Millis>,
    pub text: String,
}

impl Waiting {
    fn new(kind: &'static str, until: Option<Millis>, text: &str) -> Self {
        Self { kind, until, text: as_sentence(text) }
    }
}

/// What the instance waits for at the end of `story`, which is at `now`. The soonest first.
pub fn waits(story: &Story, now: Millis) -> Vec<Waiting> {
    match story.ended() {
        None => {}
        Some(Ending::Continued { .. }) => {
            return vec![Waiting::new("run", None, "the next run to begin")];
        }
        Some(_) => return Vec::new(),
    }
    if story.runs.is_empty() {
        return Vec::new();
    }
    let mut waits = timers(story, now);
    waits.extend(awaited(story).map(|activity| activity_waits(&activity.kind, activity.at, now)));
    for update in story.open.updates.values() {
        waits.push(Waiting::new("update", None, &format!("{update} to be answered")));
    }
    waits.sort_by_key(|waiting| waiting.until.unwrap_or(Millis::MAX));
    if story.open.has_spec {
        let text = "tasks that find no worker, which the server announces";
        waits.push(Waiting::new("signal", None, text));
    } else {
        let text = "a compute config: without one nothing is started (wci apply)";
        waits.push(Waiting::new("update", None, text));
    }
    waits
}

/// Activities whose end matters. A watch that was told to stop lasts until it hears of it, but
/// the instance looks at its successor alone.
fn awaited(story: &Story) -> impl Iterator<Item = &Activity> {
    let all = &story.open.activities;
    let is_watch = |activity: &Activity| matches!(activity.kind, Kind::Watch(_));
    let latest = all.iter().rev().find(|(_, activity)| is_watch(activity)).map(|(event, _)| *event);
    all.iter()
        .filter(move |(event, activity)| !is_watch(activity) || Some(**event) == latest)
        .map(|(_, activity)| activity)
}

fn timers(story: &Story, now: Millis) -> Vec<Waiting> {
    let told = |timer: &super::Timer| {
        let when = time::relative(timer.rings, now);
        let text =
            format!("the time to {}, {when}", purpose(story.open.purpose_of(&timer.summary)));
        Waiting::new("timer", Some(timer.rings), &text)
    };
    story.open.timers.values().map(told).collect()
}

fn activity_waits(kind: &Kind, asked: Millis, now: Millis) -> Waiting {
    let ago = span(now.saturating_sub(asked));
    match kind {
        Kind::Decide(_) => {
            Waiting::new("decision", None, &format!("a decision that it asked for {ago} ago"))
        }
        Kind::Launch(launch) => {
            let workers = many(launch.workers, "worker");
            let (provider, group) = (&launch.provider, &launch.group);
            let text =
                format!("{provider} to answer for {workers} of {group}, asked for {ago} ago");
            Waiting::new("launch", None, &text)
        }
        Kind::Resize(set) => {
            let text = format!(
                "{} to say whether it keeps {} for {}, asked {ago} ago",
                set.provider,
                many(set.size, "worker"),
                set.group
            );
            Waiting::new("launch", None, &text)
        }
        Kind::Watch(Some(watch)) => {
            let types: Vec<String> =
                watch.types.iter().map(|kind| kind.as_str().to_owned()).collect();
            let queues = if types.is_empty() { "task".to_owned() } else { list(&types) };
            let mut text =
                format!("the watch of the {queues} queues to see tasks wait that nobody takes");
            if watch.quiet_until_ms > now {
                let until = time::relative(watch.quiet_until_ms, now);
                text.push_str(&format!(
                    " (what waits before then is left to workers on their way: {until})"
                ));
            }
            let until = watch.until_ms;
            if until > now {
                text.push_str(&format!(
                    "; an idle watch is renewed {}",
                    time::relative(until, now)
                ));
            }
            Waiting::new("watch", (until > 0).then_some(until), &text)
        }
        Kind::Watch(None) => Waiting::new("watch", None, "the watch of the task queues"),
        Kind::Register => Waiting::new(
            "register",
            None,
            "workers to be started so that the server learns of task queues",
        ),
        Kind::Validate => Waiting::new("check", None, "the providers to check a compute config"),
        Kind::Unknown(activity) => {
            Waiting::new("other", None, &format!("an activity {activity}, asked for {ago} ago"))
        }
    }
}
