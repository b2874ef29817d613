//! The files of a pool.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wci_contract::VersionId;

use super::super::folder_name::folder_name;
use crate::{ResizeRequest, Scope, record};

// System workers of other builds use these files, too, so neither the names of the files nor
// their JSON keys ever change.
const DESIRED: &str = "pool";
const OWNER_LOCK: &str = "keeper";
const NAMESPACE_LOCK: &str = "pools.lock";
/// A config has at most 64 KiB; a larger file does not hold the desired state of a pool.
const MAX_BYTES: u64 = 256 * 1024;

/// The desired state of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DesiredPool {
    pub(super) namespace: String,
    #[serde(flatten)]
    pub(super) version: VersionId,
    pub(super) group: String,
    /// The number of processes.
    pub(super) count: u32,
    /// The provider's config, as in the spec.
    pub(super) config: Map<String, Value>,
    /// Changes with the config: processes of another generation are replaced.
    pub(super) generation: i64,
    /// When the instance decided the size, milliseconds since the Unix epoch. Older requests are
    /// stale.
    #[serde(rename = "asked_ms")]
    pub(super) requested_ms: i64,
}

/// By how many processes a pool grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Growth {
    /// Processes that it gets.
    pub(super) added: u32,
    /// Processes that it was to get, and may not have.
    pub(super) refused: u32,
}

/// The paths of a pool's files, which are beside the folder with the records of its processes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PoolFiles {
    records: PathBuf,
}

impl PoolFiles {
    pub(super) fn new(run_dir: &Path, scope: &Scope) -> Self {
        let (deployment, build_id) = (scope.version.deployment(), scope.version.build_id());
        // The lengths make the name unambiguous: its parts may contain colons.
        let (name_len, build_len) = (deployment.len(), build_id.len());
        let name = format!("pool-{name_len}-{build_len}:{deployment}:{build_id}:{}", scope.group);
        Self { records: namespace_folder(run_dir, &scope.namespace).join(folder_name(&name)) }
    }

    /// The pools of a namespace.
    pub(super) fn all(run_dir: &Path, namespace: &str) -> Vec<Self> {
        let folder = namespace_folder(run_dir, namespace);
        let paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let pools = paths.filter(|path| path.extension().is_some_and(|it| it == DESIRED));
        pools.map(|path| Self { records: path.with_extension("") }).collect()
    }

    /// The folder with the records of the pool's processes.
    pub(super) fn records(&self) -> &Path {
        &self.records
    }

    /// The file whose lock the pool's owner holds.
    pub(super) fn owner_lock(&self) -> PathBuf {
        self.records.with_extension(OWNER_LOCK)
    }

    fn desired(&self) -> PathBuf {
        self.records.with_extension(DESIRED)
    }

    /// Becomes the owner of the pool; `None` if another process owns it.
    pub(super) fn lock_as_owner(&self) -> io::Result<Option<File>> {
        let file = open(&self.owner_lock())?;
        let is_owner = record::try_lock(&file)? && !record::is_removed(&file)?;
        Ok(is_owner.then_some(file))
    }

