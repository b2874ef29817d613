//! Our instance, with one group: the inbox, decisions, launches and wake-ups by the rules of the
//! instance workflow.

use wci_contract::{decision::Event, signal::TaskAdd, stats::QueueStats};

use super::{
    inbox::Inbox,
    mind::{self, Mind, Wish, epoch_ms, moment},
    watch::{IDLE_PACE, Watch},
};
use crate::{
    Micros,
    agenda::{Answer, Control},
    site::Site,
};

const RETRY: Micros = Micros::from_ms(1_000);
const SOONEST_MS: i64 = 5;
const MAX_LAUNCHES: u32 = 8;
/// A backlog is told no sooner again than the server's figures are old.
const SOONEST_DUE: Micros = Micros::from_ms(5_000);
const DEFAULT_POLL: Micros = Micros::from_ms(60_000);
const WATCH_LASTS: Micros = Micros::from_ms(3_600_000);
/// From the end of one watch to the first look of the next.
const WATCH_BEGINS: Micros = Micros::from_ms(10);
const QUIET: Micros = Micros::from_ms(5_000);
const QUIET_MAX: Micros = Micros::from_ms(60_000);

/// An instance.
#[derive(Debug)]
pub(crate) struct Instance {
    mind: Mind,
    inbox: Inbox,
    events: Vec<Event>,
    /// What is being decided, and since when.
    deciding: Option<(Micros, Vec<Event>)>,
    launches: u32,
    launched: Option<Micros>,
    next_poll: Micros,
    quiet_until: Micros,
    fruitless: u32,
    watch: Watch,
    watches: u32,
    alarm: Option<Micros>,
}

impl Instance {
    pub(super) fn new(mind: Mind) -> Self {
        Self {
            mind,
            inbox: Inbox::default(),
            events: Vec::new(),
            deciding: None,
            launches: 0,
            launched: None,
            next_poll: DEFAULT_POLL,
            quiet_until: Micros::ZERO,
            fruitless: 0,
            watch: Watch::default(),
            watches: 0,
            alarm: None,
        }
    }

    /// It has watched an idle queue for long, and is between two looks.
    pub(super) fn begin(&mut self, site: &mut Site<'_>) {
        self.watch = self.new_watch(site.now);
        let until_look = site.phase(IDLE_PACE);
        site.after(until_look, Control::Look(self.watches));
    }

    pub(super) fn go_on(&mut self, control: Control, site: &mut Site<'_>) {
        match control {
            Control::Signal(announced) => self.inbox.add(mind::signal(announced)),
            Control::Decided => self.decided(site),
            Control::Answered(answer) => self.launch_ended(answer),
            Control::Wake => self.alarm = None,
            Control::Look(watch) if watch == self.watches => self.look(site),
            Control::Look(_) => return,
        }
        self.attend(site);
    }

    /// Asks for a decision if something calls for one, and sets the alarm.
    fn attend(&mut self, site: &mut Site<'_>) {
        if self.deciding.is_none() && self.wants_decision(site.now) {
            let events = self.question(site);
            if !events.is_empty() {
                self.deciding = Some((site.now, events));
                site.after(site.scenario.controller.decision_latency, Control::Decided);
            }
        }
        let Some(wake) = self.inbox.wake() else { return };
        if self.alarm.is_none_or(|alarm| alarm > wake) && self.deciding.is_none() {
            self.alarm = Some(wake);
            site.after(wake.less(site.now), Control::Wake);
        }
    }

    fn wants_decision(&self, now: Micros) -> bool {
        self.inbox.is_urgent(now) || self.events.iter().any(|event| self.is_news(event))
    }

    /// A launch that went well is no news, unless the group was in trouble.
    fn is_news(&self, event: &Event) -> bool {
        match event {
            Event::Outcome(outcome) => self.mind.has_own_state() || !outcome.is_success(),
            Event::TaskAdd(_) | Event::Poll(_) | Event::Tick {} => true,
        }
    }

    fn question(&mut self, site: &mut Site<'_>) -> Vec<Event> {
        if let Some(due) = self.inbox.take_due(site.now) {
            if due.is_empty() {
                self.look_again(site);
            }
            self.events.extend(due.into_iter().map(Event::TaskAdd));
        }
        self.events.extend(self.inbox.take_fresh().into_iter().map(Event::TaskAdd));
        std::mem::take(&mut self.events)
    }

