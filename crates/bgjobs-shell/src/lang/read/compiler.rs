//! Rhai's engine for reading: one for each text that is compiled, made in a microsecond.
//!
//! Knows how the prompt's grammar differs from Rhai's, and nothing of what is evaluated.

use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Engine, OptimizationLevel, Position, Token};

use super::{quotes, underscores::Underscores};

/// How deep brackets, operators and blocks of one text may go into each other.
const EXPRESSION_DEPTH: usize = 1_000;

/// What kind of text is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// Statements, which may set names.
    Statements,
    /// One expression, and nothing else.
    Expression,
}

/// What the reading of a text leaves behind for its evaluation.
pub(crate) struct Reading {
    grammar: Grammar,
    /// How many brackets are open.
    depth: usize,
    /// Whether the last token was a `let` or `const` outside all brackets.
    declares: bool,
    /// Where the names stand that follow such a word.
    pub(crate) declared: Vec<Position>,
    /// None leaves each `_` what it is in Rhai.
    underscores: Option<Underscores>,
}

/// An engine that compiles one text, and what it finds out by the way.
pub(crate) fn compiler(grammar: Grammar, underscores: Option<Underscores>) -> (Engine, Arc<Mutex<Reading>>) {
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
