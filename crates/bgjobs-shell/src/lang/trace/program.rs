//! A compiled text: its statements, one by one, and its functions.
//!
//! Knows that a name outside of all brackets is set with or without `let`, and is then a variable of the prompt.

use std::sync::{Arc, PoisonError};

use rhai::{AST, Dynamic, Engine, Expr, ImmutableString, Module, ParseError, Position, Shared, Stmt};

use super::{
    code::{Code, instrumented},
    instrument::{Instrumenter, report_position},
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

/// A compiled text.
pub(crate) struct Program {
    /// Its functions as they were written.
    defined: Shared<Module>,
    /// Its functions, instrumented.
    functions: Shared<Module>,
    /// Each with a probe of its position.
    statements: Vec<(Stmt, ImmutableString)>,
    source: Arc<Source>,
    code: Arc<Code>,
    /// The positions of names after a `let`.
    declared: Vec<Position>,
}

/// One statement of a program.
pub(crate) struct Statement<'a> {
    ast: &'a Stmt,
    /// A probe of its position.
    pub(crate) probe: &'a str,
    is_last: bool,
    source: &'a ImmutableString,
}

/// The value of a statement that the next one follows; one that returns has another value.
#[derive(Clone)]
struct Continues;

impl Program {
    /// Compiles statements.
    pub(crate) fn compile_statements(source: Arc<Source>) -> Result<Self, ParseError> {
        Self::compile(source, Grammar::Statements, |engine, text| engine.compile(text))
    }

    /// Compiles one expression and nothing else: what can stand to the right of an `=`.
    pub(crate) fn compile_expression(source: Arc<Source>) -> Result<Self, ParseError> {
        Self::compile(source, Grammar::Expression, |engine, text| engine.compile_expression(text))
    }

    /// Statements and functions as they were written.
    pub(crate) fn parse_statements(source: &Source) -> Result<AST, ParseError> {
        Ok(Self::parse(source, Grammar::Statements, |engine, text| engine.compile(text))?.0)
    }

    /// A text as Rhai reads it, and the positions of names after a `let`.
    fn parse(
        source: &Source,
        grammar: Grammar,
        compile: impl FnOnce(&Engine, &str) -> Result<AST, ParseError>,
    ) -> Result<(AST, Vec<Position>), ParseError> {
        let (text, underscores) = Underscores::swap(quotes::swap(&source.text));
        let (engine, reading) = compiler(grammar, Some(underscores));
        let compiled = compile(&engine, &text);
        let mut ast = compiled.map_err(|error| diagnostic::explain(error, &source.text))?;
        // Only after this do the functions have it too.
        ast.set_source(source.name.clone());
        let declared = std::mem::take(&mut reading.lock().unwrap_or_else(PoisonError::into_inner).declared);
        Ok((ast, declared))
    }

    fn compile(
        source: Arc<Source>,
        grammar: Grammar,
        compile: impl FnOnce(&Engine, &str) -> Result<AST, ParseError>,
    ) -> Result<Self, ParseError> {
        let (ast, declared) = Self::parse(&source, grammar, compile)?;
        let functions = instrumented(ast.shared_lib(), &source);
        let mut instrumenter = Instrumenter::default();
        let mut statements = Vec::new();
        for statement in ast.statements() {
            let mut statement = statement.clone();
            let probe = instrumenter.probes.name(report_position(&statement));
            instrumenter.statement(&mut statement);
            statements.push((statement, probe));
        }
        let code = Code::of_text(Arc::clone(&source), instrumenter.probes);
        Ok(Self { defined: Shared::clone(ast.shared_lib()), functions, statements, source, code, declared })
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Adds the functions, including anonymous ones, to some names.
    pub(crate) fn define_in(&self, names: &mut Names) {
        names.define(&self.defined, &self.functions, &self.source);
    }

    /// The positions of its statements.
    pub(crate) fn code(&self) -> &Arc<Code> {
        &self.code
    }

    pub(crate) fn statements(&self) -> impl Iterator<Item = Statement<'_>> {
        let count = self.statements.len();
        self.statements.iter().enumerate().map(move |(index, (ast, probe))| Statement {
            ast,
            probe,
            is_last: index + 1 == count,
            source: &self.source.name,
        })
    }
}

impl Statement<'_> {
    /// The name that this statement creates: after a `let`, or because it is not known yet.
    pub(crate) fn name_to_set(&self, program: &Program, knows: impl Fn(&str) -> bool) -> Option<ImmutableString> {
        let (variable, is_set) = match self.ast {
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
        match self.ast {
            Stmt::Assignment(assignment) => self.evaluate(engine, [Stmt::Expr(Box::new(assignment.1.rhs.clone()))]),
            // `let x;`
            _ => Ok(Dynamic::UNIT),
        }
    }

    /// Evaluates the statement.
    pub(crate) fn run(&self, engine: &Engine) -> Result<Dynamic> {
        let continues = || Expr::DynamicConstant(Box::new(Dynamic::from(Continues)), Position::NONE);
        let probe = (!self.is_last).then(|| Stmt::Expr(Box::new(continues())));
        self.evaluate(engine, [self.ast.clone()].into_iter().chain(probe))
    }

    /// Whether the next statement follows, given the value of [`Self::run`].
    pub(crate) fn continues(value: &Dynamic) -> bool {
        value.is::<Continues>()
    }

    fn evaluate(&self, engine: &Engine, statements: impl IntoIterator<Item = Stmt>) -> Result<Dynamic> {
        // The engine has the functions already, with the name of their source.
        let ast = AST::new_with_source(statements, Module::new(), self.source.clone());
        engine.eval_ast(&ast)
    }
}
