//! `shared(x)`: a value that the prompt and its jobs share, in so many words; all else a job has for itself.
//!
//! Nobody waits for ever without a way out: while an `update` runs its function may wait for nobody, so that two can't
//! wait for each other, and every wait hears a stop.

use rhai::{Dynamic, FnPtr, Module, export_module, exported_module};

use crate::lang::{
    error::{Result, error},
    eval::evaluation::Evaluation,
    show,
    values::{
        shared::{self, SharedValue},
        type_name::word,
        value::Value,
    },
};

/// An `update` that runs; others wait until it is dropped.
struct Update<'a> {
    shared: shared::Update<'a>,
    evaluation: &'a Evaluation,
}

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(values)
}

#[export_module]
mod values {
    use rhai::NativeCallContext;

    use super::{Dynamic, Evaluation, FnPtr, Result, SharedValue, Update, at_rest, error, shown, word};

    /// A value that the prompt and its jobs share.
    #[rhai_fn(return_raw)]
    pub(super) fn shared(context: NativeCallContext<'_>, value: Dynamic) -> Result<SharedValue> {
        Ok(SharedValue::new(at_rest(&Evaluation::of(&context), value)?))
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
        let _inside = evaluation.calls.enter_native(&context);
        Update::begin(shared, &evaluation)?.shared.set(value);
        Ok(())
    }

    /// Puts in place of the value what the function makes of it, and returns that; others wait meanwhile.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn update(context: NativeCallContext<'_>, shared: &mut SharedValue, function: FnPtr) -> Result<Dynamic> {
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.calls.enter_native(&context);
        let update = Update::begin(shared, &evaluation)?;
        let old = shared.value();
        let old = evaluation.cells().wake(&old);
        let new: Dynamic = function.call_within_context(&context, (old,))?;
        if new.is_unit() {
            let text =
                "update(..): the function must return the new value, as in |v| { v.push(3); v }; set(()) sets ()";
            return Err(error(text).into());
        }
        update.shared.set(at_rest(&evaluation, new.clone())?);
        Ok(new)
    }

    /// Waits until the function returns true for the value, and returns the value.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn wait(context: NativeCallContext<'_>, shared: &mut SharedValue, function: FnPtr) -> Result<Dynamic> {
        let evaluation = Evaluation::of(&context);
        evaluation.may_wait()?;
        let _inside = evaluation.calls.enter_native(&context);
        loop {
            let value = shared.value();
            let data = evaluation.cells().wake(&value);
            let good: Dynamic = function.call_within_context(&context, (data.clone(),))?;
            if good.as_bool().map_err(|kind| {
                error(format!("wait(..): the function must return true or false, not {}", word(kind)))
            })? {
                return Ok(data);
            }
            shared.wait_for_other(&value, &evaluation.context)?;
        }
    }

    #[rhai_fn(pure)]
    pub(super) fn to_string(context: NativeCallContext<'_>, shared: &mut SharedValue) -> String {
        shown(shared, &Evaluation::of(&context))
    }

    #[rhai_fn(pure)]
    pub(super) fn to_debug(context: NativeCallContext<'_>, shared: &mut SharedValue) -> String {
        shown(shared, &Evaluation::of(&context))
    }
}

impl<'a> Update<'a> {
    /// Waits until no other runs.
    fn begin(shared: &'a SharedValue, evaluation: &'a Evaluation) -> Result<Self> {
        evaluation.may_wait()?;
        let shared = shared.update(&evaluation.context)?;
        evaluation.set_updating(true);
        Ok(Self { shared, evaluation })
    }
}

impl Drop for Update<'_> {
    fn drop(&mut self) {
        self.evaluation.set_updating(false);
    }
}

fn shown(shared: &SharedValue, evaluation: &Evaluation) -> String {
    let names = evaluation.cells().names().clone();
    show::show(&Value::plain(Dynamic::from(shared.clone())), &names)
}

fn at_rest(evaluation: &Evaluation, value: Dynamic) -> Result<Value> {
    Ok(evaluation
        .cells()
        .rest(value)
        .map_err(|_| error("shared(..): a variable that the function captured is in use"))?)
}
