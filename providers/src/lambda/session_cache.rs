//! Sessions for every role and region in use: cached, renewed, and requested once at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_config::SdkConfig;
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::OnceCell;

use super::{
    config::LambdaConfig,
    failure::ProviderFailure,
    lru_map::LruMap,
    sdk_config,
    session::{Role, Session},
};
use crate::AwsSettings;

const MAX_SESSIONS: usize = 256;
/// How long to wait after a failed renewal while the old credentials are still usable.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(15);

/// The roles to assume, each from the one before, and the region in which the last one is used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RoleChain {
    region: String,
    roles: Vec<Role>,
}

/// The sessions of all namespaces. Nothing is loaded or connected before it is needed.
pub(crate) struct SessionCache {
    settings: AwsSettings,
    sdk_config: OnceCell<SdkConfig>,
    sessions: Mutex<LruMap<RoleChain, Arc<Entry>>>,
}

/// The cache entry of one role chain.
#[derive(Default)]
struct Entry {
    cached: Mutex<Cached>,
    /// Held while a session is requested.
    requesting: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Cached {
    session: Option<Session>,
    /// The last failure, for those that were waiting when it happened.
    failure: Option<(Instant, ProviderFailure)>,
}

impl SessionCache {
    /// An empty cache with these settings.
    pub(crate) fn new(settings: AwsSettings) -> Self {
        let sessions = Mutex::new(LruMap::new(MAX_SESSIONS));
        Self { settings, sdk_config: OnceCell::new(), sessions }
    }

    /// A session of the last role in `chain`, cached or new. While another caller requests a new
    /// one, this returns the old one as long as it is usable, or else waits for the same result.
    pub(super) fn session<'a>(
        &'a self,
        chain: &'a RoleChain,
    ) -> BoxFuture<'a, Result<Session, ProviderFailure>> {
        let called = Instant::now();
        async move {
            let entry = self.entry(chain);
            if let Some(session) = entry.cached().good_enough(false) {
                return Ok(session);
            }
            let _requesting = match entry.requesting.try_lock() {
                Ok(requesting) => requesting,
                Err(_) => match entry.cached().good_enough(true) {
                    Some(session) => return Ok(session),
                    None => entry.requesting.lock().await,
                },
            };
            let cached = entry.cached();
            if let Some(session) = cached.good_enough(false) {
                return Ok(session);
            }
            match &cached.failure {
                Some((at, failure)) if *at > called => return cached.or_else(failure.clone()),
                _ => {}
            }
            match self.request(chain, &entry).await {
                Ok(session) => Ok(session),
                Err(failure) => entry.cached().or_else(failure),
            }
        }
        .boxed()
    }

    /// A new session of the last role in `chain`, which is then cached.
    pub(super) async fn new_session(&self, chain: &RoleChain) -> Result<Session, ProviderFailure> {
        let entry = self.entry(chain);
        let _requesting = entry.requesting.lock().await;
        self.request(chain, &entry).await
    }

    /// Requests a session and caches the result.
    async fn request(&self, chain: &RoleChain, entry: &Entry) -> Result<Session, ProviderFailure> {
        let result = self.open(chain).await;
        match &result {
            Ok(session) => entry.store(Cached { session: Some(session.clone()), failure: None }),
            Err(failure) => {
                // If the role may no longer be assumed, its credentials must not be used either.
                let session = entry.cached().session.filter(|_| failure.is_transient());
                entry.store(Cached { session, failure: Some((Instant::now(), failure.clone())) });
            }
        }
        result
    }

    /// The session that assumes the last role in `chain`.
    pub(super) async fn source(&self, chain: &RoleChain) -> Result<Session, ProviderFailure> {
        self.session(&chain.without_last()).await
    }

    /// Drops the cached session of `chain`: its credentials have turned out to be invalid.
    pub(super) fn evict(&self, chain: &RoleChain) {
        self.entry(chain).store(Cached::default());
    }

    async fn open(&self, chain: &RoleChain) -> Result<Session, ProviderFailure> {
        match chain.roles.last() {
            Some(role) => self.source(chain).await?.assume(role).await,
            None => {
                let load = || sdk_config::load(&self.settings, &chain.region);
                let sdk_config = self.sdk_config.get_or_init(load).await;
                Ok(Session::with_own_credentials(sdk_config, &chain.region))
            }
        }
    }

    fn entry(&self, chain: &RoleChain) -> Arc<Entry> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get_or_insert_with(chain, Arc::default)
    }
}

impl RoleChain {
    /// The roles to assume for the function of `config`.
    pub(super) fn new(config: &LambdaConfig) -> Self {
        let roles = match &config.role {
            Some(role) => config.intermediary_roles.iter().chain([role]).cloned().collect(),
            None => Vec::new(),
        };
        Self { region: config.function.region.clone(), roles }
    }

    fn without_last(&self) -> Self {
        let mut roles = self.roles.clone();
        roles.pop();
        Self { region: self.region.clone(), roles }
    }
}

impl Entry {
    fn cached(&self) -> Cached {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn store(&self, cached: Cached) {
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = cached;
    }
}

impl Cached {
    /// The cached session, if no new one is to be requested now: because it is fresh, or because
    /// it is usable and another caller is requesting one or has just failed to.
    fn good_enough(&self, is_requesting: bool) -> Option<Session> {
        let has_failed =
            self.failure.as_ref().is_some_and(|(at, _)| at.elapsed() < RENEWAL_INTERVAL);
        let is_enough = |session: &&Session| {
            session.is_fresh() || ((is_requesting || has_failed) && session.is_usable())
        };
        self.session.as_ref().filter(is_enough).cloned()
    }

    /// The cached session if it is usable and the failure is transient, or else the failure.
    fn or_else(&self, failure: ProviderFailure) -> Result<Session, ProviderFailure> {
        match &self.session {
            Some(session) if failure.is_transient() && session.is_usable() => Ok(session.clone()),
            _ => Err(failure),
        }
    }
}
