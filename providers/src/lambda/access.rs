//! Sessions for every role and region in use: kept, renewed, and asked for once at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_config::SdkConfig;
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::OnceCell;

use super::{
    base,
    bounded::Bounded,
    session::{Role, Session},
    spec::LambdaSpec,
    trouble::Trouble,
};
use crate::AwsSettings;

const MAX_SESSIONS: usize = 256;
/// After credentials could not be renewed, while the old ones still do.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(15);

/// How to get at a function: the roles to assume, one from the other, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Way {
    region: String,
    roles: Vec<Role>,
}

/// The way to AWS; nothing is loaded or connected before it is needed.
pub(crate) struct Aws {
    settings: AwsSettings,
    base: OnceCell<SdkConfig>,
    sessions: Mutex<Bounded<Way, Arc<Entry>>>,
}

/// What is known of one way.
#[derive(Default)]
struct Entry {
    kept: Mutex<Kept>,
    /// Held by the one who asks for a session.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Kept {
    session: Option<Session>,
    /// The last failure, for those who were waiting when it happened.
    failure: Option<(Instant, Trouble)>,
}

impl Aws {
    /// With these settings.
    pub(crate) fn new(settings: AwsSettings) -> Self {
        let sessions = Mutex::new(Bounded::new(MAX_SESSIONS));
        Self { settings, base: OnceCell::new(), sessions }
    }

    /// A session at the end of `way`: the one that is kept, or a new one. Whoever asks while
    /// another is asking goes on with the old one while it lasts, else gets the same answer.
    pub(super) fn session<'a>(&'a self, way: &'a Way) -> BoxFuture<'a, Result<Session, Trouble>> {
        let asked = Instant::now();
        async move {
            let entry = self.entry(way);
            if let Some(session) = entry.kept().good_enough(false) {
                return Ok(session);
            }
            let _asking = match entry.asking.try_lock() {
                Ok(asking) => asking,
                Err(_) => match entry.kept().good_enough(true) {
                    Some(session) => return Ok(session),
                    None => entry.asking.lock().await,
                },
            };
            let kept = entry.kept();
            if let Some(session) = kept.good_enough(false) {
                return Ok(session);
            }
            match &kept.failure {
                Some((at, trouble)) if *at > asked => return kept.or_else(trouble.clone()),
                _ => {}
            }
            match self.ask(way, &entry).await {
                Ok(session) => Ok(session),
                Err(trouble) => entry.kept().or_else(trouble),
            }
        }
        .boxed()
    }

    /// A new session at the end of `way`, kept for later.
    pub(super) async fn new_session(&self, way: &Way) -> Result<Session, Trouble> {
        let entry = self.entry(way);
        let _asking = entry.asking.lock().await;
        self.ask(way, &entry).await
    }

    /// Asks for a session, and keeps what comes of it.
    async fn ask(&self, way: &Way, entry: &Entry) -> Result<Session, Trouble> {
        let result = self.open(way).await;
        match &result {
            Ok(session) => entry.keep(Kept { session: Some(session.clone()), failure: None }),
            Err(trouble) => {
                // Whoever may no longer assume the role is done with its credentials too.
                let session = entry.kept().session.filter(|_| trouble.may_pass());
                entry.keep(Kept { session, failure: Some((Instant::now(), trouble.clone())) });
            }
        }
        result
    }

    /// The session from which the last role of `way` is assumed.
    pub(super) async fn before_last(&self, way: &Way) -> Result<Session, Trouble> {
        self.session(&way.without_last()).await
    }

    /// Drops the session at the end of `way`: its credentials turned out to be of no use.
    pub(super) fn forget(&self, way: &Way) {
        self.entry(way).keep(Kept::default());
    }

    async fn open(&self, way: &Way) -> Result<Session, Trouble> {
        match way.roles.last() {
            Some(role) => self.before_last(way).await?.assume(role).await,
            None => {
                let load = || base::load(&self.settings, &way.region);
                Ok(Session::own(self.base.get_or_init(load).await, &way.region))
            }
        }
    }

    fn entry(&self, way: &Way) -> Arc<Entry> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get_or_insert_with(way, Arc::default)
    }
}

impl Way {
    /// The way to the function of `spec`.
    pub(super) fn to(spec: &LambdaSpec) -> Self {
        let roles = match &spec.role {
            Some(role) => spec.chain.iter().chain([role]).cloned().collect(),
            None => Vec::new(),
        };
        Self { region: spec.function.region.clone(), roles }
    }

    fn without_last(&self) -> Self {
        let mut roles = self.roles.clone();
        roles.pop();
        Self { region: self.region.clone(), roles }
    }
}

impl Entry {
    fn kept(&self) -> Kept {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, kept: Kept) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }
}

impl Kept {
    /// The session that is kept, if nobody need ask for another now: because it lasts, or
    /// because somebody is asking or has just asked in vain.
    fn good_enough(&self, asking: bool) -> Option<Session> {
        let in_vain = self.failure.as_ref().is_some_and(|(at, _)| at.elapsed() < BETWEEN_RENEWALS);
        self.session
            .as_ref()
            .filter(|session| session.is_fresh() || ((asking || in_vain) && session.is_usable()))
            .cloned()
    }

    /// What is kept may do a little longer while AWS does not answer.
    fn or_else(&self, trouble: Trouble) -> Result<Session, Trouble> {
        match &self.session {
            Some(session) if trouble.may_pass() && session.is_usable() => Ok(session.clone()),
            _ => Err(trouble),
        }
    }
}
