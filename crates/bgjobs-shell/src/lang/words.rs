//! Everything that can be typed: the names at the prompt at one moment, and the members of their values.
//!
//! Only looks; evaluates nothing.

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet},
};

use bgjobs::{AnyJob, Group};
use rhai::{Array, Dynamic, Engine, FuncInfo, FuncMetadata, ImmutableString, Map};

use super::{
    describe::comment_lines,
    jobs::Jobs,
    values::{language::Language, names::Names, shared::SharedValue},
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

/// Names, each with what is known of it in one line, which may be empty.
pub(crate) type Noted = BTreeMap<String, String>;

/// What a path begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// A variable.
    Name(String),
    /// The call of a function.
    Call(String),
    /// A string, an array or a map that is written out.
    String,
    Array,
    Map,
}

/// One segment of a path from a value to another inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// `.name` or `["name"]`.
    Name(String),
    /// `.name(..)`.
    Call(String),
    /// `[3]`.
    Index(usize),
    /// `[x]`.
    Unknown,
}

impl Words {
    /// The user's own names, and `jobs`.
    pub(crate) fn own(&self) -> Noted {
        let variables = self.names.variables().map(|(name, _)| (name.to_owned(), String::new()));
        let functions = self.names.functions().filter_map(|name| {
            let function = self.names.function(name)?;
            let comments = note(function.comments.iter().map(AsRef::as_ref));
            let parameters = function.params.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let signature = || format!("fn {name}({parameters})");
            Some((name.to_owned(), if comments.is_empty() { signature() } else { comments }))
        });
        let jobs = ("jobs".to_owned(), "the jobs: jobs[3] is one of them, jobs.all has all".to_owned());
        [jobs].into_iter().chain(functions).chain(variables).collect()
    }

    /// All names, and the keywords.
    pub(crate) fn all(&self) -> Noted {
        // What takes one of these values first is called as their method.
        let with_methods =
            [TypeId::of::<Jobs>(), TypeId::of::<AnyJob>(), TypeId::of::<Group>(), TypeId::of::<SharedValue>()];
        let mut all = self.functions(|name, of| {
            (rhai::is_valid_identifier(name) && !of.is_some_and(|of| with_methods.contains(&of))).then_some(name)
        });
        all.extend(KEYWORDS.iter().map(|&word| (word.to_owned(), String::new())));
        all.extend(self.own());
        all
    }

    /// Whether it is the name of a function.
    pub(crate) fn is_function(&self, name: &str) -> bool {
        self.language.has_function(name) || self.names.function(name).is_some()
    }

    /// What can follow the dot after the value that `path` leads to from `root`.
    pub(crate) fn members(&self, root: &Root, path: &[Segment]) -> Noted {
        let of_type = |of_type| self.of_type(of_type);
        let mut members = self.type_of(root, path).map(of_type).unwrap_or_default();
        let keys = self.keys(root, path).into_iter().filter(|key| rhai::is_valid_identifier(key));
        members.extend(keys.map(|key| (key, String::new())));
        members
    }

    /// The type of the value that `path` leads to from `root`, as far as it is known without an evaluation.
    fn type_of(&self, root: &Root, path: &[Segment]) -> Option<TypeId> {
        if let Some(known) = self.value(root, path, Dynamic::type_id) {
            return Some(known);
        }
        let Some((last, before)) = path.split_last() else {
            return match root {
                Root::Name(name) => (name == "jobs" && self.names.variable(name).is_none()).then(TypeId::of::<Jobs>),
                Root::Call(name) if self.names.function(name).is_none() => self.returned(name, None),
                Root::Call(_) => None,
                Root::String => Some(TypeId::of::<ImmutableString>()),
                Root::Array => Some(TypeId::of::<Array>()),
                Root::Map => Some(TypeId::of::<Map>()),
            };
        };
        let of = self.type_of(root, before)?;
        match last {
            Segment::Name(name) => self.returned(&format!("get${name}"), Some(of)),
            Segment::Call(name) => self.returned(name, Some(of)),
            Segment::Index(_) | Segment::Unknown => (of == TypeId::of::<Jobs>()).then(TypeId::of::<AnyJob>),
        }
    }

