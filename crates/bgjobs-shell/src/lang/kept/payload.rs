//! What an expression or a call takes along to another process: the texts of the functions and the variables that it uses.
//!
//! Only what it uses, so that a large or a secret variable stays here, and one that can't leave hinders nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rhai::{AST, FnPtr, ImmutableString, Position, Shared};
use serde_json::{Map as JsonMap, Value as Json, json};

use super::{
    tagged::{self, Refused},
    uses::{self, Use},
};
use crate::lang::{
    read::source::Source,
    trace::program::Program,
    values::{
        names::Names,
        value::{Captures, Link, Value},
    },
};

/// What another process evaluates.
pub(crate) enum KeptCode {
    /// A text.
    Text(Arc<Source>),
    /// A call of a function value with arguments.
    Call {
        /// The function.
        function: Value,
        /// Its arguments.
        arguments: Vec<Value>,
    },
}

/// A text, which was parsed to `ast`, with all it needs of some names.
///
/// # Errors
///
/// What can't leave this process, and why.
pub(crate) fn pack_text(source: &Source, ast: &AST, names: &Names) -> Result<Vec<u8>, String> {
    let mut packer = Packer::new(names);
    packer.take_all(uses::of_program(ast))?;
    Ok(packer.end(json!({"text": text_of(source)})))
}

/// A call with all it needs of some names.
///
/// # Errors
///
/// Those of [`pack_text`].
pub(crate) fn pack_call(function: &Value, arguments: &[Value], names: &Names) -> Result<Vec<u8>, String> {
    let mut packer = Packer::new(names);
    let function = packer.value(function, "the function")?;
    let numbered = arguments.iter().enumerate();
    let arguments = numbered.map(|(index, argument)| packer.value(argument, &format!("argument {}", index + 1)));
    let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
    Ok(packer.end(json!({"function": function, "arguments": arguments})))
}

/// What was packed, and the names for it.
///
/// # Errors
///
/// It was not packed by this version.
pub(crate) fn unpack(bytes: &[u8]) -> Result<(KeptCode, Names), String> {
    let packed: Json = serde_json::from_slice(bytes).map_err(|cause| cause.to_string())?;
    read(&packed).ok_or_else(|| "it was packed by another version of this program".to_owned())
}

struct Packer<'a> {
    names: &'a Names,
    /// What defines the functions, in the order in which it was evaluated.
    texts: BTreeMap<usize, Json>,
    variables: BTreeMap<String, Json>,
    /// The functions whose code was looked at.
    followed: BTreeSet<ImmutableString>,
}

impl<'a> Packer<'a> {
    fn new(names: &'a Names) -> Self {
        Self { names, texts: BTreeMap::new(), variables: BTreeMap::new(), followed: BTreeSet::new() }
    }

    fn end(self, mut packed: Json) -> Vec<u8> {
        packed["variables"] = self.variables.into_iter().collect::<JsonMap<_, _>>().into();
        packed["texts"] = self.texts.into_values().collect();
        packed.to_string().into_bytes()
    }

