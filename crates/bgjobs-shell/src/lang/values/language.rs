//! The functions that every evaluation of a session can call, as a list of modules.
//!
//! Knows nothing of what they do.

use std::{
    collections::BTreeSet,
    iter,
    sync::{Arc, LazyLock, OnceLock},
};

use rhai::{Module, Shared};

/// The functions that every evaluation of a session can call.
///
/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Language(Arc<Inner>);

struct Inner {
    standard: &'static LazyLock<Shared<Module>>,
    more: Vec<Shared<Module>>,
    /// Made when the first is asked for: that takes longer than to make the modules, and most lines ask for none.
    names: OnceLock<BTreeSet<String>>,
}

impl Language {
    /// The functions of some modules, the first of which is made when it is needed; later modules hide earlier ones.
    pub(crate) fn new(standard: &'static LazyLock<Shared<Module>>, more: Vec<Shared<Module>>) -> Self {
        Self(Arc::new(Inner { standard, more, names: OnceLock::new() }))
    }

    pub(crate) fn modules(&self) -> impl DoubleEndedIterator<Item = &Shared<Module>> {
        iter::once(&**self.0.standard).chain(&self.0.more)
    }

    /// The names of the functions.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.names().iter().map(String::as_str)
    }

    /// Whether there is a function of that name.
    pub(crate) fn has_function(&self, name: &str) -> bool {
        self.names().contains(name)
    }

    fn names(&self) -> &BTreeSet<String> {
        self.0.names.get_or_init(|| {
            let signatures = self.modules().flat_map(|module| module.gen_fn_signatures_with_mapper(Into::into));
            let names = signatures.filter_map(|signature| Some(signature.split_once('(')?.0.trim().to_owned()));
            names.filter(|name| rhai::is_valid_identifier(name)).collect()
        })
    }
}
