//! The code of a function or a text, instrumented.
//!
//! Evaluates nothing.

use std::sync::Arc;

use rhai::{
    AST, ASTNode, Dynamic, Engine, Expr, ImmutableString, Module, OptimizationLevel, Position, ScriptFuncDef, Shared,
    Stmt, StmtBlock,
};

use super::{
    instrument::Instrumenter,
    probe::{Probe, Probes},
};
use crate::lang::read::source::Source;

/// Replaces the body of a function in what Rhai evaluates; no program can contain it.
pub(crate) const BODY: &str = "$";

/// The code of one of the user's functions, or of a text.
pub(crate) struct Code {
    /// None for a text.
    pub(crate) function: Option<ImmutableString>,
    pub(crate) source: Arc<Source>,
    /// How many variables the call declares.
    pub(crate) parameters: usize,
    /// Unit for a text, whose statements are evaluated one by one.
    pub(crate) body: Expr,
    probes: Probes,
    start: Position,
}

impl Code {
    /// The code of a text.
    pub(crate) fn of_text(source: Arc<Source>, mut probes: Probes) -> Arc<Self> {
        probes.sort();
        let (body, start) = (Expr::Unit(Position::NONE), Position::NONE);
        Arc::new(Self { function: None, source, parameters: 0, body, probes, start })
    }

    fn of_function(function: &Shared<ScriptFuncDef>, source: &Arc<Source>) -> Self {
        let (start, end) = (function.body.start_position(), function.body.end_position());
        let mut instrumenter = Instrumenter::default();
        let statements = instrumenter.statements(statements(function));
        instrumenter.probes.sort();
        Self {
            function: Some(function.name.clone()),
            source: Arc::clone(source),
            parameters: function.params.len(),
            body: Expr::Stmt(Box::new(StmtBlock::new(statements, start, end))),
            probes: instrumenter.probes,
            start,
        }
    }

    /// The position of a probe; the start of the function if it has used no variable yet.
    pub(crate) fn position(&self, probe: Probe) -> Option<Position> {
        let start = (probe == Probe::default()).then_some(self.start);
        self.probes.position(probe).or(start).filter(|position| !position.is_none())
    }
}

/// The functions of a text, instrumented.
pub(crate) fn instrumented(functions: &Shared<Module>, source: &Arc<Source>) -> Shared<Module> {
    if functions.iter_script_fn_info().next().is_none() {
        return Shared::clone(functions);
    }
    let mut instrumented = Module::new();
    instrumented.set_id(functions.id().unwrap_or_default());
    for (.., function) in functions.iter_script_fn_info() {
        let mut definition = ScriptFuncDef::clone(function);
        definition.body = wrapped(Code::of_function(function, source)).body.clone();
        instrumented.set_script_fn(definition);
    }
    instrumented.into()
}

/// A function that only evaluates some code; nothing but Rhai's parser can make one.
fn wrapped(code: Code) -> Shared<ScriptFuncDef> {
    let state = Dynamic::from(Arc::new(code));
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.register_custom_syntax_with_state_raw(
        BODY,
        move |_, _, slot| {
            *slot = state.clone();
            Ok(None)
        },
        false,
        |_, _, _| Ok(Dynamic::UNIT),
    );
    let ast = engine.compile(format!("fn f() {{ {BODY} }}")).expect("it is the same text each time");
    let (.., function) = ast.shared_lib().iter_script_fn_info().next().expect("it has this one function");
    Shared::clone(function)
}

fn statements(function: &Shared<ScriptFuncDef>) -> Vec<Stmt> {
    let mut alone = Module::new();
    alone.set_script_fn(Shared::clone(function));
    let mut statements = Vec::new();
    AST::new([], alone).walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    statements
}
