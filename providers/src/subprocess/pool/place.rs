//! What a pool is to be, on disk.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wci_contract::VersionId;

use super::super::folder::folder_name;
use crate::{ResizeRequest, Scope, record};

const DESIRED: &str = "pool";
const KEEPER: &str = "keeper";
/// A config is at most 64 KiB; more is not ours.
const MAX_BYTES: u64 = 256 * 1024;

/// What a pool is to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Desired {
    pub(super) namespace: String,
    #[serde(flatten)]
    pub(super) version: VersionId,
    pub(super) group: String,
    /// How many processes.
    pub(super) count: u32,
    /// Their settings, as the spec has them.
    pub(super) config: Map<String, Value>,
    /// Changes with the settings: processes of another generation are replaced.
    pub(super) generation: i64,
    /// When it was decided, milliseconds since the Unix epoch: what was decided before is stale.
    pub(super) asked_ms: i64,
}

/// Where a pool's files are: beside the folder with the records of its processes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    records: PathBuf,
}

impl Place {
    pub(super) fn new(run_dir: &Path, scope: &Scope) -> Self {
        let (deployment, build_id) = (scope.version.deployment(), scope.version.build_id());
        // The lengths tell apart what the colons do not.
        let (long, short) = (deployment.len(), build_id.len());
        let name = format!("pool-{long}-{short}:{deployment}:{build_id}:{}", scope.group);
        Self { records: namespace(run_dir, &scope.namespace).join(folder_name(&name)) }
    }

    /// The pools of a namespace.
    pub(super) fn all(run_dir: &Path, of: &str) -> Vec<Self> {
        let entries = fs::read_dir(namespace(run_dir, of)).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let pools = paths.filter(|path| path.extension().is_some_and(|it| it == DESIRED));
        pools.map(|path| Self { records: path.with_extension("") }).collect()
    }

    /// The folder with the records of its processes.
    pub(super) fn records(&self) -> &Path {
        &self.records
    }

    /// The file whose lock the keeper holds.
    pub(super) fn keeper(&self) -> PathBuf {
        self.records.with_extension(KEEPER)
    }

    fn desired(&self) -> PathBuf {
        self.records.with_extension(DESIRED)
    }

    /// Its lock, unless somebody else keeps it.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        let file = open(&self.keeper())?;
        let is_ours = record::try_lock(&file)? && !record::is_removed(&file)?;
        Ok(is_ours.then_some(file))
    }

    /// What the pool is to be; `None` when there is none.
    pub(super) fn read(&self) -> io::Result<Option<Desired>> {
        let path = self.desired();
        match fs::metadata(&path) {
            Ok(found) if found.len() > MAX_BYTES => Err(io::ErrorKind::FileTooLarge.into()),
            Ok(_) => Ok(Some(serde_json::from_slice(&fs::read(path)?)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes down what the pool is to be, unless something newer is. Answers with how many
    /// processes more that is.
    pub(super) fn ask(&self, request: &ResizeRequest) -> io::Result<u32> {
        let _door = self.door()?;
        // One that cannot be read says nothing that is to be kept.
        let before = self.read().ok().flatten();
        let (had, is_stale) = before
            .as_ref()
            .map_or((0, false), |before| (before.count, before.asked_ms > request.asked_ms));
        if is_stale || (before.is_none() && request.count == 0) {
            return Ok(0);
        }
        let same = before.filter(|it| request.count == 0 || it.config == request.config);
        let (config, generation) = same.map_or_else(
            || (request.config.clone(), request.asked_ms),
            |it| (it.config, it.generation),
        );
        self.write(&Desired {
            namespace: request.scope.namespace.clone(),
            version: request.scope.version.clone(),
            group: request.scope.group.clone(),
            count: request.count,
            config,
            generation,
            asked_ms: request.asked_ms,
        })?;
        Ok(request.count.saturating_sub(had))
    }

    /// Removes the pool's files unless it is wanted meanwhile. Only its keeper may.
    pub(super) fn clear(&self, is_wanted: impl Fn(&Desired) -> bool) -> io::Result<bool> {
        let _door = self.door()?;
        if self.read()?.is_some_and(|desired| is_wanted(&desired)) {
            return Ok(false);
        }
        for path in [self.desired(), self.keeper()] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let _ = fs::remove_dir(&self.records);
        Ok(true)
    }

    fn write(&self, desired: &Desired) -> io::Result<()> {
        let new = self.records.with_extension("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(desired)?)?;
        file.sync_all()?;
        fs::rename(new, self.desired())
    }

    /// Whoever holds it reads and writes alone.
    fn door(&self) -> io::Result<File> {
        let folder = self.records.parent().unwrap_or(&self.records);
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let file = open(&folder.join("pools.lock"))?;
        file.lock()?;
        Ok(file)
    }
}

fn namespace(run_dir: &Path, name: &str) -> PathBuf {
    run_dir.join(folder_name(name))
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(build_id: &str, group: &str, count: u32, asked_ms: i64) -> ResizeRequest {
        let version = VersionId::new("orders", build_id).unwrap();
        let scope = Scope { namespace: "default".to_owned(), version, group: group.to_owned() };
        ResizeRequest { scope, count, config: Map::new(), asked_ms }
    }

    #[test]
    fn a_size_that_was_decided_before_the_last_is_stale() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(dir.path(), &request("v1", "g", 0, 0).scope);
        assert_eq!(place.ask(&request("v1", "g", 3, 10)).unwrap(), 3);
        assert_eq!(place.ask(&request("v1", "g", 9, 9)).unwrap(), 0);
        assert_eq!(place.ask(&request("v1", "g", 5, 11)).unwrap(), 2);
        assert_eq!(place.read().unwrap().unwrap().count, 5);
        assert_eq!(Place::all(dir.path(), "default"), [place]);
    }

    #[test]
    fn other_settings_make_another_generation() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(dir.path(), &request("v1", "g", 0, 0).scope);
        let generation = |request: &ResizeRequest| {
            place.ask(request).unwrap();
            place.read().unwrap().unwrap().generation
        };
        assert_eq!(generation(&request("v1", "g", 3, 10)), 10);
        assert_eq!(generation(&request("v1", "g", 4, 11)), 10);
        let config = json!({"command": "x"}).as_object().unwrap().clone();
        let other = ResizeRequest { config, ..request("v1", "g", 4, 12) };
        assert_eq!(generation(&other), 12);
        assert_eq!(generation(&request("v1", "g", 0, 13)), 12);
    }

    #[test]
    fn a_pool_that_is_wanted_is_not_cleared_and_an_empty_one_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(dir.path(), &request("v1", "g", 0, 0).scope);
        place.ask(&request("v1", "g", 1, 1)).unwrap();
        let lock = place.lock().unwrap().unwrap();
        assert!(place.lock().unwrap().is_none());
        let is_wanted = |desired: &Desired| desired.count > 0;
        assert!(!place.clear(is_wanted).unwrap());
        place.ask(&request("v1", "g", 0, 2)).unwrap();
        assert!(place.clear(is_wanted).unwrap());
        drop(lock);
        assert_eq!(place.read().unwrap(), None);
        assert!(!place.keeper().exists());
        place.ask(&request("v1", "g", 0, 3)).unwrap();
        assert_eq!(Place::all(dir.path(), "default"), []);
    }

    #[test]
    fn different_groups_have_different_places() {
        let dir = tempfile::tempdir().unwrap();
        let place = |build, group| Place::new(dir.path(), &request(build, group, 0, 0).scope);
        assert_ne!(place("a:b", "c"), place("a", "b:c"));
    }
}