    /// Carries out what was decided.
    fn decided(&mut self, site: &mut Site<'_>) {
        let Some((asked, events)) = self.deciding.take() else { return };
        let workers = site.workers();
        let decision = self.mind.decide(asked, &events, workers, &mut site.tally);
        let soonest_ms = epoch_ms(asked) + SOONEST_MS;
        let mut wake = decision.wake_at_ms.map(|at| moment(at.max(soonest_ms)));
        let wish = mind::wish(&decision.actions);
        let is_put_off = decision.throttled > 0 && wish == Wish::Nothing;
        let mut put_off = if is_put_off { announced(events) } else { Vec::new() };
        match wish {
            Wish::Nothing => {}
            Wish::Keep(count) => {
                let answer = site.resize(count);
                self.ask(site, answer);
            }
            Wish::Start(count) if self.launches < MAX_LAUNCHES => {
                let answer = site.ask(count);
                self.ask(site, answer);
            }
            Wish::Start(count) => {
                put_off.push(mind::missed(count));
                wake = Some(asked + RETRY);
            }
        }
        match wake {
            Some(wake) if put_off.is_empty() && wake <= moment(soonest_ms) => {
                self.look_again(site);
            }
            Some(wake) => self.inbox.hold(put_off, wake),
            None => {}
        }
        self.next_poll = Micros::from_ms(decision.next_poll_ms);
    }

    /// A launch is under way until the provider has answered.
    fn ask(&mut self, site: &mut Site<'_>, answer: Answer) {
        self.launches += 1;
        self.launched = Some(site.now);
        self.quiet_until = site.now + QUIET;
        let latency = site.latency();
        site.after(latency, Control::Answered(answer));
    }

    /// Tasks behind workers that were not started still wait.
    fn launch_ended(&mut self, answer: Answer) {
        self.launches = self.launches.saturating_sub(1);
        self.events.push(Event::Outcome(mind::outcome(answer)));
        let missing = answer.throttled.saturating_add(answer.refused);
        if missing > 0 {
            self.events.push(Event::TaskAdd(mind::missed(missing)));
        }
    }

    fn look_again(&mut self, site: &mut Site<'_>) {
        self.quiet_until = Micros::ZERO;
        self.watch_anew(site);
    }

    fn watch_anew(&mut self, site: &mut Site<'_>) {
        self.watches += 1;
        self.watch = self.new_watch(site.now);
        site.after(WATCH_BEGINS, Control::Look(self.watches));
    }

    fn new_watch(&self, now: Micros) -> Watch {
        let due = self.next_poll.max(SOONEST_DUE);
        Watch::new(self.quiet_until, now + due, now + WATCH_LASTS.max(due))
    }

    fn look(&mut self, site: &mut Site<'_>) {
        let poll = site.look();
        let stats = poll.stats.values().next().copied().unwrap_or_default();
        let since_launch = self.launched.map(|at| site.now.less(at));
        if self.watch.ends(site.now, &stats, since_launch) {
            self.be_quiet(site.now, &stats);
            self.events.push(Event::Poll(poll));
            self.watch_anew(site);
        } else {
            site.after(self.watch.pace(since_launch), Control::Look(self.watches));
        }
    }

    /// A backlog that was reported is left to the workers that it calls for; longer each time
    /// that none of them took a task.
    fn be_quiet(&mut self, now: Micros, stats: &QueueStats) {
        let waits = stats.backlog > 0;
        let is_served = stats.dispatch_rate > 0.0;
        self.fruitless = if waits && !is_served { self.fruitless.saturating_add(1) } else { 0 };
        if waits {
            let quiet = QUIET.times(1 << self.fruitless.saturating_sub(1).min(8));
            self.quiet_until = now + quiet.min(QUIET_MAX);
        }
    }
}

/// The announced tasks among `events` that call for workers.
fn announced(events: Vec<Event>) -> Vec<TaskAdd> {
    let signal = |event| match event {
        Event::TaskAdd(signal) => Some(signal),
        Event::Poll(_) | Event::Outcome(_) | Event::Tick {} => None,
    };
    events.into_iter().filter_map(signal).filter(TaskAdd::is_eligible).collect()
}