    /// The desired state of the pool; `None` if there is no such pool.
    pub(super) fn read(&self) -> io::Result<Option<DesiredPool>> {
        let path = self.desired();
        match fs::metadata(&path) {
            Ok(found) if found.len() > MAX_BYTES => Err(io::ErrorKind::FileTooLarge.into()),
            Ok(_) => {
                let mut text = Vec::new();
                record::open(&path)?.take(MAX_BYTES).read_to_end(&mut text)?;
                Ok(Some(serde_json::from_slice(&text)?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the desired state of the pool, unless a newer one is there. Returns by how many
    /// processes the pool grows.
    pub(super) fn set_desired(&self, request: &ResizeRequest) -> io::Result<Growth> {
        let _lock = self.lock_namespace()?;
        // An unreadable file is replaced.
        let before = self.read().ok().flatten();
        let (had, is_stale) = before.as_ref().map_or((0, false), |before| {
            (before.count, before.requested_ms > request.requested_ms)
        });
        if is_stale || (before.is_none() && request.count == 0) {
            return Ok(Growth::default());
        }
        let count = request.count.min(had.saturating_add(request.max_growth));
        let same = before.filter(|it| request.count == 0 || it.config == request.config);
        let (config, generation) = same.map_or_else(
            || (request.config.clone(), request.requested_ms),
            |it| (it.config, it.generation),
        );
        self.write(&DesiredPool {
            namespace: request.scope.namespace.clone(),
            version: request.scope.version.clone(),
            group: request.scope.group.clone(),
            count,
            config,
            generation,
            requested_ms: request.requested_ms,
        })?;
        Ok(Growth { added: count.saturating_sub(had), refused: request.count - count })
    }

    /// Removes the pool's files, unless the pool is wanted again: then returns `false`. Only the
    /// owner may call this.
    pub(super) fn remove(&self, is_wanted: impl Fn(&DesiredPool) -> bool) -> io::Result<bool> {
        let _lock = self.lock_namespace()?;
        if self.read()?.is_some_and(|desired| is_wanted(&desired)) {
            return Ok(false);
        }
        for path in [self.desired(), self.owner_lock()] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let _ = fs::remove_dir(&self.records);
        Ok(true)
    }

    fn write(&self, desired: &DesiredPool) -> io::Result<()> {
        let new = self.records.with_extension("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(desired)?)?;
        file.sync_all()?;
        fs::rename(new, self.desired())
    }

    /// Waits for exclusive access to the pools of the namespace.
    fn lock_namespace(&self) -> io::Result<File> {
        let folder = self.records.parent().unwrap_or(&self.records);
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let file = open(&folder.join(NAMESPACE_LOCK))?;
        file.lock()?;
        Ok(file)
    }
}

fn namespace_folder(run_dir: &Path, namespace: &str) -> PathBuf {
    run_dir.join(folder_name(namespace))
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path)?;
    record::check_owner(&file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(build_id: &str, group: &str, count: u32, requested_ms: i64) -> ResizeRequest {
        let version = VersionId::new("orders", build_id).unwrap();
        let scope = Scope { namespace: "default".to_owned(), version, group: group.to_owned() };
        ResizeRequest { scope, count, config: Map::new(), requested_ms, max_growth: u32::MAX }
    }

    #[test]
    fn a_size_that_was_decided_before_the_latest_is_stale() {
        let dir = tempfile::tempdir().unwrap();
        let files = PoolFiles::new(dir.path(), &request("v1", "g", 0, 0).scope);
        let grows = |count, requested_ms| {
            files.set_desired(&request("v1", "g", count, requested_ms)).unwrap().added
        };
        assert_eq!((grows(3, 10), grows(9, 9), grows(5, 11)), (3, 0, 2));
        assert_eq!(files.read().unwrap().unwrap().count, 5);
        assert_eq!(PoolFiles::all(dir.path(), "default"), [files]);
    }

    #[test]
    fn a_pool_grows_by_no_more_than_it_may() {
        let dir = tempfile::tempdir().unwrap();
        let files = PoolFiles::new(dir.path(), &request("v1", "g", 0, 0).scope);
        let resize = |count, requested_ms, max_growth| {
            let request = ResizeRequest { max_growth, ..request("v1", "g", count, requested_ms) };
            let Growth { added, refused } = files.set_desired(&request).unwrap();
            (added, refused, files.read().unwrap().unwrap().count)
        };
        assert_eq!(resize(10, 1, 4), (4, 6, 4));
        assert_eq!(resize(10, 2, 0), (0, 6, 4));
        assert_eq!(resize(4, 3, 0), (0, 0, 4));
        assert_eq!(resize(2, 4, 0), (0, 0, 2));
    }

    #[test]
    fn another_config_makes_another_generation() {
        let dir = tempfile::tempdir().unwrap();
        let files = PoolFiles::new(dir.path(), &request("v1", "g", 0, 0).scope);
        let generation = |request: &ResizeRequest| {
            files.set_desired(request).unwrap();
            files.read().unwrap().unwrap().generation
        };
        assert_eq!(generation(&request("v1", "g", 3, 10)), 10);
        assert_eq!(generation(&request("v1", "g", 4, 11)), 10);
        let config = json!({"command": "x"}).as_object().unwrap().clone();
        let other = ResizeRequest { config, ..request("v1", "g", 4, 12) };
        assert_eq!(generation(&other), 12);
        assert_eq!(generation(&request("v1", "g", 0, 13)), 12);
    }

    #[test]
    fn a_wanted_pool_is_not_removed_and_an_empty_one_leaves_no_files() {
        let dir = tempfile::tempdir().unwrap();
        let files = PoolFiles::new(dir.path(), &request("v1", "g", 0, 0).scope);
        files.set_desired(&request("v1", "g", 1, 1)).unwrap();
        let lock = files.lock_as_owner().unwrap().unwrap();
        assert!(files.lock_as_owner().unwrap().is_none());
        let is_wanted = |desired: &DesiredPool| desired.count > 0;
        assert!(!files.remove(is_wanted).unwrap());
        files.set_desired(&request("v1", "g", 0, 2)).unwrap();
        assert!(files.remove(is_wanted).unwrap());
        drop(lock);
        assert_eq!(files.read().unwrap(), None);
        assert!(!files.owner_lock().exists());
        files.set_desired(&request("v1", "g", 0, 3)).unwrap();
        assert_eq!(PoolFiles::all(dir.path(), "default"), []);
    }

    #[test]
    fn different_groups_have_different_files() {
        let dir = tempfile::tempdir().unwrap();
        let files = |build, group| PoolFiles::new(dir.path(), &request(build, group, 0, 0).scope);
        assert_ne!(files("a:b", "c"), files("a", "b:c"));
    }

    #[test]
    fn files_of_other_builds_are_read() {
        let text = r#"{"namespace":"default","deployment_name":"orders","build_id":"v1",
            "group":"g","count":2,"config":{},"generation":3,"asked_ms":4}"#;
        let desired: DesiredPool = serde_json::from_str(text).unwrap();
        assert_eq!((desired.generation, desired.requested_ms), (3, 4));
        assert!(serde_json::to_string(&desired).unwrap().contains("\"asked_ms\":4"));
        let files = PoolFiles::new(Path::new("/run"), &request("v1", "g", 0, 0).scope);
        assert_eq!(files.owner_lock(), Path::new("/run/default/pool-6-2%3aorders%3av1%3ag.keeper"));
    }
}
