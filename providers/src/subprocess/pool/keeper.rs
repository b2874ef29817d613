//! Keeping one pool at its size.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, unbounded_channel},
    },
    task::spawn_blocking,
};

use super::{
    members::{Member, Standing, survey},
    pace::Pace,
    place::{Desired, Place},
    recipe::Kitchen,
    start::{End, Ends, start},
};
use crate::{Scope, SetSize, clock::now_ms};

/// Between two looks; another system worker may have written down another size.
const LOOK: Duration = Duration::from_secs(1);
/// Whoever keeps a pool.
pub(super) struct Keeper {
    kitchen: Arc<Kitchen>,
    place: Place,
    /// Held for as long as the pool is kept.
    _lock: File,
    pace: Pace,
    /// The number of the next process.
    next: u64,
    /// Processes that were told to leave.
    dismissed: BTreeSet<u64>,
    ends: Ends,
    ended: UnboundedReceiver<End>,
}

impl Keeper {
    /// The keeper of the pool at `place`, whose `lock` is held.
    pub(super) fn new(kitchen: Arc<Kitchen>, place: Place, lock: File, nudge: Arc<Notify>) -> Self {
        let (sender, ended) = unbounded_channel();
        Self {
            kitchen,
            place,
            _lock: lock,
            pace: Pace::default(),
            next: 0,
            dismissed: BTreeSet::new(),
            ends: Ends { sender, nudge },
            ended,
        }
    }

    /// Keeps the pool until it is empty, and is to be.
    pub(super) async fn keep(mut self) {
        loop {
            match self.round().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(pool = ?self.place, %error, "cannot keep a pool"),
            }
            let wait = match self.pace.pause(Instant::now()) {
                Duration::ZERO => LOOK,
                pause => pause.min(LOOK),
            };
            let _ = tokio::time::timeout(wait, self.ends.nudge.notified()).await;
        }
    }

    /// Looks at the pool once, and does what is to be done. Whether it is over.
    async fn round(&mut self) -> io::Result<bool> {
        let place = self.place.clone();
        let look = move || Ok((place.read()?, survey(place.records())?));
        let look: io::Result<(Option<Desired>, Vec<Member>)> =
            spawn_blocking(look).await.map_err(io::Error::other)?;
        let (desired, members) = look?;
        self.take_note(&members);
        let known = desired.clone();
        let desired =
            desired.filter(|desired| is_wanted(desired, self.kitchen.machine().lapse_ms()));
        let serving = self.dismiss_surplus(desired.as_ref(), &members);
        self.tell_size(known, desired.as_ref(), &members);
        match desired {
            Some(desired) => self.start_missing(&desired, serving),
            None if members.is_empty() => {
                let (place, lapse_ms) = (self.place.clone(), self.kitchen.machine().lapse_ms());
                let is_wanted = move |desired: &Desired| is_wanted(desired, lapse_ms);
                return spawn_blocking(move || place.clear(is_wanted))
                    .await
                    .map_err(io::Error::other)?;
            }
            None => {}
        }
        Ok(false)
    }

    /// Takes note of who is there and who has ended.
    fn take_note(&mut self, members: &[Member]) {
        let after_last = members.last().map_or(0, |member| member.number + 1);
        self.next = self.next.max(after_last);
        while let Ok(End { number, lived }) = self.ended.try_recv() {
            if !self.dismissed.remove(&number) {
                let pause = self.pace.ended(lived, Instant::now());
                tracing::warn!(
                    number,
                    lived_ms = lived.as_millis(),
                    pause_ms = pause.as_millis(),
                    "a process of a pool ended by itself: another is started after a pause"
                );
            }
        }
    }

    /// Has the newest leave of those that are too many, and those of other settings. They do not
    /// count any more. Answers with how many stay.
    fn dismiss_surplus(&mut self, desired: Option<&Desired>, members: &[Member]) -> u32 {
        let (count, generation) =
            desired.map_or((0, None), |desired| (desired.count, Some(desired.generation)));
        let mut serving = 0;
        for member in members {
            let counts = !self.dismissed.contains(&member.number)
                && member.standing != Standing::Leaving
                && Some(member.generation) == generation
                && serving < count;
            if counts {
                serving += 1;
                continue;
            }
            if let Standing::Serving { .. } = member.standing {
                member.dismiss();
                if self.dismissed.insert(member.number) {
                    tracing::info!(number = member.number, "a process of a pool was told to leave");
                }
            }
        }
        serving
    }

    /// Tells how large the pool is that `known` was told of and, unless it lapsed, `desired` is.
    fn tell_size(&self, known: Option<Desired>, desired: Option<&Desired>, members: &[Member]) {
        let Some(Desired { namespace, version, group, .. }) = known else { return };
        let runs = |member: &&Member| {
            matches!(member.standing, Standing::Serving { .. })
                && !self.dismissed.contains(&member.number)
        };
        let size = SetSize {
            scope: Scope { namespace, version, group },
            provider_type: super::TYPE,
            wanted: desired.map_or(0, |desired| desired.count),
            running: members.iter().filter(runs).count().try_into().unwrap_or(u32::MAX),
        };
        self.kitchen.machine().kept().sized(&self.place, size);
    }

    fn start_missing(&mut self, desired: &Desired, serving: u32) {
        for _ in serving..desired.count {
            if !self.pace.pause(Instant::now()).is_zero() {
                return;
            }
            let number = self.next;
            self.next += 1;
            let started = start(&self.kitchen, &self.place, desired, number, self.ends.clone());
            if let Err(message) = started {
                let pause = self.pace.ended(Duration::ZERO, Instant::now());
                tracing::warn!(
                    group = desired.group,
                    message,
                    pause_ms = pause.as_millis(),
                    "cannot start a process of a pool"
                );
                return;
            }
        }
    }
}

fn is_wanted(desired: &Desired, lapse_ms: i64) -> bool {
    let now_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX);
    desired.count > 0 && now_ms.saturating_sub(desired.asked_ms) <= lapse_ms
}
