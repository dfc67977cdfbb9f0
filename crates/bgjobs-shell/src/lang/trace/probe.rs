//! Where in a text an evaluation is, told by the name that it last looked up.
//!
//! Rhai hands the name of each variable that is used to [`on_var`](rhai::Engine::on_var), and nothing of where it stands.
//! So each use of a variable in code is given a name of its own, equal to the others but at another address: to note
//! where an evaluation is takes the store of an address. A statement that calls something before it uses a variable gets
//! a variable in front that means nothing else.
//! Knows nothing of evaluations.

use std::num::NonZeroUsize;

use rhai::{Expr, ImmutableString, Namespace, Position};

/// What a user's text can't say.
const NAME: &str = "$";

/// What stands for the beginning of a `catch`.
const CAUGHT: &str = "$caught";

/// The index of a variable that only says where it is; no scope is that large.
const INDEX: NonZeroUsize = NonZeroUsize::MAX;

/// A place in a text, as the address of a name; zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(usize);

/// The places of the names of some code.
#[derive(Debug, Default)]
pub(crate) struct Marks(Vec<(Mark, Position)>);

/// What a variable that Rhai looks up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A variable of the user's.
    Variable,
    /// Only says where the evaluation is.
    Place,
    /// Says that an error was caught.
    Caught,
}

impl Mark {
    /// The place of this very name.
    #[inline]
    pub(crate) fn of(name: &str) -> Self {
        Self(name.as_ptr().addr())
    }

    pub(crate) fn address(self) -> usize {
        self.0
    }

    pub(crate) fn at(address: usize) -> Self {
        Self(address)
    }
}

impl Marks {
    /// Gives a name that stands at `position` an address of its own.
    pub(crate) fn give(&mut self, name: &mut ImmutableString, position: Position) {
        *name = ImmutableString::from(name.as_str());
        self.0.push((Mark::of(name), position));
    }

    /// A new name whose address says `position`.
    pub(crate) fn name(&mut self, position: Position) -> ImmutableString {
        let mut name = ImmutableString::from(NAME);
        self.give(&mut name, position);
        name
    }

    /// A variable that only says where it is.
    pub(crate) fn variable(&mut self, position: Position) -> Expr {
        variable(self.name(position), position)
    }

    /// To be called when all are given.
    pub(crate) fn sort(&mut self) {
        self.0.sort_unstable_by_key(|&(mark, _)| mark);
        self.0.shrink_to_fit();
    }

    /// The place of a mark, if it is one of these.
    pub(crate) fn position(&self, mark: Mark) -> Option<Position> {
        let place = self.0.binary_search_by_key(&mark, |&(mark, _)| mark).ok()?;
        Some(self.0[place].1)
    }
}

/// A variable that says that an error was caught.
pub(crate) fn caught(position: Position) -> Expr {
    variable(CAUGHT.into(), position)
}

fn variable(name: ImmutableString, position: Position) -> Expr {
    Expr::Variable(Box::new((Some(INDEX), name, Namespace::NONE, 0)), None, position)
}

/// What a variable is that Rhai looks up.
#[inline]
pub(crate) fn meaning(name: &str, index: usize) -> Meaning {
    // After `eval` no variable has its index.
    if index != INDEX.get() && (index != 0 || !name.starts_with(NAME)) {
        Meaning::Variable
    } else if name == CAUGHT {
        Meaning::Caught
    } else {
        Meaning::Place
    }
}
