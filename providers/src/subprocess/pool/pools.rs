//! The pools that this system worker keeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::spawn_blocking};

use super::{keeper::Keeper, place::Place, recipe::Kitchen};
use crate::SetSize;

/// Between two looks for pools that nobody keeps.
const LOOK: Duration = Duration::from_secs(1);

/// The pools that this process keeps, over all namespaces.
#[derive(Default)]
pub(crate) struct Kept {
    pools: Mutex<BTreeMap<Place, Pool>>,
    watched: Mutex<BTreeMap<String, Arc<Notify>>>,
}

/// A pool that this process keeps.
#[derive(Default)]
struct Pool {
    nudge: Arc<Notify>,
    /// How large it was when its keeper last looked.
    size: Option<SetSize>,
}

impl Kept {
    /// Has the keeper of this pool look at it now, or somebody become its keeper.
    pub(super) fn nudge(&self, place: &Place) {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(place) {
            return pool.nudge.notify_one();
        }
        drop(pools);
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.values().for_each(|watch| watch.notify_one());
    }

    /// Takes note of how large a pool is.
    pub(super) fn sized(&self, place: &Place, size: SetSize) {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get_mut(place) {
            pool.size = Some(size);
        }
    }

    /// How large each pool is.
    pub(crate) fn sizes(&self) -> Vec<SetSize> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.values().filter_map(|pool| pool.size.clone()).collect()
    }

    fn watch(&self, namespace: &str) -> Option<Arc<Notify>> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.contains_key(namespace) {
            return None;
        }
        Some(Arc::clone(watched.entry(namespace.to_owned()).or_default()))
    }

    fn known(&self) -> BTreeSet<Place> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn begin(&self, place: &Place) -> Arc<Notify> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&pools.entry(place.clone()).or_default().nudge)
    }

    fn end(&self, place: &Place) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
    }
}

/// From now on keeps every pool of `namespace` that nobody else on this machine keeps. Needs a
/// tokio runtime; a second call changes nothing.
pub(super) fn keep_all(kitchen: &Arc<Kitchen>, namespace: &str) {
    let Some(nudge) = kitchen.machine().kept().watch(namespace) else { return };
    let (kitchen, namespace) = (Arc::clone(kitchen), namespace.to_owned());
    tokio::spawn(async move {
        loop {
            if let Err(error) = take_up(&kitchen, &namespace).await {
                tracing::warn!(namespace, %error, "cannot look for pools");
            }
            let _ = tokio::time::timeout(LOOK, nudge.notified()).await;
        }
    });
}

/// Becomes the keeper of pools that have none.
async fn take_up(kitchen: &Arc<Kitchen>, namespace: &str) -> io::Result<()> {
    let run_dir = kitchen.machine().run_dir().to_owned();
    let (of, known) = (namespace.to_owned(), kitchen.machine().kept().known());
    let looking = move || {
        let places = Place::all(&run_dir, &of).into_iter();
        let unkept = places.filter(|place| !known.contains(place));
        let locked = unkept.map(|place| Ok(place.lock()?.map(|lock| (place, lock))));
        locked.filter_map(io::Result::transpose).collect::<io::Result<Vec<_>>>()
    };
    for (place, lock) in spawn_blocking(looking).await.map_err(io::Error::other)?? {
        let nudge = kitchen.machine().kept().begin(&place);
        let keeper = Keeper::new(Arc::clone(kitchen), place.clone(), lock, nudge);
        let kitchen = Arc::clone(kitchen);
        tokio::spawn(async move {
            keeper.keep().await;
            kitchen.machine().kept().end(&place);
        });
    }
    Ok(())
}
