//! A worker that fails until it is mended.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::built;

/// A program that exits with code 3 until it is mended, and then is a greeter.
pub struct FlakyGreeter {
    /// What the operator allows.
    pub program: PathBuf,
    works: PathBuf,
}

impl FlakyGreeter {
    /// Lets the next start succeed.
    pub fn mend(&self) {
        fs::write(&self.works, "").unwrap();
    }
}

/// A flaky greeter in `folder`.
pub fn flaky_greeter(folder: &Path) -> FlakyGreeter {
    let (program, works) = (folder.join("flaky"), folder.join("works"));
    let script = format!(
        "#!/bin/sh\n[ -e {} ] || {{ echo 'no route to the database' >&2; exit 3; }}\nexec {}\n",
        works.display(),
        built("greeter").display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    FlakyGreeter { program, works }
}
