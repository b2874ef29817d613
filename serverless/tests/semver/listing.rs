//! The crate's public API as lines of text, so that every change that programs can see changes a
//! line. Adding a line never breaks a program: where adding an item would, as with a field of a
//! struct that literals name in full, the item shares a line with its neighbours.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use syn::{Attribute, Item, UseTree, Visibility};

use crate::{
    signature::{self, features, is_public, text},
    sources::Sources,
    verdict::Version,
};

/// Crates whose types appear in the public API.
const SHOWN: [&str; 5] =
    ["opentelemetry_sdk", "temporalio-common", "temporalio-sdk", "tracing", "tracing-subscriber"];

/// The public API of a version.
pub(crate) struct Listing {
    /// The version.
    pub(crate) version: Version,
    /// One item each.
    pub(crate) lines: BTreeSet<String>,
}

impl Listing {
    /// Parses the format that [`fmt::Display`] writes.
    pub(crate) fn read(text: &str) -> Self {
        let mut lines = text.lines().map(str::to_owned);
        let version = lines.next().and_then(|line| Version::read(&line)).expect("a version");
        Self { version, lines: lines.collect() }
    }

    /// Lists the public API of `sources`.
    pub(crate) fn of(sources: &Sources) -> Self {
        let mut api = Api::default();
        api.module(sources, "lib", "");
        for (_, code) in sources.code() {
            api.implementations(&syn::parse_file(code).unwrap().items);
        }
        api.manifest(sources.get("Cargo.toml"), sources.get("workspace"));
        let version = Version::read(env!("CARGO_PKG_VERSION")).unwrap();
        Self { version, lines: api.lines }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.version)?;
        self.lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

#[derive(Default)]
struct Api {
    lines: BTreeSet<String>,
    /// Exported types by name: their paths, with the features that they need.
    types: BTreeMap<String, String>,
}

impl Api {
    fn add(&mut self, line: String) {
        assert!(!line.contains('\n'), "{line:?}");
        self.lines.insert(line);
    }

    /// Adds the public items of a module. Their paths begin with `path`.
    fn module(&mut self, sources: &Sources, module: &str, path: &str) {
        for item in syn::parse_file(sources.module(module)).unwrap().items {
            match &item {
                Item::Mod(inner) if is_public(&inner.vis) => {
                    assert!(inner.content.is_none(), "public modules are files of their own");
                    let name = inner.ident.to_string();
                    let path = format!("{}{name}::", features(&inner.attrs));
                    self.module(sources, &name, &path);
                }
                Item::Use(exported) if is_public(&exported.vis) => {
                    assert_eq!(
                        features(&exported.attrs),
                        "",
                        "features of exports are not supported"
                    );
                    self.exports(sources, &exported.tree);
                }
                item => self.item(item, path),
            }
        }
    }

    /// Adds the items of `pub use module::Item;` and `pub use module::{Item, …};`, or an item of
    /// another crate.
    fn exports(&mut self, sources: &Sources, tree: &UseTree) {
        let UseTree::Path(from) = tree else { panic!("`pub use` of a module: {}", text(tree)) };
        let module = from.ident.to_string();
        let names: Vec<String> = match &*from.tree {
            UseTree::Name(name) => vec![name.ident.to_string()],
            UseTree::Group(group) => group.items.iter().map(text).collect(),
            _ => return self.add(format!("use {}", text(tree))),
        };
        let items = syn::parse_file(sources.module(&module)).unwrap().items;
        for name in names {
            let found = items.iter().find(|item| name_of(item).is_some_and(|it| it == name));
            self.item(found.unwrap_or_else(|| panic!("{module} has no {name}")), "");
        }
    }

    fn item(&mut self, item: &Item, path: &str) {
        let (visibility, attributes): (&Visibility, &[Attribute]) = match item {
            Item::Struct(it) => (&it.vis, &it.attrs),
            Item::Enum(it) => (&it.vis, &it.attrs),
            Item::Fn(it) => (&it.vis, &it.attrs),
            Item::Const(it) => (&it.vis, &it.attrs),
            Item::Impl(_) | Item::Use(_) | Item::Mod(_) => return,
            other => panic!("unsupported item: {}", text(other)),
        };
        if !is_public(visibility) {
            return;
        }
        let path = format!("{}{path}", features(attributes));
        if let (Some(name), Item::Struct(_) | Item::Enum(_)) = (name_of(item), item) {
            let taken = self.types.insert(name.clone(), format!("{path}{name}"));
            assert_eq!(taken, None, "two types called {name}");
            for derived in signature::derived(attributes) {
                self.add(format!("{path}{name}: {derived}"));
            }
        }
        signature::of(item).into_iter().for_each(|line| self.add(format!("{path}{line}")));
    }

    /// Adds the traits and methods of the exported types.
    fn implementations(&mut self, items: &[Item]) {
        for item in items {
            let Item::Impl(block) = item else { continue };
            let Some(path) = self.types.get(&text(&block.self_ty)).cloned() else { continue };
            let path = format!("{}{path}", features(&block.attrs));
            if let Some((_, implemented, _)) = &block.trait_ {
                let last = implemented.segments.last().map(text).unwrap_or_default();
                self.add(format!("{path}: {last}"));
                continue;
            }
            for line in signature::methods(block) {
                self.add(format!("{path}::{line}"));
            }
        }
    }

    fn manifest(&mut self, own: &str, workspace: &str) {
        let section = |text: &str, name: &str| -> Vec<String> {
            let (_, rest) = text.split_once(&format!("[{name}]\n")).unwrap();
            let lines = rest.lines().take_while(|line| !line.starts_with('['));
            lines.map(str::to_owned).collect()
        };
        for line in section(own, "features").iter().filter(|line| !line.starts_with('#')) {
            let Some((feature, _)) = line.split_once(" = ") else { continue };
            self.add(format!("feature {feature}"));
        }
        for line in section(workspace, "workspace.dependencies") {
            let Some((name, rest)) = line.split_once(" = ") else { continue };
            let version = rest.split('"').nth(1).unwrap_or_default();
            if SHOWN.contains(&name) {
                self.add(format!("shows types of {name} {version}"));
            }
        }
    }
}

fn name_of(item: &Item) -> Option<String> {
    match item {
        Item::Struct(it) => Some(it.ident.to_string()),
        Item::Enum(it) => Some(it.ident.to_string()),
        Item::Fn(it) => Some(it.sig.ident.to_string()),
        Item::Const(it) => Some(it.ident.to_string()),
        _ => None,
    }
}
