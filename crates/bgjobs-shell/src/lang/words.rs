//! What can be typed: the names of a prompt at one moment, and the members of what they stand for.
//!
//! Only looks; evaluates nothing.

use std::{any::TypeId, collections::BTreeSet};

use bgjobs::AnyJob;
use rhai::{Array, Dynamic, Engine, Map};

use super::{
    jobs::Jobs,
    values::{language::Language, names::Names},
};

/// Words with a meaning of their own.
pub(crate) const KEYWORDS: &[&str] = &[
    "break", "catch", "const", "continue", "do", "else", "false", "fn", "for", "if", "in", "let", "loop", "return",
    "switch", "this", "throw", "true", "try", "until", "while",
];

/// The names of a prompt.
#[derive(Clone)]
pub(crate) struct Words {
    pub(crate) names: Names,
    pub(crate) language: Language,
    pub(crate) jobs: Jobs,
}

/// A step from a value to one in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// As `.name` and `["name"]`.
    Name(String),
    /// As `[3]`.
    Place(usize),
    /// As `[x]`.
    Unknown,
}

impl Words {
    /// The names that the user set, and `jobs`.
    pub(crate) fn own(&self) -> BTreeSet<String> {
        let variables = self.names.variables().map(|(name, _)| name.to_owned());
        let functions = self.names.functions().map(str::to_owned);
        variables.chain(functions).chain(["jobs".to_owned()]).collect()
    }

    /// All names, and the words of the language.
    pub(crate) fn all(&self) -> BTreeSet<String> {
        let mut all = self.own();
        all.extend(self.language.functions().map(str::to_owned));
        all.extend(KEYWORDS.iter().map(|&word| word.to_owned()));
        all
    }

    /// Whether it is the name of a function.
    pub(crate) fn is_function(&self, name: &str) -> bool {
        self.language.has_function(name) || self.names.function(name).is_some()
    }

    /// What can follow the dot after the variable `name`, or after what `path` leads to from there.
    pub(crate) fn members(&self, name: &str, path: &[Step]) -> BTreeSet<String> {
        match (self.names.variable(name), path) {
            (Some(value), _) => self.inside(value.data(), path),
            (None, []) if name == "jobs" => self.of_type(TypeId::of::<Jobs>()),
            (None, [Step::Place(_) | Step::Unknown]) if name == "jobs" => self.of_type(TypeId::of::<AnyJob>()),
            (None, _) => BTreeSet::new(),
        }
    }

    fn inside(&self, data: &Dynamic, path: &[Step]) -> BTreeSet<String> {
        match path {
            [] => {
                let mut members = self.of_type(data.type_id());
                let keys = data.read_lock::<Map>();
                let keys = keys.iter().flat_map(|map| map.keys());
                members.extend(keys.filter(|key| rhai::is_valid_identifier(key)).map(ToString::to_string));
                members
            }
            [Step::Name(key), rest @ ..] => {
                let map = data.read_lock::<Map>();
                map.as_ref()
                    .and_then(|map| map.get(key.as_str()))
                    .map(|data| self.inside(data, rest))
                    .unwrap_or_default()
            }
            [Step::Place(place), rest @ ..] => {
                let array = data.read_lock::<Array>();
                array
                    .as_ref()
                    .and_then(|array| array.get(*place))
                    .map(|data| self.inside(data, rest))
                    .unwrap_or_default()
            }
            [Step::Unknown, ..] => BTreeSet::new(),
        }
    }

    /// The methods and properties of values of a type.
    fn of_type(&self, kind: TypeId) -> BTreeSet<String> {
        let mut engine = Engine::new_raw();
        for module in self.language.modules() {
            engine.register_global_module(module.clone());
        }
        let member = |info: rhai::FuncInfo<'_>| {
            let function = info.metadata;
            let name = function.name.strip_prefix("get$").unwrap_or(&function.name);
            // What is printed of a value nobody calls by that name.
            let is_member = function.param_types.first() == Some(&kind) && name != "to_debug";
            (is_member && rhai::is_valid_identifier(name)).then(|| name.to_owned())
        };
        engine.collect_fn_metadata(None, member, true).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_is_no_name() {
        for word in KEYWORDS {
            assert!(Engine::new_raw().compile(format!("let {word} = 1;")).is_err(), "{word}");
        }
    }
}
