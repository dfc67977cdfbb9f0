//! Rhai's engine for one evaluation, made in a microsecond.
//!
//! Engines are never shared: the locks inside a shared one would make evaluations wait for each other.

use std::sync::Arc;

use bgjobs::Stream;
use rhai::{Dynamic, Engine};

use super::{
    evaluation::Evaluation,
    stack::{CALL_LEVELS, StackLimit},
};
use crate::lang::read::compiler::{Grammar, compiler};

/// An engine that evaluates.
pub(crate) fn evaluator(evaluation: &Arc<Evaluation>, stack: StackLimit) -> Engine {
    // `eval` compiles statements too.
    let (mut engine, _) = compiler(Grammar::Statements, None);
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_default_tag(Dynamic::from(Arc::clone(evaluation)));
    for module in evaluation.language.modules().chain(evaluation.cells().names().modules()) {
        engine.register_global_module(Arc::clone(module));
    }
    let counted = Arc::clone(evaluation);
    engine.on_progress(move |operations| {
        counted.call_stack.count(operations);
        if counted.context.is_stopping() {
            return Some(Dynamic::UNIT);
        }
        // The value distinguishes this from a stop.
        (!stack.has_room()).then(|| Dynamic::from(stack))
    });
    evaluation.call_stack.attach(&mut engine);
    let printed = Arc::clone(evaluation);
    engine.on_print(move |text| printed.print(Stream::Out, text));
    let debugged = Arc::clone(evaluation);
    engine.on_debug(move |text, source, position| {
        let prefix = source.map_or_else(|| position.to_string(), |source| format!("{source}, {position}"));
        debugged.print(Stream::Err, &format!("{prefix}: {text}"));
    });
    let looked_up = Arc::clone(evaluation);
    #[expect(deprecated, reason = "Rhai marks what may change between its versions; tests would tell")]
    engine.on_var(move |name, index, context| {
        if !looked_up.call_stack.at(name, index) {
            return Ok(Some(Dynamic::UNIT));
        }
        // A local variable has an index, or, after `eval`, is at least found in the scope.
        if index != 0 || context.scope().contains(name) { Ok(None) } else { looked_up.variable(name) }
    });
    engine
}
