//! A text that compiled: its statements, one by one, and its functions.
//!
//! Knows how the prompt's grammar differs from Rhai's: outside all brackets a name is set with `let` or without, and
//! is then a variable of the prompt.

use std::sync::{Arc, PoisonError};

use rhai::{AST, Dynamic, Engine, Expr, ImmutableString, Module, ParseError, Position, Shared, Stmt};

use super::{
    code::{Code, watched},
    instrument::{Weaver, place},
};
use crate::lang::{
    error::Result,
    read::{
        compiler::{Grammar, compiler},
        diagnostic, quotes,
        source::Source,
        underscores::Underscores,
    },
    values::names::Names,
};

/// A text that compiled.
pub(crate) struct Program {
    /// Its functions as they were written.
    defined: Shared<Module>,
    /// Its functions, so that their calls are noted.
    functions: Shared<Module>,
    /// Each with a name that says where it stands.
    statements: Vec<(Stmt, ImmutableString)>,
    source: Arc<Source>,
    code: Arc<Code>,
    /// Where names stand that a `let` declares.
    declared: Vec<Position>,
}

/// One statement of a program.
pub(crate) struct Step<'a> {
    statement: &'a Stmt,
    /// A name that says where it stands.
    pub(crate) mark: &'a str,
    is_last: bool,
    source: &'a ImmutableString,
}

/// The value of a statement after which the next one follows; one that returns has another.
#[derive(Clone)]
struct GoesOn;

impl Program {
    /// Compiles statements.
    pub(crate) fn statements(source: Arc<Source>) -> Result<Self, ParseError> {
        Self::compile(source, Grammar::Statements, |engine, text| engine.compile(text))
    }

    /// Compiles one expression and nothing else: what may stand on the right of an `=`.
    pub(crate) fn expression(source: Arc<Source>) -> Result<Self, ParseError> {
        Self::compile(source, Grammar::Expression, |engine, text| engine.compile_expression(text))
    }

    fn compile(
        source: Arc<Source>,
        grammar: Grammar,
        compile: impl FnOnce(&Engine, &str) -> Result<AST, ParseError>,
    ) -> Result<Self, ParseError> {
        let (text, underscores) = Underscores::swap(quotes::swap(&source.text));
        let (engine, reading) = compiler(grammar, Some(underscores));
        let compiled = compile(&engine, &text);
        let mut ast = compiled.map_err(|refusal| diagnostic::explain(refusal, &source.text))?;
        // Only then do the functions have it too.
        ast.set_source(source.name.clone());
        let declared = std::mem::take(&mut reading.lock().unwrap_or_else(PoisonError::into_inner).declared);
        let functions = watched(ast.shared_lib(), &source);
        let mut weaver = Weaver::default();
        let mut statements = Vec::new();
        for statement in ast.statements() {
            let mut statement = statement.clone();
            let mark = weaver.marks.name(place(&statement));
            weaver.statement(&mut statement);
            statements.push((statement, mark));
        }
        let code = Code::of_text(Arc::clone(&source), weaver.marks);
        Ok(Self { defined: Shared::clone(ast.shared_lib()), functions, statements, source, code, declared })
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Adds the functions, with those that have no name, to some names.
    pub(crate) fn define_in(&self, names: &mut Names) {
        names.define(&self.defined, &self.functions, &self.source);
    }

    /// Where its statements stand.
    pub(crate) fn code(&self) -> &Arc<Code> {
        &self.code
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        let count = self.statements.len();
        self.statements.iter().enumerate().map(move |(place, (statement, mark))| Step {
            statement,
            mark,
            is_last: place + 1 == count,
            source: &self.source.name,
        })
    }
}

impl Step<'_> {
    /// The name that this statement sets anew: after a `let`, or because it is not known yet.
    pub(crate) fn name_to_set(&self, program: &Program, knows: impl Fn(&str) -> bool) -> Option<ImmutableString> {
        let (variable, is_set) = match self.statement {
            Stmt::Assignment(assignment) if !assignment.0.is_op_assignment() => (&assignment.1.lhs, true),
            Stmt::Expr(expression) => (&**expression, false),
            _ => return None,
        };
        let Expr::Variable(variable, _, position) = variable else { return None };
        let name = &variable.1;
        (program.declared.contains(position) || is_set && !knows(name)).then(|| name.clone())
    }

    /// The value for [`Self::name_to_set`].
    pub(crate) fn value_to_set(&self, engine: &Engine) -> Result<Dynamic> {
        match self.statement {
            Stmt::Assignment(assignment) => self.evaluate(engine, [Stmt::Expr(Box::new(assignment.1.rhs.clone()))]),
            // `let x;`
            _ => Ok(Dynamic::UNIT),
        }
    }

    /// Evaluates the statement.
    pub(crate) fn run(&self, engine: &Engine) -> Result<Dynamic> {
        let goes_on = || Expr::DynamicConstant(Box::new(Dynamic::from(GoesOn)), Position::NONE);
        let mark = (!self.is_last).then(|| Stmt::Expr(Box::new(goes_on())));
        self.evaluate(engine, [self.statement.clone()].into_iter().chain(mark))
    }

    /// Whether the next statement follows when [`Self::run`] gave this value.
    pub(crate) fn goes_on(value: &Dynamic) -> bool {
        value.is::<GoesOn>()
    }

    fn evaluate(&self, engine: &Engine, statements: impl IntoIterator<Item = Stmt>) -> Result<Dynamic> {
        // The functions are among those of the engine, where they know what their source is called.
        let ast = AST::new_with_source(statements, Module::new(), self.source.clone());
        engine.eval_ast(&ast)
    }
}
