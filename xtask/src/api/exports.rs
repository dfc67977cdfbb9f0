//! What a library exports: the `pub use` items at its root.
//!
//! It knows how paths lead to files; it does not know what an item is.

use std::collections::BTreeMap;

use syn::{Attribute, File, Item, UseTree, Visibility};

/// An item that users can name.
pub(super) struct Export<'a> {
    pub(super) name: String,
    /// The attributes of its `pub use`.
    pub(super) attributes: &'a [Attribute],
    pub(super) from: From,
}

/// Where an exported item is.
pub(super) enum From {
    /// In this file of the library.
    File(String),
    /// In another crate, by its path.
    Path(String),
}

/// The exports of the library with these files.
pub(super) fn read(files: &BTreeMap<String, File>) -> Result<Vec<Export<'_>>, String> {
    let root = files.get("lib.rs").ok_or("there is no lib.rs")?;
    let mut modules = Vec::new();
    for item in &root.items {
        if let Item::Mod(module) = item {
            if matches!(module.vis, Visibility::Public(_)) {
                return Err(format!("lib.rs has a public module {}; export its items instead", module.ident));
            }
            modules.push(module.ident.to_string());
        }
    }
    let mut exports = Vec::new();
    for item in &root.items {
        if let Item::Use(item) = item
            && matches!(item.vis, Visibility::Public(_))
        {
            follow(&item.tree, &mut Vec::new(), &mut |path, name| {
                let from = if path.first().is_some_and(|first| modules.contains(first)) {
                    From::File(file(path, files)?)
                } else {
                    From::Path([path, std::slice::from_ref(&name)].concat().join("::"))
                };
                exports.push(Export { name, attributes: &item.attrs, from });
                Ok(())
            })?;
        }
    }
    Ok(exports)
}

/// Calls `found` with the path and the name of each item of a `use`.
fn follow(
    tree: &UseTree,
    path: &mut Vec<String>,
    found: &mut impl FnMut(&[String], String) -> Result<(), String>,
) -> Result<(), String> {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            follow(&step.tree, path, found)?;
            path.pop();
            Ok(())
        }
        UseTree::Group(group) => group.items.iter().try_for_each(|tree| follow(tree, path, found)),
        UseTree::Name(name) => found(path, name.ident.to_string()),
        UseTree::Rename(rename) => {
            Err(format!("lib.rs exports {} as {}; rename it where it is defined", rename.ident, rename.rename))
        }
        UseTree::Glob(_) => Err(format!("lib.rs exports all of {}; name what it exports", path.join("::"))),
    }
}

/// The file of a module.
fn file(path: &[String], files: &BTreeMap<String, File>) -> Result<String, String> {
    let path = path.join("/");
    let candidates = [format!("{path}.rs"), format!("{path}/mod.rs")];
    let found = candidates.into_iter().find(|file| files.contains_key(file));
    found.ok_or_else(|| format!("lib.rs exports from {path}, which has no file"))
}
