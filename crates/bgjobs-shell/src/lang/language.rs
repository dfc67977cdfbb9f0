//! The functions that every evaluation has: Rhai's, the prompt's, and those of the program that holds the prompt.

use std::{collections::BTreeSet, sync::Arc};

use rhai::{Module, Shared};

use super::{engine, functions, jobs};

/// The functions that every evaluation of a session has.
///
/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Language(Arc<Inner>);

struct Inner {
    /// The later ones hide the earlier.
    modules: Vec<Shared<Module>>,
    names: BTreeSet<String>,
}

impl Language {
    /// Rhai's functions and the prompt's, and a program's `own`, which hide those.
    pub(crate) fn new(own: impl IntoIterator<Item = Module>) -> Self {
        let mut modules = vec![engine::standard(), functions::module().into(), jobs::module().into()];
        modules.extend(own.into_iter().map(Shared::new));
        let signatures = modules.iter().flat_map(|module| module.gen_fn_signatures_with_mapper(Into::into));
        let names = signatures.filter_map(|signature| Some(signature.split_once('(')?.0.trim().to_owned()));
        let names = names.filter(|name| rhai::is_valid_identifier(name)).collect();
        Self(Arc::new(Inner { modules, names }))
    }

    pub(super) fn modules(&self) -> &[Shared<Module>] {
        &self.0.modules
    }

    /// The names of the functions.
    #[cfg(feature = "terminal")]
    pub(super) fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.names.iter().map(String::as_str)
    }

    /// Whether there is a function of that name.
    pub(super) fn has_function(&self, name: &str) -> bool {
        self.0.names.contains(name)
    }
}
