//! The files that determine the public API, by name.

use std::{collections::BTreeMap, fs, path::Path};

/// The files under src/ by their paths there, `Cargo.toml`, and the workspace's `Cargo.toml` as
/// `workspace`.
pub(crate) struct Sources(BTreeMap<String, String>);

impl Sources {
    /// Reads the files.
    pub(crate) fn of_crate(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(&folder.join("src"), "", &mut files);
        for (name, path) in [("Cargo.toml", "Cargo.toml"), ("workspace", "../Cargo.toml")] {
            files.insert(name.to_owned(), fs::read_to_string(folder.join(path)).unwrap());
        }
        Self(files)
    }

    /// Returns the text of a file.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Returns the text of the crate's module `name`.
    pub(crate) fn module(&self, name: &str) -> &str {
        self.get(&format!("{name}.rs"))
    }

    /// Returns the files under src/ that contain more than tests.
    pub(crate) fn code(&self) -> impl Iterator<Item = (&str, &str)> {
        let code = |name: &str| name.ends_with(".rs") && !name.ends_with("tests.rs");
        self.0.iter().map(|(name, text)| (&**name, &**text)).filter(move |(name, _)| code(name))
    }

    /// Replaces the only occurrence of `old`.
    pub(crate) fn replace(&mut self, name: &str, old: &str, new: &str) {
        let text = self.get(name);
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {name}");
        self.0.insert(name.to_owned(), text.replacen(old, new, 1));
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}
