//! The pools that this system worker owns.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::spawn_blocking};

use super::{pool_files::PoolFiles, process_factory::ProcessFactory, reconciler::PoolReconciler};
use crate::SetSize;

/// How often to look for pools without an owner.
const SCAN_INTERVAL: Duration = Duration::from_secs(1);

/// The pools that this system worker owns, over all namespaces.
#[derive(Default)]
pub(crate) struct OwnedPools {
    pools: Mutex<BTreeMap<PoolFiles, Pool>>,
    /// The namespaces whose pools this system worker owns, and what wakes their scans.
    namespaces: Mutex<BTreeMap<String, Arc<Notify>>>,
}

#[derive(Default)]
struct Pool {
    wake: Arc<Notify>,
    /// The size at the last reconciliation.
    size: Option<SetSize>,
}

impl OwnedPools {
    /// Has the pool reconciled now, or scans for pools without an owner if it is not owned here.
    pub(super) fn wake(&self, files: &PoolFiles) {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(files) {
            return pool.wake.notify_one();
        }
        drop(pools);
        let namespaces = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        namespaces.values().for_each(|scan| scan.notify_one());
    }

    /// Records the size of a pool.
    pub(super) fn set_size(&self, files: &PoolFiles, size: SetSize) {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get_mut(files) {
            pool.size = Some(size);
        }
    }

    /// The size of each pool.
    pub(crate) fn sizes(&self) -> Vec<SetSize> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.values().filter_map(|pool| pool.size.clone()).collect()
    }

    /// Adds a namespace; `None` if it is there already.
    fn add_namespace(&self, namespace: &str) -> Option<Arc<Notify>> {
        let mut namespaces = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        if namespaces.contains_key(namespace) {
            return None;
        }
        Some(Arc::clone(namespaces.entry(namespace.to_owned()).or_default()))
    }

    fn owned(&self) -> BTreeSet<PoolFiles> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn add(&self, files: &PoolFiles) -> Arc<Notify> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&pools.entry(files.clone()).or_default().wake)
    }

    fn remove(&self, files: &PoolFiles) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).remove(files);
    }
}

/// From now on owns every pool of `namespace` that no other process on this machine owns. Needs a
/// tokio runtime; a second call has no effect.
pub(super) fn own_all(factory: &Arc<ProcessFactory>, namespace: &str) {
    let Some(wake) = factory.machine().pools().add_namespace(namespace) else { return };
    let (factory, namespace) = (Arc::clone(factory), namespace.to_owned());
    tokio::spawn(async move {
        loop {
            if let Err(error) = own_unowned(&factory, &namespace).await {
                tracing::warn!(namespace, %error, "cannot scan for pools without an owner");
            }
            let _ = tokio::time::timeout(SCAN_INTERVAL, wake.notified()).await;
        }
    });
}

/// Becomes the owner of pools that have none.
async fn own_unowned(factory: &Arc<ProcessFactory>, namespace: &str) -> io::Result<()> {
    let run_dir = factory.machine().run_dir().to_owned();
    let (namespace, owned) = (namespace.to_owned(), factory.machine().pools().owned());
    let scan = move || lock_unowned(&run_dir, &namespace, &owned);
    for (files, lock) in spawn_blocking(scan).await.map_err(io::Error::other)?? {
        let wake = factory.machine().pools().add(&files);
        let reconciler = PoolReconciler::new(Arc::clone(factory), files.clone(), lock, wake);
        let factory = Arc::clone(factory);
        tokio::spawn(async move {
            reconciler.run().await;
            factory.machine().pools().remove(&files);
        });
    }
    Ok(())
}

/// Locks the pools of `namespace` that have no owner, without those in `owned`.
fn lock_unowned(
    run_dir: &Path,
    namespace: &str,
    owned: &BTreeSet<PoolFiles>,
) -> io::Result<Vec<(PoolFiles, File)>> {
    let pools = PoolFiles::all(run_dir, namespace).into_iter();
    let others = pools.filter(|files| !owned.contains(files));
    let locked = others.map(|files| Ok(files.lock_as_owner()?.map(|lock| (files, lock))));
    locked.filter_map(io::Result::transpose).collect()
}
