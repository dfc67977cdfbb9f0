//! Where an evaluation is: the functions that it is in, one inside the other, and the place in each, readable from any
//! thread.
//!
//! Rhai's debugger would tell them, but it copies the arguments of every call: filling an array of 8,000 numbers took 140
//! times as long. So the body of each of the user's functions becomes one expression of our own around it, which costs
//! something where a function is called, and nothing elsewhere; what costs nothing at all is in [`probe`](super::probe).
//! Knows nothing of names and of what is shown.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use rhai::{Dynamic, ImmutableString, NativeCallContext, Position, Scope};

use super::{
    code::Code,
    probe::{Mark, Meaning, meaning},
};

/// After how many operations of Rhai's, at least, a look is due at how long the evaluation has been where it is.
const LOOK_EVERY: u64 = 2_048;

/// Where an evaluation is.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stack: Mutex<Stack>,
    /// The newest mark.
    mark: AtomicUsize,
    /// Whether a function was ended by force, as by a stop.
    ended: AtomicBool,
    /// At which operation the next look is due.
    next_look: AtomicU64,
}

/// What an evaluation is in, the outermost first.
#[derive(Default)]
struct Stack {
    entered: Vec<Entered>,
    seen: Option<Seen>,
    /// What the frames that failed hand over, the innermost first.
    failed: Vec<Failed>,
}

/// Something that an evaluation is in.
struct Entered {
    what: What,
    /// The newest mark before it was entered: the place of the call.
    caller: Mark,
}

enum What {
    Code(Arc<Code>),
    /// A function in Rust that may take its time.
    Native {
        name: Arc<str>,
        call: Position,
        since: Instant,
    },
}

/// Where the last look found the evaluation.
struct Seen {
    depth: usize,
    line: Option<usize>,
    since: Instant,
    looked: Instant,
}

/// The names that a frame had when it failed.
pub(crate) struct Failed {
    /// How many frames of code there were with it.
    pub(crate) depth: usize,
    /// None outside of functions.
    pub(crate) function: Option<ImmutableString>,
    /// The names of the inner blocks come first, and hide others.
    pub(crate) names: Vec<(ImmutableString, Dynamic)>,
}

/// Where an evaluation is at one moment.
pub(crate) struct Now {
    /// The code that it is in, outermost first, with the place in it as far as it is known.
    pub(crate) frames: Vec<(Arc<Code>, Option<Position>)>,
    /// The function in Rust that it is in.
    pub(crate) native: Option<Arc<str>>,
    /// Since when it has been there.
    pub(crate) since: Instant,
}

/// What is left when this is dropped.
pub(crate) struct Inside<'a>(&'a Calls);

