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
    /// Lets the next start fail again.
    pub fn break_again(&self) {
        fs::remove_file(&self.works).unwrap();
    }

    /// Lets the next start succeed.
    pub fn mend(&self) {
        fs::write(&self.works, "").unwrap();
    }
}

/// A flaky greeter in `folder`.
pub fn flaky_greeter(folder: &Path) -> FlakyGreeter {
    written(folder, "")
}

/// A greeter in `folder` whose first start alone fails.
pub fn greeter_that_fails_once(folder: &Path) -> FlakyGreeter {
    written(folder, ": > \"$works\";")
}

fn written(folder: &Path, at_failure: &str) -> FlakyGreeter {
    let (program, works) = (folder.join("flaky"), folder.join("works"));
    let script = format!(
        "#!/bin/sh\nworks='{}'\n\
         [ -e \"$works\" ] || {{ {at_failure} echo 'no route to the database' >&2; exit 3; }}\n\
         exec '{}'\n",
        works.display(),
        built("greeter").display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    FlakyGreeter { program, works }
}
