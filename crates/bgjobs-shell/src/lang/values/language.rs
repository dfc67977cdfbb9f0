//! The functions that every evaluation of a session can call, as a list of modules.
//!
//! Knows nothing of what they do.

use std::{collections::BTreeSet, sync::Arc};

use rhai::{Module, Shared};

/// The functions that every evaluation of a session can call.
///
/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Language(Arc<Inner>);

struct Inner {
    /// Later modules hide earlier ones.
    modules: Vec<Shared<Module>>,
    names: BTreeSet<String>,
}

impl Language {
    /// The functions of some modules; later modules hide earlier ones.
    pub(crate) fn new(modules: Vec<Shared<Module>>) -> Self {
        let signatures = modules.iter().flat_map(|module| module.gen_fn_signatures_with_mapper(Into::into));
        let names = signatures.filter_map(|signature| Some(signature.split_once('(')?.0.trim().to_owned()));
        let names = names.filter(|name| rhai::is_valid_identifier(name)).collect();
        Self(Arc::new(Inner { modules, names }))
    }

    pub(crate) fn modules(&self) -> &[Shared<Module>] {
        &self.0.modules
    }

    /// The names of the functions.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.names.iter().map(String::as_str)
    }

    /// Whether there is a function of that name.
    pub(crate) fn has_function(&self, name: &str) -> bool {
        self.0.names.contains(name)
    }
}
