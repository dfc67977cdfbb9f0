//! The functions that an evaluation is in, one inside the other, readable from any thread.
//!
//! Rhai's debugger would tell them, but it copies the arguments of every call: filling an array of 8,000 numbers took 140
//! times as long. So the body of each of the user's functions becomes one expression of our own around it, which costs
//! something where a function is called, and nothing elsewhere.
//! Knows nothing of names and sources.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, ImmutableString, Module,
    OptimizationLevel, ScriptFuncDef, Shared, Stmt, StmtBlock,
};

use super::error::{Result, error};

/// Stands for a body in what Rhai evaluates; a user's text can't say it.
const BODY: &str = "$";

/// A function of the user's.
pub(super) struct Function {
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever asks a running job where it is"))]
    pub(super) name: ImmutableString,
    body: Expr,
}

/// The functions that an evaluation is in.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The outermost first.
    now: Mutex<Vec<Arc<Function>>>,
    ended: AtomicBool,
}

/// A function that is left when this is dropped.
struct Entered<'a>(&'a Calls);

impl Calls {
    /// Locks for a moment; each call of the evaluation does so twice.
    pub(super) fn now(&self) -> MutexGuard<'_, Vec<Arc<Function>>> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a function was ended by force, as by a stop.
    pub(super) fn were_ended(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed)
    }

    fn enter(&self, function: Arc<Function>) -> Entered<'_> {
        self.now().push(function);
        Entered(self)
    }

    /// Has an engine note its calls of functions that [`watched`] has made.
    pub(super) fn watch(&self, engine: &mut Engine) {
        let calls = self.clone();
        let call = move |context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, _: &[Expression<'_>], state: &Dynamic| {
            let function = state.read_lock::<Arc<Function>>();
            // `eval` can be given a text that says it.
            let function = function.ok_or_else(|| error(format!("'{BODY}' is a reserved symbol")))?;
            let entered = calls.enter(Arc::clone(&function));
            let value = context.eval_expression_tree(&Expression::from(&function.body));
            drop(entered);
            calls.placed(value, context.source())
        };
        engine.register_custom_syntax_handler(BODY, false, call).expect("it changes no scope");
    }

    /// Rhai hands a stop and an overflow of the stack through all calls and forgets the places; inside another error it
    /// keeps them.
    fn placed(&self, value: Result<Dynamic>, source: Option<&str>) -> Result<Dynamic> {
        let Err(mut error) = value else { return value };
        match *error {
            // That other error can be caught, so it is noted too.
            EvalAltResult::ErrorTerminated(..) => self.0.ended.store(true, Ordering::Relaxed),
            EvalAltResult::ErrorStackOverflow(_) => {}
            _ => return Err(error),
        }
        let position = error.take_position();
        let source = source.unwrap_or_default().to_owned();
        Err(EvalAltResult::ErrorInFunctionCall(String::new(), source, error, position).into())
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.now().pop();
    }
}

/// The functions of a text, in such a form that their calls are noted.
pub(super) fn watched(functions: &Shared<Module>) -> Shared<Module> {
    if functions.iter_script_fn_info().next().is_none() {
        return Shared::clone(functions);
    }
    let mut watched = Module::new();
    watched.set_id(functions.id().unwrap_or_default());
    for (.., function) in functions.iter_script_fn_info() {
        let mut definition = ScriptFuncDef::clone(function);
        definition.body = around(function).body.clone();
        watched.set_script_fn(definition);
    }
    watched.into()
}

/// A function that does nothing but to evaluate the body of another; Rhai's own parser makes it, as nobody else can.
fn around(function: &Shared<ScriptFuncDef>) -> Shared<ScriptFuncDef> {
    let (start, end) = (function.body.start_position(), function.body.end_position());
    let body = Expr::Stmt(Box::new(StmtBlock::new(statements(function), start, end)));
    let state = Dynamic::from(Arc::new(Function { name: function.name.clone(), body }));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(text: &str, calls: &Calls) -> Result<Dynamic> {
        let mut engine = Engine::new();
        calls.watch(&mut engine);
        let shared = calls.clone();
        engine.register_fn("names", move || {
            // As another thread would.
            let calls = shared.clone();
            let names = std::thread::spawn(move || calls.now().iter().map(|call| call.name.to_string()).collect());
            names.join().map_or_else(|_| String::new(), |names: Vec<_>| names.join(" "))
        });
        let ast = engine.compile(text)?;
        engine.register_global_module(watched(ast.shared_lib()));
        engine.eval_ast(&ast.clone_statements_only())
    }

    #[test]
    fn the_functions_that_run_are_known_to_other_threads() {
        let calls = Calls::default();
        let names = evaluate("fn inner() { names() } fn outer(n) { let x = n; inner() } outer(1)", &calls);
        assert_eq!(names.expect("it runs").to_string(), "outer inner");
        assert!(evaluate("fn fails() { 1 / 0 } fn calls() { fails() } calls()", &calls).is_err());
        assert_eq!(calls.now().len(), 0, "what failed was left too");
    }

    #[test]
    fn functions_do_what_they_did() {
        for (text, expected) in [
            ("fn f(a, b) { let c = a; if b { return c + 1; } c } [f(1, true), f(1, false)]", "[2, 1]"),
            ("fn f() {} f()", ""),
            ("fn f() { this += 1; this } let x = 1; [x.f(), x]", "[2, 2]"),
            ("let n = 3; let f = |x| x + n; [1, 2].map(f)", "[4, 5]"),
            ("fn f(n) { let x = n; for i in 0..n { let x = i; if i == 2 { break; } } x } f(5)", "5"),
        ] {
            assert_eq!(evaluate(text, &Calls::default()).expect(text).to_string(), expected, "{text}");
        }
    }
}
