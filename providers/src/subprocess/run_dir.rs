//! The layout of the run directory: `<namespace>/<launch or pool>/<record>`.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;

use crate::record::{self, RecordState};

/// The bits of a mode with which other users can read or change a folder.
const OTHERS: u32 = 0o077;

/// Creates the run directory, or checks that nobody else can read or change what is in it.
///
/// # Errors
/// It cannot be created, or it is not private; the message says how to make it so.
pub fn prepare_run_dir(dir: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
            // Somebody may have created it at the same moment.
            fs::symlink_metadata(dir)?
        }
        found => found?,
    };
    let (owner, user) = (found.uid(), geteuid().as_raw());
    let problem = if found.file_type().is_symlink() {
        "it is a symbolic link: give the folder itself with --run-dir".to_owned()
    } else if !found.is_dir() {
        "it is not a folder: choose another with --run-dir".to_owned()
    } else if owner != user {
        format!(
            "it belongs to the user {owner}, and the system worker runs as {user}: remove it, or \
             choose another with --run-dir"
        )
    } else if found.mode() & OTHERS != 0 {
        format!(
            "other users can read or change it (mode {:o}): run chmod 700 {}",
            found.mode() & 0o7777,
            dir.display()
        )
    } else {
        return Ok(());
    };
    let message = format!("the run directory {} is not private: {problem}", dir.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

/// The folder of the namespace to which a record belongs.
pub(super) fn namespace_of(record: &Path) -> Option<&str> {
    record.parent()?.parent()?.file_name()?.to_str()
}

/// The number of processes with records under `run_dir` that run now, whoever started them. Reads
/// the disk.
pub fn running_processes_in(run_dir: &Path) -> u32 {
    let records = records(run_dir).into_iter();
    let running = records.filter(|path| matches!(record::state(path), Ok(RecordState::Supervised)));
    u32::try_from(running.count()).unwrap_or(u32::MAX)
}

/// All records under `run_dir`.
pub(super) fn records(run_dir: &Path) -> Vec<PathBuf> {
    let folders = record_folders(run_dir).into_iter();
    folders.flat_map(|folder| entries(&folder, false)).collect()
}

/// The folders that hold records: one for each launch and each pool.
pub(super) fn record_folders(run_dir: &Path) -> Vec<PathBuf> {
    let namespaces = entries(run_dir, true).into_iter();
    namespaces.flat_map(|namespace| entries(&namespace, true)).collect()
}

fn entries(dir: &Path, folders: bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let wanted =
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir() == folders));
    wanted.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn problem(dir: &Path) -> String {
        prepare_run_dir(dir).unwrap_err().to_string()
    }

    #[test]
    fn the_run_directory_is_created_for_this_user_alone() {
        let dir = tempfile::tempdir().unwrap();
        let run_dir = dir.path().join("a").join("run");
        prepare_run_dir(&run_dir).unwrap();
        assert_eq!(fs::metadata(&run_dir).unwrap().mode() & 0o777, 0o700);
        prepare_run_dir(&run_dir).unwrap();
    }

    #[test]
    fn a_run_directory_that_others_can_read_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [0o755, 0o750, 0o701, 0o777] {
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
            let message = problem(dir.path());
            assert!(message.contains(&format!("mode {mode:o}")), "{message}");
            assert!(message.contains("run chmod 700 "), "{message}");
        }
    }

    #[test]
    fn links_files_and_folders_of_other_users_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (link, file) = (dir.path().join("link"), dir.path().join("file"));
        symlink(dir.path(), &link).unwrap();
        fs::write(&file, "").unwrap();
        assert!(problem(&link).contains("symbolic link"), "{}", problem(&link));
        assert!(problem(&file).contains("not a folder"), "{}", problem(&file));
        let theirs = dir.path().join("theirs");
        DirBuilder::new().mode(0o700).create(&theirs).unwrap();
        // Only root can give a folder away.
        if std::os::unix::fs::chown(&theirs, Some(65_534), None).is_ok() {
            let message = problem(&theirs);
            assert!(message.contains("belongs to the user 65534"), "{message}");
            let record = dir.path().join("record");
            record::create(&record).unwrap();
            std::os::unix::fs::chown(&record, Some(65_534), None).unwrap();
            let error = record::state(&record).unwrap_err().to_string();
            assert!(error.contains("belongs to the user 65534"), "{error}");
        }
    }
}
