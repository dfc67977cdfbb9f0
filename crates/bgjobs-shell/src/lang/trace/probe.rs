//! Probes: the position of an evaluation, told by the name that it last looked up.
//!
//! Rhai passes the name of each variable lookup to [`on_var`](rhai::Engine::on_var), but not its position. So each use
//! of a variable in the code gets a name of its own, equal to the others but at another address: recording the position
//! of an evaluation takes one store of an address. A statement that calls something before it uses a variable gets a
//! probe in front: a variable without any other meaning.
//! Knows nothing of evaluations.

use std::num::NonZeroUsize;

use rhai::{Expr, ImmutableString, Namespace, Position};

/// No program can contain this name.
const NAME: &str = "$";

/// Marks the start of a `catch`.
const CAUGHT: &str = "$caught";

/// The index of a variable that is only a probe; no scope is that large.
const INDEX: NonZeroUsize = NonZeroUsize::MAX;

/// A position in a text, as the address of a name; zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Probe(usize);

/// The positions of the probes in some code.
#[derive(Debug, Default)]
pub(crate) struct Probes(Vec<(Probe, Position)>);

/// What a variable lookup means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A variable of the user's.
    Variable,
    /// Only a position.
    Position,
    /// An error was caught.
    Caught,
}

impl Probe {
    /// The probe of this very name.
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

impl Probes {
    /// Gives a name at `position` an address of its own.
    pub(crate) fn give(&mut self, name: &mut ImmutableString, position: Position) {
        *name = ImmutableString::from(name.as_str());
        self.0.push((Probe::of(name), position));
    }

    /// A new name whose address stands for `position`.
    pub(crate) fn name(&mut self, position: Position) -> ImmutableString {
        let mut name = ImmutableString::from(NAME);
        self.give(&mut name, position);
        name
    }

    /// A variable that is only a probe.
    pub(crate) fn variable(&mut self, position: Position) -> Expr {
        variable(self.name(position), position)
    }

    /// To be called after the last one is added.
    pub(crate) fn sort(&mut self) {
        self.0.sort_unstable_by_key(|&(probe, _)| probe);
        self.0.shrink_to_fit();
    }

    /// The position of a probe, if it is one of these.
    pub(crate) fn position(&self, probe: Probe) -> Option<Position> {
        let index = self.0.binary_search_by_key(&probe, |&(probe, _)| probe).ok()?;
        Some(self.0[index].1)
    }
}

/// A variable whose lookup says that an error was caught.
pub(crate) fn caught(position: Position) -> Expr {
    variable(CAUGHT.into(), position)
}

fn variable(name: ImmutableString, position: Position) -> Expr {
    Expr::Variable(Box::new((Some(INDEX), name, Namespace::NONE, 0)), None, position)
}

/// What a variable lookup means.
#[inline]
pub(crate) fn lookup(name: &str, index: usize) -> Lookup {
    // After `eval`, variables have no index.
    if index != INDEX.get() && (index != 0 || !name.starts_with(NAME)) {
        Lookup::Variable
    } else if name == CAUGHT {
        Lookup::Caught
    } else {
        Lookup::Position
    }
}
