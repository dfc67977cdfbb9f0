//! The call stack of an evaluation, readable from any thread: the functions it is in, and the position in each.
//!
//! Rhai's debugger would provide it, but copies the arguments of every call: filling an array of 8,000 numbers took 140
//! times as long. So the body of each of the user's functions is wrapped in one expression of our own, which costs
//! something per call and nothing elsewhere; what costs nothing at all is done by the probes.
//! Knows nothing of names at the prompt, and of what is shown.

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
    probe::{Lookup, Probe, lookup},
};

/// After at least this many operations of Rhai, the stack is sampled for how long the evaluation has been where it is.
const SAMPLE_EVERY: u64 = 2_048;

/// The call stack of an evaluation.
#[derive(Clone, Default)]
pub(crate) struct CallStack(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    /// The newest probe.
    probe: AtomicUsize,
    /// Whether a function was terminated, as by a stop.
    terminated: AtomicBool,
    /// The operation count at which the next sample is due.
    next_sample: AtomicU64,
}

/// The calls an evaluation is in, outermost first.
#[derive(Default)]
struct State {
    calls: Vec<Call>,
    sample: Option<Sample>,
    /// The captured frames of a failure, innermost first.
    captured: Vec<CapturedFrame>,
}

/// A call.
struct Call {
    callee: Callee,
    /// The newest probe before the call: its position.
    caller: Probe,
}

enum Callee {
    Code(Arc<Code>),
    /// A slow function in Rust.
    Native {
        name: Arc<str>,
        call: Position,
        since: Instant,
    },
}

/// Where the last sample found the evaluation.
struct Sample {
    depth: usize,
    line: Option<usize>,
    since: Instant,
    taken: Instant,
}

/// The variables of a frame that failed.
pub(crate) struct CapturedFrame {
    /// The number of frames of code up to this one.
    pub(crate) depth: usize,
    /// None outside of functions.
    pub(crate) function: Option<ImmutableString>,
    /// Those of inner blocks come first, and hide others.
    pub(crate) names: Vec<(ImmutableString, Dynamic)>,
}

/// Where an evaluation is at one moment.
pub(crate) struct Snapshot {
    /// The code it is in, outermost first, with the position in each if known.
    pub(crate) frames: Vec<(Arc<Code>, Option<Position>)>,
    /// The function in Rust it is in.
    pub(crate) native: Option<Arc<str>>,
    /// Since when it has been there.
    pub(crate) since: Instant,
}

/// Leaves the call when it is dropped.
pub(crate) struct CallGuard<'a>(&'a CallStack);

impl CallStack {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn probe(&self) -> Probe {
        Probe::at(self.0.probe.load(Ordering::Relaxed))
    }

    fn set_probe(&self, probe: Probe) {
        self.0.probe.store(probe.address(), Ordering::Relaxed);
    }

    /// Notes that a variable is looked up; returns whether it is the user's.
    #[inline]
    pub(crate) fn at(&self, name: &str, index: usize) -> bool {
        self.set_probe(Probe::of(name));
        match lookup(name, index) {
            Lookup::Variable => return true,
            Lookup::Position => {}
            Lookup::Caught => drop(self.take_captured()),
        }
        false
    }

    /// Notes that a function was terminated.
    pub(crate) fn note_termination(&self) {
        self.0.terminated.store(true, Ordering::Relaxed);
    }

    /// Whether a function was terminated, as by a stop.
    pub(crate) fn was_terminated(&self) -> bool {
        self.0.terminated.load(Ordering::Relaxed)
    }

