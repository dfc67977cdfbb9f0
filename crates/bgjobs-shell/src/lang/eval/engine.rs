//! Rhai's engine for an evaluation, made in a microsecond.
//!
//! An engine is never shared: the locks inside one that is would make evaluations wait for each other.

use std::sync::Arc;

use bgjobs::Stream;
use rhai::{Dynamic, Engine};

use super::{
    evaluation::Evaluation,
    stack::{CALL_LEVELS, Stack},
};
use crate::lang::read::compiler::{Grammar, compiler};

/// An engine that evaluates.
pub(crate) fn evaluator(evaluation: &Arc<Evaluation>, stack: Stack) -> Engine {
    // `eval` compiles statements too.
    let (mut engine, _) = compiler(Grammar::Statements, None);
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_default_tag(Dynamic::from(Arc::clone(evaluation)));
    for module in evaluation.language.modules().iter().chain(evaluation.cells().names().modules()) {
        engine.register_global_module(Arc::clone(module));
    }
    let asked = Arc::clone(evaluation);
    engine.on_progress(move |operations| {
        asked.calls.count(operations);
        if asked.context.is_stopping() {
            return Some(Dynamic::UNIT);
        }
        // What is returned tells this end from a stop.
        (!stack.has_room()).then(|| Dynamic::from(stack))
    });
    evaluation.calls.watch(&mut engine);
    let printed = Arc::clone(evaluation);
    engine.on_print(move |text| printed.print(Stream::Out, text));
    let debugged = Arc::clone(evaluation);
    engine.on_debug(move |text, source, position| {
        let place = source.map_or_else(|| position.to_string(), |source| format!("{source}, {position}"));
        debugged.print(Stream::Err, &format!("{place}: {text}"));
    });
    let named = Arc::clone(evaluation);
    #[expect(deprecated, reason = "Rhai's mark for what may change between its versions; tests would tell")]
    engine.on_var(move |name, index, context| {
        if !named.calls.at(name, index) {
            return Ok(Some(Dynamic::UNIT));
        }
        // A local variable has an index, or, after `eval`, at least a place in the scope.
        if index != 0 || context.scope().contains(name) { Ok(None) } else { named.variable(name) }
    });
    engine
}
