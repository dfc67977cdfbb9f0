//! The code of a function, or of a text, in such a form that its evaluation can be watched.
//!
//! Evaluates nothing.

use std::sync::Arc;

use rhai::{
    AST, ASTNode, Dynamic, Engine, Expr, ImmutableString, Module, OptimizationLevel, Position, ScriptFuncDef, Shared,
    Stmt, StmtBlock,
};

use super::{
    instrument::Weaver,
    probe::{Mark, Marks},
};
use crate::lang::read::source::Source;

/// Stands for the body of a function in what Rhai evaluates; a user's text can't say it.
pub(crate) const BODY: &str = "$";

/// The code of one of the user's functions, or of a text.
pub(crate) struct Code {
    /// None for a text.
    pub(crate) function: Option<ImmutableString>,
    pub(crate) source: Arc<Source>,
    /// How many names the call declares.
    pub(crate) parameters: usize,
    /// Nothing for a text, whose statements are evaluated one by one.
    pub(crate) body: Expr,
    marks: Marks,
    start: Position,
}

impl Code {
    /// That of a text.
    pub(crate) fn of_text(source: Arc<Source>, mut marks: Marks) -> Arc<Self> {
        marks.sort();
        let (body, start) = (Expr::Unit(Position::NONE), Position::NONE);
        Arc::new(Self { function: None, source, parameters: 0, body, marks, start })
    }

    fn of_function(function: &Shared<ScriptFuncDef>, source: &Arc<Source>) -> Self {
        let (start, end) = (function.body.start_position(), function.body.end_position());
        let mut weaver = Weaver::default();
        let statements = weaver.statements(statements(function));
        weaver.marks.sort();
        Self {
            function: Some(function.name.clone()),
            source: Arc::clone(source),
            parameters: function.params.len(),
            body: Expr::Stmt(Box::new(StmtBlock::new(statements, start, end))),
            marks: weaver.marks,
            start,
        }
    }

    /// Where a mark stands; where the function begins if it has used no variable yet.
    pub(crate) fn position(&self, mark: Mark) -> Option<Position> {
        let start = (mark == Mark::default()).then_some(self.start);
        self.marks.position(mark).or(start).filter(|position| !position.is_none())
    }
}

/// The functions of a text, in such a form that their calls are noted.
pub(crate) fn watched(functions: &Shared<Module>, source: &Arc<Source>) -> Shared<Module> {
    if functions.iter_script_fn_info().next().is_none() {
        return Shared::clone(functions);
    }
    let mut watched = Module::new();
    watched.set_id(functions.id().unwrap_or_default());
    for (.., function) in functions.iter_script_fn_info() {
        let mut definition = ScriptFuncDef::clone(function);
        definition.body = around(Code::of_function(function, source)).body.clone();
        watched.set_script_fn(definition);
    }
    watched.into()
}

/// A function that does nothing but to evaluate some code; Rhai's own parser makes it, as nobody else can.
fn around(code: Code) -> Shared<ScriptFuncDef> {
    let state = Dynamic::from(Arc::new(code));
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.register_custom_syntax_with_state_raw(
        BODY,
        move |_, _, place| {
            *place = state.clone();
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