    /// The type of what a function returns, or a method of values of this type; none if it may return several.
    fn returned(&self, function: &str, of: Option<TypeId>) -> Option<TypeId> {
        let returned = |info: FuncInfo<'_>| {
            let FuncMetadata { name, param_types, return_type, .. } = info.metadata;
            let is_meant = name == function && of.is_none_or(|of| param_types.first() == Some(&of));
            // A function with several numbers of arguments is described once.
            (is_meant && !return_type.is_empty()).then(|| type_called(return_type))
        };
        let all = self.engine().collect_fn_metadata(None, returned, true);
        all.first().copied().flatten().filter(|_| all.iter().all(|one| *one == all[0]))
    }

    /// The keys of the map that `path` leads to from `root`.
    pub(crate) fn keys(&self, root: &Root, path: &[Segment]) -> BTreeSet<String> {
        self.value(root, path, keys).unwrap_or_default()
    }

    /// Looks at the value that `path` leads to from a variable, without copying it.
    fn value<T>(&self, root: &Root, path: &[Segment], look: impl FnOnce(&Dynamic) -> T) -> Option<T> {
        let Root::Name(name) = root else { return None };
        inside(self.names.variable(name)?.data(), path, look)
    }

    /// The methods and properties of values of a type.
    fn of_type(&self, kind: TypeId) -> Noted {
        self.functions(|name, of| {
            let name = name.strip_prefix("get$").unwrap_or(name);
            // It serves debug output; nobody calls it by name.
            let is_member = of == Some(kind) && name != "to_debug";
            (is_member && rhai::is_valid_identifier(name)).then_some(name)
        })
    }

    /// The functions of the language that `choose` names, given its name and the type of its first parameter.
    fn functions(&self, choose: impl Fn(&str, Option<TypeId>) -> Option<&str> + Copy) -> Noted {
        let noted = |info: FuncInfo<'_>| {
            let function = info.metadata;
            let name = choose(&function.name, function.param_types.first().copied())?;
            Some((name.to_owned(), note(function.comments.iter().map(AsRef::as_ref))))
        };
        let mut all = Noted::new();
        for (name, note) in self.engine().collect_fn_metadata(None, noted, true) {
            // Rhai returns them unordered; of several forms, the one that is told in the fewest words, but rather not that of
            // a type that few use.
            let rank = |note: &str| (note.is_empty(), note.contains("BLOB"), note.len(), note.to_owned());
            let known = all.entry(name).or_default();
            if rank(&note) < rank(known) {
                *known = note;
            }
        }
        all
    }

    /// An engine that knows the functions of the language.
    fn engine(&self) -> Engine {
        let mut engine = Engine::new_raw();
        for module in self.language.modules() {
            engine.register_global_module(module.clone());
        }
        engine
    }
}

/// The type that Rust code calls so, if its values have methods.
fn type_called(name: &str) -> Option<TypeId> {
    let name = match name.split_once('<') {
        Some((outer, inside)) if outer.contains("Result") => inside.trim_end_matches('>'),
        _ => name,
    };
    Some(match name.trim() {
        "AnyJob" => TypeId::of::<AnyJob>(),
        "Group" => TypeId::of::<Group>(),
        "SharedValue" => TypeId::of::<SharedValue>(),
        "String" | "ImmutableString" => TypeId::of::<ImmutableString>(),
        "Array" => TypeId::of::<Array>(),
        "Map" => TypeId::of::<Map>(),
        _ => return None,
    })
}

fn inside<T>(data: &Dynamic, path: &[Segment], look: impl FnOnce(&Dynamic) -> T) -> Option<T> {
    match path {
        [] => Some(look(data)),
        [Segment::Name(key), rest @ ..] => inside(data.read_lock::<Map>()?.get(key.as_str())?, rest, look),
        [Segment::Index(index), rest @ ..] => inside(data.read_lock::<Array>()?.get(*index)?, rest, look),
        [Segment::Unknown | Segment::Call(_), ..] => None,
    }
}

/// The keys of a map.
fn keys(data: &Dynamic) -> BTreeSet<String> {
    let map = data.read_lock::<Map>();
    map.iter().flat_map(|map| map.keys()).map(ToString::to_string).collect()
}

/// The first paragraph of some comments, in one line.
fn note<'a>(comments: impl Iterator<Item = &'a str>) -> String {
    let lines = comments.flat_map(comment_lines).skip_while(|line| line.is_empty());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
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
