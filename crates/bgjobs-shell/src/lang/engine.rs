//! Rhai's engine: one for each text that is compiled and one for each evaluation, made in a microsecond.
//!
//! Knows how Rhai is set up, and nothing of what is evaluated.
//! An engine is never shared: the locks inside one that is would make evaluations wait for each other.

use std::sync::{Arc, Mutex, PoisonError};

use bgjobs::Stream;
use rhai::{
    Dynamic, Engine, Module, OptimizationLevel, Position, Shared, Token,
    packages::{Package, StandardPackage},
};

use super::{evaluation::Evaluation, quotes, stack::Stack, underscores::Underscores};

/// How deep calls may go into each other, as in Python.
pub(super) const CALL_LEVELS: usize = 1_000;

/// How deep brackets, operators and blocks of one text may go into each other.
const EXPRESSION_DEPTH: usize = 1_000;

/// What kind of text is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// Statements, which may set names.
    Statements,
    /// One expression, and nothing else.
    Expression,
}

/// What the reading of a text leaves behind for its evaluation.
pub(super) struct Reading {
    grammar: Grammar,
    /// How many brackets are open.
    depth: usize,
    /// Whether the last token was a `let` or `const` outside all brackets.
    declares: bool,
    /// Where the names stand that follow such a word.
    pub(super) declared: Vec<Position>,
    /// None leaves each `_` what it is in Rhai.
    underscores: Option<Underscores>,
}

/// An engine that compiles one text, and what it finds out by the way.
pub(super) fn compiler(grammar: Grammar, underscores: Option<Underscores>) -> (Engine, Arc<Mutex<Reading>>) {
    let mut engine = Engine::new_raw();
    // Nothing is computed or left out ahead of time, so that errors have their places.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_strings_interned(0);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
    let reading =
        Arc::new(Mutex::new(Reading { grammar, depth: 0, declares: false, declared: Vec::new(), underscores }));
    let shared = Arc::clone(&reading);
    #[expect(deprecated, reason = "Rhai's mark for what may change between its versions; tests would tell")]
    engine.on_parse_token(move |token, position, _| {
        shared.lock().unwrap_or_else(PoisonError::into_inner).token(token, position)
    });
    (engine, reading)
}

impl Reading {
    /// Bends Rhai's grammar to the prompt's, token by token.
    fn token(&mut self, token: Token, position: Position) -> Token {
        let token = match &self.underscores {
            Some(underscores) => underscores.token(token, position),
            None => token,
        };
        match &token {
            Token::LeftParen | Token::LeftBracket | Token::LeftBrace | Token::MapStart => self.depth += 1,
            Token::RightParen | Token::RightBracket | Token::RightBrace => self.depth = self.depth.saturating_sub(1),
            Token::Identifier(_) if self.declares => self.declared.push(position),
            _ => {}
        }
        let sets_names = self.grammar == Grammar::Statements && self.depth == 0;
        self.declares = sets_names && matches!(token, Token::Let | Token::Const);
        match token {
            // `jobs.new(..)` and `shared(..)`: the words are reserved, but have no use.
            Token::Reserved(word) if matches!(word.as_str(), "new" | "shared") => Token::Identifier(word),
            // Outside all brackets `let x = 1` is the assignment `x = 1`: a name of the prompt, seen by functions.
            Token::Let | Token::Const if sets_names => Token::SemiColon,
            Token::StringConstant(text) => match quotes::restore(&text) {
                Some(text) => Token::StringConstant(Box::new(text.into())),
                None => Token::StringConstant(text),
            },
            token => token,
        }
    }
}

/// An engine that evaluates.
pub(super) fn evaluator(evaluation: &Arc<Evaluation>, stack: Stack) -> Engine {
    // `eval` compiles statements too.
    let (mut engine, _) = compiler(Grammar::Statements, None);
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_default_tag(Dynamic::from(Arc::clone(evaluation)));
    for module in evaluation.language.modules().iter().chain(evaluation.cells().names().modules()) {
        engine.register_global_module(Arc::clone(module));
    }
    let asked = Arc::clone(evaluation);
    engine.on_progress(move |_| {
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
        // A local variable has an index, or, after `eval`, at least a place in the scope.
        if index != 0 || context.scope().contains(name) { Ok(None) } else { named.variable(name) }
    });
    engine
}

/// Rhai's own functions.
pub(super) fn standard() -> Shared<Module> {
    StandardPackage::new().as_shared_module()
}