    fn take_all(&mut self, uses: Vec<Use>) -> Result<(), String> {
        for used in uses {
            match used {
                Use::Name(name) if self.names.variable(&name).is_some() => self.variable(&name)?,
                Use::Name(name) | Use::Function(name) => self.function(&name)?,
                Use::Text(text) => {
                    for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
                        // It may be no code at all, so it refuses nothing.
                        let _ = self.function(word);
                    }
                }
            }
        }
        Ok(())
    }

    fn variable(&mut self, name: &str) -> Result<(), String> {
        let Some(value) = self.names.variable(name) else { return Ok(()) };
        if !self.variables.contains_key(name) {
            // First, because a function may use the variable that holds it.
            self.variables.insert(name.to_owned(), Json::Null);
            let packed = self.value(value, &format!("`{name}`"))?;
            self.variables.insert(name.to_owned(), packed);
        }
        Ok(())
    }

    /// All functions of that name, which differ in their parameters, with what they use.
    fn function(&mut self, name: &str) -> Result<(), String> {
        if self.followed.contains(name) {
            return Ok(());
        }
        self.followed.insert(name.into());
        let names = self.names;
        for (number, source, function) in names.definitions_of(name) {
            self.texts.entry(number).or_insert_with(|| json!([number, text_of(source)]));
            self.take_all(uses::of_function(function))?;
        }
        Ok(())
    }

    /// A value, which errors call `what`.
    fn value(&mut self, value: &Value, what: &str) -> Result<Json, String> {
        let mut uses = Vec::new();
        let packed = tagged::write(value.data(), &mut |pointer| self.pointer(pointer, &mut uses));
        let packed = packed.map_err(|held| format!("{what} can't be kept: it holds {held}"))?;
        self.take_all(uses)?;
        Ok(packed)
    }

    fn pointer(&self, pointer: &FnPtr, uses: &mut Vec<Use>) -> Result<Json, Refused> {
        let name = pointer.fn_name();
        uses.push(Use::Function(name.into()));
        let function = if pointer.is_anonymous() {
            let (number, _, function) =
                self.names.definitions_of(name).next().ok_or("a function whose text is forgotten")?;
            let position = function.body.start_position();
            json!([number, position.line(), position.position()])
        } else {
            name.into()
        };
        let captured = pointer.iter_curry().map(|captured| match captured.read_lock::<Link>().as_deref() {
            None => tagged::write(captured, &mut |pointer| self.pointer(pointer, uses)),
            Some(Link::Name(name)) => {
                uses.push(Use::Name(name.clone()));
                Ok(json!({"name": name.as_str()}))
            }
            Some(Link::Cell(_)) => Err("a function that captured variables of the function that made it".to_owned()),
        });
        Ok(json!({"function": [function, captured.collect::<Result<Vec<_>, _>>()?]}))
    }
}

fn text_of(source: &Source) -> Json {
    json!([source.name.as_str(), source.text])
}

fn read(packed: &Json) -> Option<(KeptCode, Names)> {
    let mut names = Names::default();
    let mut sources = BTreeMap::new();
    for text in packed.get("texts")?.as_array()? {
        let source = source_of(text.get(1)?)?;
        let program = Program::compile_statements(Arc::clone(&source)).ok()?;
        program.define_in(&mut names);
        sources.insert(text.get(0)?.as_u64()?, source);
    }
    let mut reader = Reader { names: &names, sources: &sources };
    let variables = packed.get("variables")?.as_object()?.iter();
    let variables = variables.map(|(name, value)| Some((name.as_str().into(), reader.value(value)?)));
    let variables = variables.collect::<Option<_>>()?;
    let code = match packed.get("text") {
        Some(text) => KeptCode::Text(source_of(text)?),
        None => KeptCode::Call {
            function: reader.value(packed.get("function")?)?,
            arguments: packed
                .get("arguments")?
                .as_array()?
                .iter()
                .map(|value| reader.value(value))
                .collect::<Option<_>>()?,
        },
    };
    Some((code, names.with_variables(variables)))
}

fn source_of(text: &Json) -> Option<Arc<Source>> {
    Some(Source::new(text.get(0)?.as_str()?, text.get(1)?.as_str()?))
}

struct Reader<'a> {
    names: &'a Names,
    /// The texts of the functions, by their numbers where they were packed.
    sources: &'a BTreeMap<u64, Arc<Source>>,
}

impl Reader<'_> {
    fn value(&mut self, packed: &Json) -> Option<Value> {
        let mut captures = Captures::Nothing;
        let data = tagged::read(packed, &mut |pointer| self.pointer(pointer, &mut captures))?;
        Some(Value::new(data, captures))
    }

    fn pointer(&self, packed: &Json, captures: &mut Captures) -> Option<FnPtr> {
        let packed = packed.get("function")?;
        let mut pointer = match packed.get(0)? {
            Json::String(name) => FnPtr::new(name.as_str()).ok()?,
            place => {
                let source = self.sources.get(&place.get(0)?.as_u64()?)?;
                let number = |index: usize| u16::try_from(place.get(index)?.as_u64()?).ok();
                let position = Position::new(number(1)?, number(2)?);
                FnPtr::from(Shared::clone(self.names.function_at(source, position)?))
            }
        };
        for captured in packed.get(1)?.as_array()? {
            pointer.add_curry(match captured.get("name").and_then(Json::as_str) {
                Some(name) => {
                    *captures = Captures::Names;
                    rhai::Dynamic::from(Link::Name(name.into()))
                }
                None => tagged::read(captured, &mut |pointer| self.pointer(pointer, captures))?,
            });
        }
        Some(pointer)
    }
}