impl Calls {
    fn stack(&self) -> MutexGuard<'_, Stack> {
        self.0.stack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self) -> Mark {
        Mark::at(self.0.mark.load(Ordering::Relaxed))
    }

    fn set_mark(&self, mark: Mark) {
        self.0.mark.store(mark.address(), Ordering::Relaxed);
    }

    /// Notes that a variable is looked up; says whether it is the user's.
    #[inline]
    pub(crate) fn at(&self, name: &str, index: usize) -> bool {
        self.set_mark(Mark::of(name));
        match meaning(name, index) {
            Meaning::Variable => return true,
            Meaning::Place => {}
            Meaning::Caught => drop(self.take_failed()),
        }
        false
    }

    /// Notes that a function was ended by force.
    pub(crate) fn note_end(&self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }

    /// Whether a function was ended by force, as by a stop.
    pub(crate) fn were_ended(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed)
    }

    /// Notes that some code is entered; each call of the evaluation locks for a moment, here and at its end.
    pub(crate) fn enter(&self, code: Arc<Code>) -> Inside<'_> {
        self.push(What::Code(code))
    }

    /// Notes that a function in Rust is called that may take its time.
    pub(crate) fn enter_native(&self, context: &NativeCallContext<'_>) -> Inside<'_> {
        let (name, call) = (context.fn_name().into(), context.call_position());
        self.push(What::Native { name, call, since: Instant::now() })
    }

    fn push(&self, what: What) -> Inside<'_> {
        let mut stack = self.stack();
        if matches!(what, What::Native { .. }) {
            // No look is due before its end.
            stack.look(self.mark());
        }
        stack.entered.push(Entered { what, caller: self.mark() });
        self.set_mark(Mark::default());
        drop(stack);
        Inside(self)
    }

    /// Where the evaluation is now; none if it has not begun.
    pub(crate) fn now(&self) -> Option<Now> {
        let mut stack = self.stack();
        let since = stack.look(self.mark());
        let mut frames = Vec::new();
        let mut native = None;
        let next = stack.entered.iter().skip(1).map(Some).chain([None]);
        for (entered, next) in stack.entered.iter().zip(next) {
            match &entered.what {
                What::Native { .. } if next.is_some() => {}
                What::Native { name, .. } => native = Some(Arc::clone(name)),
                What::Code(code) => {
                    let position = match next {
                        Some(Entered { what: What::Native { call, .. }, .. }) if !call.is_none() => Some(*call),
                        next => code.position(next.map_or(self.mark(), |next| next.caller)),
                    };
                    frames.push((Arc::clone(code), position));
                }
            }
        }
        (!frames.is_empty() || native.is_some()).then_some(Now { frames, native, since })
    }

    /// Looks now and then how long the evaluation has been where it is: `operations` is how far Rhai has counted.
    #[inline]
    pub(crate) fn count(&self, operations: u64) {
        if operations >= self.0.next_look.load(Ordering::Relaxed) {
            self.look(operations);
        }
    }

    #[cold]
    fn look(&self, operations: u64) {
        let mut stack = self.stack();
        stack.look(self.mark());
        let looked = stack.seen.as_ref().map(|seen| seen.looked);
        drop(stack);
        // A loop must not be looked at at the same place each time.
        let jitter = looked.map_or(0, |looked| u64::from(looked.elapsed().subsec_nanos()) % LOOK_EVERY);
        self.0.next_look.store(operations + LOOK_EVERY + jitter, Ordering::Relaxed);
    }

    /// What the frames that failed hand over, the innermost first.
    pub(crate) fn take_failed(&self) -> Vec<Failed> {
        std::mem::take(&mut self.stack().failed)
    }

    /// Keeps the names above `base` of a block that failed; they would be gone anyway.
    #[cold]
    pub(crate) fn keep(&self, scope: &mut Scope<'_>, base: usize) {
        // The newest come first, and hide others of the same name.
        let count = scope.len().saturating_sub(base);
        let own: Vec<ImmutableString> = scope.iter_raw().take(count).map(|(name, ..)| name.into()).collect();
        let mut names = Vec::new();
        for name in own {
            if names.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let value = match scope.get_mut(&name) {
                Some(value) => value.take(),
                None => scope.get(&name).cloned().unwrap_or_default(),
            };
            names.push((name, value));
        }
        let mut stack = self.stack();
        let (depth, function) = stack.innermost();
        // An error comes from inside: what is from further outside was of another, which something has swallowed.
        let mut gone = Vec::new();
        if stack.failed.last().is_some_and(|last| last.depth < depth) {
            gone = std::mem::take(&mut stack.failed);
        }
        match stack.failed.last_mut() {
            Some(last) if last.depth == depth => last.names.extend(names),
            _ => stack.failed.push(Failed { depth, function, names }),
        }
        drop(stack);
        drop(gone);
    }
}

impl Stack {
    /// How many frames of code there are, and the function of the innermost.
    fn innermost(&self) -> (usize, Option<ImmutableString>) {
        let codes = self.entered.iter().filter_map(|entered| match &entered.what {
            What::Code(code) => Some(code),
            What::Native { .. } => None,
        });
        codes.fold((0, None), |(depth, _), code| (depth + 1, code.function.clone()))
    }

    /// Notes where the evaluation is, and returns since when it has been there.
    fn look(&mut self, mark: Mark) -> Instant {
        let now = Instant::now();
        let depth = self.entered.len();
        let line = match self.entered.last().map(|entered| &entered.what) {
            Some(What::Native { since, .. }) => return *since,
            Some(What::Code(code)) => code.position(mark).and_then(Position::line),
            None => None,
        };
        let since = match &self.seen {
            Some(seen) if (seen.depth, seen.line) == (depth, line) => seen.since,
            // It came here after the last look.
            Some(seen) => seen.looked,
            None => now,
        };
        self.seen = Some(Seen { depth, line, since, looked: now });
        since
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let mut stack = self.0.stack();
        let left = stack.entered.pop();
        if let Some(Entered { caller, what }) = &left {
            self.0.set_mark(*caller);
            if matches!(what, What::Native { .. }) {
                stack.look(*caller);
            }
        }
        drop(stack);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{read::source::Source, trace::probe::Marks};

    #[test]
    fn after_a_function_in_rust_the_next_line_is_new() {
        let mut marks = Marks::default();
        let [first, second] = [1, 2].map(|line| marks.name(Position::new(line, 1)));
        let calls = Calls::default();
        let inside = calls.enter(Code::of_text(Source::new("In[1]", ""), marks));
        let began = Instant::now();
        calls.at(&first, 0);
        let native =
            calls.push(What::Native { name: "sleep".into(), call: Position::new(1, 1), since: Instant::now() });
        while began.elapsed().as_millis() < 2 {
            std::hint::spin_loop();
        }
        drop(native);
        let left = Instant::now();
        let since = || calls.now().map(|now| now.since);
        assert!(since() < Some(left), "it is the line where the function was called");
        calls.at(&second, 0);
        assert!(since() >= Some(left));
        calls.at(&first, 0);
        assert!(since() >= Some(left));
        drop(inside);
        assert!(calls.now().is_none());
    }
}
