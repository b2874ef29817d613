//! Sessions for every role and region in use: kept, renewed, and asked for once at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use aws_config::SdkConfig;
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::OnceCell;
use wci_contract::FailureClass;

use super::{
    base,
    bounded::Bounded,
    session::{Role, Session},
    spec::LambdaSpec,
    trouble::Trouble,
};
use crate::AwsSettings;

const MAX_SESSIONS: usize = 256;

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

type Entry = tokio::sync::Mutex<Kept>;

#[derive(Default)]
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
    /// another is asking gets the same answer.
    pub(super) fn session<'a>(&'a self, way: &'a Way) -> BoxFuture<'a, Result<Session, Trouble>> {
        let asked = Instant::now();
        async move {
            let entry = self.entry(way);
            let mut kept = entry.lock().await;
            if let Some(session) = kept.session.as_ref().filter(|session| session.is_fresh()) {
                return Ok(session.clone());
            }
            match &kept.failure {
                Some((at, trouble)) if *at > asked => return kept.or_else(trouble.clone()),
                _ => {}
            }
            match self.open(way).await {
                Ok(session) => {
                    *kept = Kept { session: Some(session.clone()), failure: None };
                    Ok(session)
                }
                Err(trouble) => {
                    kept.failure = Some((Instant::now(), trouble.clone()));
                    kept.or_else(trouble)
                }
            }
        }
        .boxed()
    }

    /// A new session at the end of `way`, kept for later.
    pub(super) async fn new_session(&self, way: &Way) -> Result<Session, Trouble> {
        self.forget(way).await;
        self.session(way).await
    }

    /// The session from which the last role of `way` is assumed.
    pub(super) async fn before_last(&self, way: &Way) -> Result<Session, Trouble> {
        self.session(&way.without_last()).await
    }

    /// Drops the session at the end of `way`: its credentials turned out to be of no use.
    pub(super) async fn forget(&self, way: &Way) {
        self.entry(way).lock().await.session = None;
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

impl Kept {
    /// What is kept may do a little longer while AWS does not answer.
    fn or_else(&self, trouble: Trouble) -> Result<Session, Trouble> {
        let passing = matches!(trouble.class, FailureClass::Unavailable | FailureClass::Throttled);
        match &self.session {
            Some(session) if passing && session.is_usable() => Ok(session.clone()),
            _ => Err(trouble),
        }
    }
}
