//! Everything that can be typed: the names at the prompt at one moment, and the members of their values.
//!
//! Only looks; evaluates nothing.

use std::{any::TypeId, collections::BTreeSet};

use bgjobs::AnyJob;
use rhai::{Array, Dynamic, Engine, Map};

use super::{
    jobs::Jobs,
    values::{language::Language, names::Names},
};

/// The keywords of the language.
pub(crate) const KEYWORDS: &[&str] = &[
    "break", "catch", "const", "continue", "do", "else", "false", "fn", "for", "if", "in", "let", "loop", "return",
    "switch", "this", "throw", "true", "try", "until", "while",
];

/// The names at the prompt.
#[derive(Clone)]
pub(crate) struct Words {
    pub(crate) names: Names,
    pub(crate) language: Language,
    pub(crate) jobs: Jobs,
}

/// One segment of a path from a value to another inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// `.name` or `["name"]`.
    Name(String),
    /// `[3]`.
    Index(usize),
    /// `[x]`.
    Unknown,
}

impl Words {
    /// The user's own names, and `jobs`.
    pub(crate) fn own(&self) -> BTreeSet<String> {
        let variables = self.names.variables().map(|(name, _)| name.to_owned());
        let functions = self.names.functions().map(str::to_owned);
        variables.chain(functions).chain(["jobs".to_owned()]).collect()
    }

    /// All names, and the keywords.
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

    /// What can follow the dot after the variable `name`, or after the value that `path` leads to from there.
    pub(crate) fn members(&self, name: &str, path: &[Segment]) -> BTreeSet<String> {
        match (self.names.variable(name), path) {
            (Some(value), _) => self.inside(value.data(), path),
            (None, []) if name == "jobs" => self.of_type(TypeId::of::<Jobs>()),
            (None, [Segment::Index(_) | Segment::Unknown]) if name == "jobs" => self.of_type(TypeId::of::<AnyJob>()),
            (None, _) => BTreeSet::new(),
        }
    }

    fn inside(&self, data: &Dynamic, path: &[Segment]) -> BTreeSet<String> {
        match path {
            [] => {
                let mut members = self.of_type(data.type_id());
                let keys = data.read_lock::<Map>();
                let keys = keys.iter().flat_map(|map| map.keys());
                members.extend(keys.filter(|key| rhai::is_valid_identifier(key)).map(ToString::to_string));
                members
            }
            [Segment::Name(key), rest @ ..] => {
                let map = data.read_lock::<Map>();
                let item = map.as_ref().and_then(|map| map.get(key.as_str()));
                item.map(|item| self.inside(item, rest)).unwrap_or_default()
            }
            [Segment::Index(index), rest @ ..] => {
                let array = data.read_lock::<Array>();
                let item = array.as_ref().and_then(|array| array.get(*index));
                item.map(|item| self.inside(item, rest)).unwrap_or_default()
            }
            [Segment::Unknown, ..] => BTreeSet::new(),
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
            // It serves debug output; nobody calls it by name.
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
    fn a_keyword_can_not_be_a_name() {
        for word in KEYWORDS {
            assert!(Engine::new_raw().compile(format!("let {word} = 1;")).is_err(), "{word}");
        }
    }
}
