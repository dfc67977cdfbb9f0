//! `shared(x)`: a value that the prompt and its jobs share, in so many words; all else a job has for itself.
//!
//! Nobody waits for ever without a way out: while an `update` runs its function may wait for nobody, so that two can't
//! wait for each other, and every wait hears a stop.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bgjobs::Context;
use rhai::{Dynamic, FnPtr, Module, export_module, exported_module};

use super::{error, stopped};
use crate::lang::{
    evaluation::{Evaluation, Result},
    kind::word,
    show,
    value::Value,
};

/// How often a wait looks whether it is asked to stop; a change it hears at once.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A value that several evaluations share.
#[derive(Clone)]
pub(in crate::lang) struct SharedValue(Arc<Inner>);

struct Inner {
    /// Held for a moment only, and never while Rhai runs.
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    value: Value,
    /// Whether the function of an `update` runs.
    updating: bool,
}

/// An `update` that runs; others wait until it is dropped.
struct Update<'a> {
    shared: &'a SharedValue,
    evaluation: &'a Evaluation,
}

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(values)
}

#[export_module]
mod values {
    use rhai::NativeCallContext;

    use super::{
        Arc, Dynamic, Evaluation, FnPtr, Inner, Mutex, Result, SharedValue, State, Update, at_rest, error, word,
    };

    /// A value that the prompt and its jobs share.
    #[rhai_fn(return_raw)]
    pub(super) fn shared(context: NativeCallContext<'_>, value: Dynamic) -> Result<SharedValue> {
        let state = State { value: at_rest(&Evaluation::of(&context), value)?, updating: false };
        Ok(SharedValue(Arc::new(Inner { state: Mutex::new(state), changed: super::Condvar::new() })))
    }

    /// A copy of the value; while an `update` runs, the value before it.
    #[rhai_fn(pure)]
    pub(super) fn get(context: NativeCallContext<'_>, shared: &mut SharedValue) -> Dynamic {
        let value = shared.value();
        Evaluation::of(&context).cells().wake(&value)
    }

    /// Puts a value in place of the one that is there.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn set(context: NativeCallContext<'_>, shared: &mut SharedValue, value: Dynamic) -> Result<()> {
        let evaluation = Evaluation::of(&context);
        let value = at_rest(&evaluation, value)?;
        Update::begin(shared, &evaluation)?.finish(value);
        Ok(())
    }

    /// Puts in place of the value what the function makes of it, and returns that; others wait meanwhile.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn update(context: NativeCallContext<'_>, shared: &mut SharedValue, function: FnPtr) -> Result<Dynamic> {
        let evaluation = Evaluation::of(&context);
        let update = Update::begin(shared, &evaluation)?;
        let old = shared.value();
        let old = evaluation.cells().wake(&old);
        let new: Dynamic = function.call_within_context(&context, (old,))?;
        if new.is_unit() {
            let text =
                "update(..): the function must return the new value, as in |v| { v.push(3); v }; set(()) sets ()";
            return Err(error(text).into());
        }
        update.finish(at_rest(&evaluation, new.clone())?);
        Ok(new)
    }

    /// Waits until the function returns true for the value, and returns the value.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn wait(context: NativeCallContext<'_>, shared: &mut SharedValue, function: FnPtr) -> Result<Dynamic> {
        let evaluation = Evaluation::of(&context);
        evaluation.may_wait()?;
        loop {
            let value = shared.value();
            let data = evaluation.cells().wake(&value);
            let good: Dynamic = function.call_within_context(&context, (data.clone(),))?;
            if good.as_bool().map_err(|kind| {
                error(format!("wait(..): the function must return true or false, not {}", word(kind)))
            })? {
                return Ok(data);
            }
            let state = shared.state();
            drop(shared.wait_while(&evaluation.context, state, |state| state.value.is(&value))?);
        }
    }

    #[rhai_fn(pure)]
    pub(super) fn to_string(context: NativeCallContext<'_>, shared: &mut SharedValue) -> String {
        shared.shown(&Evaluation::of(&context))
    }

    #[rhai_fn(pure)]
    pub(super) fn to_debug(context: NativeCallContext<'_>, shared: &mut SharedValue) -> String {
        shared.shown(&Evaluation::of(&context))
    }
}

impl SharedValue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value as it is now.
    pub(in crate::lang) fn value(&self) -> Value {
        self.state().value.clone()
    }

    /// Whether both are the same, and not only equal.
    pub(in crate::lang) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn shown(&self, evaluation: &Evaluation) -> String {
        let names = evaluation.cells().names().clone();
        show::show(&Value::plain(Dynamic::from(self.clone())), &names)
    }

    /// Waits while something holds, and hears a stop.
    fn wait_while<'a>(
        &self,
        context: &Context,
        mut state: MutexGuard<'a, State>,
        holds: impl Fn(&State) -> bool,
    ) -> Result<MutexGuard<'a, State>> {
        while holds(&state) {
            context.check().map_err(|_| stopped())?;
            let waited = self.0.changed.wait_timeout(state, LOOK_EVERY);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(state)
    }
}

impl<'a> Update<'a> {
    /// Waits until no other runs.
    fn begin(shared: &'a SharedValue, evaluation: &'a Evaluation) -> Result<Self> {
        evaluation.may_wait()?;
        let mut state = shared.wait_while(&evaluation.context, shared.state(), |state| state.updating)?;
        state.updating = true;
        evaluation.set_updating(true);
        Ok(Self { shared, evaluation })
    }

    fn finish(self, value: Value) {
        self.shared.state().value = value;
    }
}

impl Drop for Update<'_> {
    fn drop(&mut self) {
        self.shared.state().updating = false;
        self.evaluation.set_updating(false);
        self.shared.0.changed.notify_all();
    }
}

fn at_rest(evaluation: &Evaluation, value: Dynamic) -> Result<Value> {
    Ok(evaluation
        .cells()
        .rest(value)
        .map_err(|_| error("shared(..): a variable that the function captured is in use"))?)
}
