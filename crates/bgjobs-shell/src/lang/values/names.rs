//! The names at the prompt at one moment: variables and functions; and the environment in which they are used.
//!
//! All are frozen and shared by pointer, so a copy costs the same whether the variables hold 100 MB or nothing.

use std::{collections::BTreeMap, sync::Arc};

use rhai::{ImmutableString, Module, Position, ScriptFuncDef, Shared};

use super::value::Value;
use crate::{environment::Environment, lang::read::source::Source};

/// Variables and functions, with the folder and the environment variables.
///
/// Cheap to clone; the clones are independent.
#[derive(Clone, Default)]
pub struct Names {
    variables: Arc<BTreeMap<ImmutableString, Value>>,
    functions: Arc<Vec<Definitions>>,
    pub(crate) environment: Environment,
}

/// What one text defined.
#[derive(Clone)]
struct Definitions {
    module: Shared<Module>,
    functions: Vec<Shared<ScriptFuncDef>>,
    source: Arc<Source>,
}

impl Names {
    /// The variable of that name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    /// The variables, sorted by name.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Sets a variable.
    pub(crate) fn set(&mut self, name: ImmutableString, value: Value) {
        Arc::make_mut(&mut self.variables).insert(name, value);
    }

    /// Forgets a variable.
    pub(crate) fn remove(&mut self, name: &str) {
        Arc::make_mut(&mut self.variables).remove(name);
    }

    /// Other variables with the same functions and environment.
    pub(crate) fn with_variables(&self, variables: BTreeMap<ImmutableString, Value>) -> Self {
        Self { variables: Arc::new(variables), ..self.clone() }
    }

    /// The variables whose values are not the same as in `before`.
    pub(crate) fn changed_since(&self, before: &Self) -> BTreeMap<ImmutableString, Value> {
        let is_new =
            |(name, value): &(&ImmutableString, &Value)| !before.variables.get(*name).is_some_and(|old| old.is(value));
        self.variables.iter().filter(is_new).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Adds what a text defined: functions, and anonymous ones, which values may refer to.
    ///
    /// `module` contains what is called, `defined` the functions as they were written.
    pub(crate) fn define(&mut self, defined: &Shared<Module>, module: &Shared<Module>, source: &Arc<Source>) {
        let functions: Vec<_> = defined.iter_script_fn_info().map(|(.., function)| Shared::clone(function)).collect();
        if functions.is_empty() {
            return;
        }
        let all = Arc::make_mut(&mut self.functions);
        // Definitions that the new functions hide completely are never found again.
        let hidden = |old: &Shared<ScriptFuncDef>| functions.iter().any(|new| key(new) == key(old));
        all.retain(|old| !old.functions.iter().all(hidden));
        all.push(Definitions { module: Shared::clone(module), functions, source: Arc::clone(source) });
    }

    /// The names of the functions of the prompt.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        let all = self.functions.iter().flat_map(|definitions| &definitions.functions);
        all.map(|function| function.name.as_str()).filter(|name| rhai::is_valid_identifier(name))
    }

    /// The newest function of that name.
    pub(crate) fn function(&self, name: &str) -> Option<&Shared<ScriptFuncDef>> {
        let newest_first = self.functions.iter().rev();
        newest_first.flat_map(|definitions| &definitions.functions).find(|function| function.name == name)
    }

    /// The text that defined a function, and the position where it did.
    pub(crate) fn definition(&self, function: &str) -> Option<(&Arc<Source>, Position)> {
        let newest_first = self.functions.iter().rev();
        newest_first
            .flat_map(|definitions| definitions.functions.iter().map(move |found| (definitions, found)))
            .find_map(|(definitions, found)| {
                (found.name == function).then(|| (&definitions.source, found.body.start_position()))
            })
    }

    /// All functions of that name, which differ in their parameters, each with the number and the text of its definition.
    pub(crate) fn definitions_of<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (usize, &'a Arc<Source>, &'a Shared<ScriptFuncDef>)> {
        self.functions.iter().enumerate().flat_map(move |(number, definitions)| {
            let named = definitions.functions.iter().filter(move |function| function.name == name);
            named.map(move |function| (number, &definitions.source, function))
        })
    }

    /// The function whose code begins there.
    pub(crate) fn function_at(&self, source: &Arc<Source>, position: Position) -> Option<&Shared<ScriptFuncDef>> {
        let definitions = self.functions.iter().find(|definitions| Arc::ptr_eq(&definitions.source, source))?;
        definitions.functions.iter().find(|function| function.body.start_position() == position)
    }

    /// The functions of the prompt as modules, oldest first.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &Shared<Module>> {
        self.functions.iter().map(|definitions| &definitions.module)
    }

    /// The text of that name, if it defined functions that are still known.
    pub(crate) fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.functions.iter().rev().map(|definitions| &definitions.source).find(|source| source.name == name)
    }
}

/// What distinguishes one function from another.
fn key(function: &ScriptFuncDef) -> (&str, Option<&str>, usize) {
    (&function.name, function.this_type.as_deref(), function.params.len())
}