    /// Enters some code; each call of the evaluation locks for a moment here and at its end.
    pub(crate) fn enter(&self, code: Arc<Code>) -> CallGuard<'_> {
        self.push(Callee::Code(code))
    }

    /// Enters a slow function in Rust.
    pub(crate) fn enter_native(&self, context: &NativeCallContext<'_>) -> CallGuard<'_> {
        let (name, call) = (context.fn_name().into(), context.call_position());
        self.push(Callee::Native { name, call, since: Instant::now() })
    }

    fn push(&self, callee: Callee) -> CallGuard<'_> {
        let mut state = self.state();
        if matches!(callee, Callee::Native { .. }) {
            // No sample is taken before it ends.
            state.sample(self.probe());
        }
        state.calls.push(Call { callee, caller: self.probe() });
        self.set_probe(Probe::default());
        drop(state);
        CallGuard(self)
    }

    /// Where the evaluation is now; none before it begins.
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        let mut state = self.state();
        let since = state.sample(self.probe());
        let mut frames = Vec::new();
        let mut native = None;
        let next = state.calls.iter().skip(1).map(Some).chain([None]);
        for (call, next) in state.calls.iter().zip(next) {
            match &call.callee {
                Callee::Native { .. } if next.is_some() => {}
                Callee::Native { name, .. } => native = Some(Arc::clone(name)),
                Callee::Code(code) => {
                    let position = match next {
                        Some(Call { callee: Callee::Native { call, .. }, .. }) if !call.is_none() => Some(*call),
                        next => code.position(next.map_or(self.probe(), |next| next.caller)),
                    };
                    frames.push((Arc::clone(code), position));
                }
            }
        }
        (!frames.is_empty() || native.is_some()).then_some(Snapshot { frames, native, since })
    }

    /// Samples every so often how long the evaluation has been where it is; `operations` is Rhai's own count.
    #[inline]
    pub(crate) fn count(&self, operations: u64) {
        if operations >= self.0.next_sample.load(Ordering::Relaxed) {
            self.sample(operations);
        }
    }

    #[cold]
    fn sample(&self, operations: u64) {
        let mut state = self.state();
        state.sample(self.probe());
        let taken = state.sample.as_ref().map(|sample| sample.taken);
        drop(state);
        // So that a loop is not always sampled at the same position.
        let jitter = taken.map_or(0, |taken| u64::from(taken.elapsed().subsec_nanos()) % SAMPLE_EVERY);
        self.0.next_sample.store(operations + SAMPLE_EVERY + jitter, Ordering::Relaxed);
    }

    /// Takes the captured frames of a failure, innermost first.
    pub(crate) fn take_captured(&self) -> Vec<CapturedFrame> {
        std::mem::take(&mut self.state().captured)
    }

    /// Captures the variables above `base` of a block that failed; Rhai would drop them.
    #[cold]
    pub(crate) fn capture(&self, scope: &mut Scope<'_>, base: usize) {
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
        let mut state = self.state();
        let (depth, function) = state.innermost();
        // An error comes from inside: frames from further outside belong to an earlier one, which something has
        // swallowed.
        let mut gone = Vec::new();
        if state.captured.last().is_some_and(|last| last.depth < depth) {
            gone = std::mem::take(&mut state.captured);
        }
        match state.captured.last_mut() {
            Some(last) if last.depth == depth => last.names.extend(names),
            _ => state.captured.push(CapturedFrame { depth, function, names }),
        }
        drop(state);
        drop(gone);
    }
}

impl State {
    /// The number of frames of code, and the function of the innermost.
    fn innermost(&self) -> (usize, Option<ImmutableString>) {
        let codes = self.calls.iter().filter_map(|call| match &call.callee {
            Callee::Code(code) => Some(code),
            Callee::Native { .. } => None,
        });
        codes.fold((0, None), |(depth, _), code| (depth + 1, code.function.clone()))
    }

    /// Notes where the evaluation is, and returns since when it has been there.
    fn sample(&mut self, probe: Probe) -> Instant {
        let snapshot = Instant::now();
        let depth = self.calls.len();
        let line = match self.calls.last().map(|call| &call.callee) {
            Some(Callee::Native { since, .. }) => return *since,
            Some(Callee::Code(code)) => code.position(probe).and_then(Position::line),
            None => None,
        };
        let since = match &self.sample {
            Some(sample) if (sample.depth, sample.line) == (depth, line) => sample.since,
            // It arrived here after the last sample.
            Some(sample) => sample.taken,
            None => snapshot,
        };
        self.sample = Some(Sample { depth, line, since, taken: snapshot });
        since
    }
}

impl Drop for CallGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let left = state.calls.pop();
        if let Some(Call { caller, callee }) = &left {
            self.0.set_probe(*caller);
            if matches!(callee, Callee::Native { .. }) {
                state.sample(*caller);
            }
        }
        drop(state);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{read::source::Source, trace::probe::Probes};

    #[test]
    fn after_a_native_function_the_next_line_counts_as_new() {
        let mut probes = Probes::default();
        let [first, second] = [1, 2].map(|line| probes.name(Position::new(line, 1)));
        let stack = CallStack::default();
        let inside = stack.enter(Code::of_text(Source::new("In[1]", ""), probes));
        let began = Instant::now();
        stack.at(&first, 0);
        let native =
            stack.push(Callee::Native { name: "sleep".into(), call: Position::new(1, 1), since: Instant::now() });
        while began.elapsed().as_millis() < 2 {
            std::hint::spin_loop();
        }
        drop(native);
        let left = Instant::now();
        let since = || stack.snapshot().map(|snapshot| snapshot.since);
        assert!(since() < Some(left), "it is still the line of the call");
        stack.at(&second, 0);
        assert!(since() >= Some(left));
        stack.at(&first, 0);
        assert!(since() >= Some(left));
        drop(inside);
        assert!(stack.snapshot().is_none());
    }
}
