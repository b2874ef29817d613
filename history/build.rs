//! Cuts out of the SDK's protocol descriptors the few that the reading of histories needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    fs,
    path::PathBuf,
};

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// Set by temporalio-protos for those that depend on it.
const DESCRIPTORS: &str = "DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH";
/// Where a history is described.
const HISTORY: &str = "temporal/api/history/v1/message.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={DESCRIPTORS}");
    let all = env::var_os(DESCRIPTORS)
        .ok_or("temporalio-protos does not say where its descriptors are")?;
    let all = FileDescriptorSet::decode(fs::read(PathBuf::from(all))?.as_slice())?;
    let needed = with_dependencies(all, HISTORY)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("history.descriptors"), needed.encode_to_vec())?;
    Ok(())
}

/// `root` and the files that it needs, in the order of `all`: each after those that it imports.
fn with_dependencies(all: FileDescriptorSet, root: &str) -> Result<FileDescriptorSet, String> {
    let imports: BTreeMap<String, Vec<String>> =
        all.file.iter().map(|file| (file.name().to_owned(), file.dependency.clone())).collect();
    let mut needed = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(name) = waiting.pop() {
        let more = imports.get(&name).ok_or_else(|| format!("{name} is not described"))?;
        if needed.insert(name) {
            waiting.extend(more.iter().cloned());
        }
    }
    let file = all.file.into_iter().filter(|file| needed.contains(file.name()));
    Ok(FileDescriptorSet { file: file.map(without_prose).collect() })
}

/// Without comments and places in the source, which nobody reads here.
fn without_prose(file: FileDescriptorProto) -> FileDescriptorProto {
    FileDescriptorProto { source_code_info: None, ..file }
}
