//! Starting jobs: `jobs.new(..)` as in the original, and `jobs.start(..)` with arguments in an array and options in a
//! map.

use std::any::TypeId;

use rhai::{Array, Dynamic, FuncRegistration, Module, NativeCallContext, Shared, plugin::RhaiFunc};

use super::options::{CHOICES, choices};
use crate::{
    lang::{
        error::{Result, error},
        eval::{evaluation::Evaluation, start::start},
        jobs::{Jobs, StartOptions},
        values::type_name::display_name,
    },
    option_help,
};

/// The largest number of arguments of `jobs.new(..)`; `jobs.start(..)` takes any number.
const MOST_ARGUMENTS: usize = 20;

/// What `?new` says.
const NEW: [&str; 3] = [
    "Starts a job, whose value is the job: of an expression, as in jobs.new(\"slow(5)\"), which may get its own names in",
    "maps, as in jobs.new(\"x + 1\", #{x: 2}), or of the call of a function with its arguments, as in jobs.new(slow, 5).",
    "jobs.start(slow, [5], #{name: \"x\"}) does it with options; `help options` lists them.",
];

/// What `?start` says before the options.
const START: &str = "Starts a job as jobs.new does, with the arguments in an array, as in jobs.start(slow, [5], #{name: \"x\"}).\n\
                     The arguments and the options may be left out. The options are:";

/// The module of these functions.
pub(super) fn module() -> Module {
    let mut module = Module::new();
    let described_new = |count: usize| match count {
        2 => {
            FuncRegistration::new("new").with_params_info(["jobs", "what", "arguments..", "AnyJob"]).with_comments(NEW)
        }
        _ => FuncRegistration::new("new"),
    };
    let described_start = |count: usize| match count {
        3 => FuncRegistration::new("start")
            .with_params_info(["jobs", "what", "arguments", "options", "AnyJob"])
            .with_comments([START.to_owned()].into_iter().chain(option_help::lines(CHOICES))),
        _ => FuncRegistration::new("start"),
    };
    for count in 0..=MOST_ARGUMENTS {
        register(&mut module, described_new(count), count, |evaluation, arguments| {
            start(evaluation, arguments.drain(..), StartOptions::default()).map(Dynamic::from)
        });
    }
    for count in 0..=3 {
        register(&mut module, described_start(count), count, |evaluation, arguments| {
            let mut arguments = arguments.drain(..);
            let what = arguments.next().unwrap_or_default();
            let given = arguments.next().map_or(Ok(Array::new()), given)?;
            let choices = arguments
                .next()
                .map_or(Ok(StartOptions::default()), |options| choices(&options, &[], &evaluation.environment()))?;
            start(evaluation, [what].into_iter().chain(given), choices).map(Dynamic::from)
        });
    }
    module
}

/// Registers a method of `jobs` with this many arguments of any type.
fn register(
    module: &mut Module,
    registration: FuncRegistration,
    count: usize,
    call: impl Fn(&Evaluation, &mut Vec<Dynamic>) -> Result<Dynamic> + Send + Sync + 'static,
) {
    let types = std::iter::repeat_n(TypeId::of::<Dynamic>(), count);
    let types: Vec<_> = std::iter::once(TypeId::of::<Jobs>()).chain(types).collect();
    let function = move |context: Option<NativeCallContext<'_>>, arguments: &mut [&mut Dynamic]| {
        let evaluation = context.as_ref().map(Evaluation::of).expect("it is registered to receive its context");
        call(&evaluation, &mut arguments.iter_mut().skip(1).map(|argument| argument.take()).collect())
    };
    let function =
        RhaiFunc::Method { func: Shared::new(function), has_context: true, is_pure: true, is_volatile: true };
    registration.set_into_module_raw(module, types, function);
}

/// The arguments of what is started.
#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_or` needs")]
fn given(arguments: Dynamic) -> Result<Array> {
    match arguments.read_lock::<Array>() {
        Some(arguments) => Ok(arguments.clone()),
        None => Err(error(format!(
            "jobs.start(..): arguments go in an array, as in jobs.start(f, [5]), not as {}",
            display_name(arguments.type_name())
        ))
        .into()),
    }
}
