//! Rhai's engine for compiling: a new one for each text, made in a microsecond.
//!
//! Knows how the prompt's grammar differs from Rhai's, and nothing of evaluation.

use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Engine, OptimizationLevel, Position, Token};

use super::{quotes, underscores::Underscores};

/// How deeply the brackets, operators and blocks of a text may be nested.
const EXPRESSION_DEPTH: usize = 1_000;

/// What kind of text is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// Statements, which may set names.
    Statements,
    /// One expression and nothing else.
    Expression,
}

/// What compiling a text finds out for its evaluation.
pub(crate) struct Reading {
    grammar: Grammar,
    /// How many brackets are open.
    depth: usize,
    /// Whether the last token was a `let` or `const` outside of all brackets.
    declares: bool,
    /// The positions of the names after such a word.
    pub(crate) declared: Vec<Position>,
    /// None leaves each `_` to Rhai.
    underscores: Option<Underscores>,
}

/// An engine that compiles one text, and what it finds out.
pub(crate) fn compiler(grammar: Grammar, underscores: Option<Underscores>) -> (Engine, Arc<Mutex<Reading>>) {
    let mut engine = Engine::new_raw();
    // Nothing is computed or left out ahead of time, so that errors keep their positions.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_strings_interned(0);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
    let reading =
        Arc::new(Mutex::new(Reading { grammar, depth: 0, declares: false, declared: Vec::new(), underscores }));
    let shared = Arc::clone(&reading);
    #[expect(deprecated, reason = "Rhai marks what may change between its versions; tests would tell")]
    engine.on_parse_token(move |token, position, _| {
        shared.lock().unwrap_or_else(PoisonError::into_inner).token(token, position)
    });
    (engine, reading)
}

impl Reading {
    /// Adapts Rhai's grammar to the prompt's, token by token.
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
            // For `jobs.new(..)` and `shared(..)`: Rhai reserves the words, but has no use for them.
            Token::Reserved(word) if matches!(word.as_str(), "new" | "shared") => Token::Identifier(word),
            // Outside of all brackets, `let x = 1` is the assignment `x = 1`: a name of the prompt, which functions
            // see.
            Token::Let | Token::Const if sets_names => Token::SemiColon,
            Token::StringConstant(text) => match quotes::restore(&text) {
                Some(text) => Token::StringConstant(Box::new(text.into())),
                None => Token::StringConstant(text),
            },
            token => token,
        }
    }
}
