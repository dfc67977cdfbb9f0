//! `shared(x)`: a value that the prompt and its jobs share explicitly; everything else a job has for itself.
//!
//! No wait is endless: the function of an `update` may not wait, so two can't wait for each other, and every wait
//! responds to a stop.

use rhai::{Dynamic, FnPtr, export_module};

use crate::lang::{
    error::{Result, error},
    eval::evaluation::Evaluation,
    show::show,
    values::{
        shared::{self, SharedValue},
        type_name::display_name,
        value::Value,
    },
};

/// An `update` in progress; others wait until it is dropped.
struct Update<'a> {
    shared: shared::Update<'a>,
    evaluation: &'a Evaluation,
}

#[export_module]
pub(super) mod values {
    use rhai::NativeCallContext;

    use super::{Dynamic, Evaluation, FnPtr, Result, SharedValue, Update, Value, display_name, error, frozen, show};

    /// A value that the prompt and its jobs share.
    #[rhai_fn(return_raw)]
    pub(super) fn shared(context: NativeCallContext<'_>, value: Dynamic) -> Result<SharedValue> {
        Ok(SharedValue::new(frozen(&Evaluation::of(&context), value)?))
    }

    /// A copy of the value; during an `update`, the value before it.
    #[rhai_fn(pure)]
    pub(super) fn get(context: NativeCallContext<'_>, shared: &mut SharedValue) -> Dynamic {
        let value = shared.value();
        Evaluation::of(&context).cells().thaw(&value)
    }

    /// Replaces the value.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn set(context: NativeCallContext<'_>, shared: &mut SharedValue, value: Dynamic) -> Result<()> {
        let evaluation = Evaluation::of(&context);
        let value = frozen(&evaluation, value)?;
        let _inside = evaluation.call_stack.enter_native(&context);
        Update::begin(shared, &evaluation)?.shared.set(value);
        Ok(())
    }

    /// Replaces the value by what the function makes of it, and returns the new value; others wait meanwhile.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn update(context: NativeCallContext<'_>, shared: &mut SharedValue, function: FnPtr) -> Result<Dynamic> {
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        let update = Update::begin(shared, &evaluation)?;
        let old = shared.value();
        let old = evaluation.cells().thaw(&old);
        let new: Dynamic = function.call_within_context(&context, (old,))?;
        if new.is_unit() {
            let text =
                "update(..): the function must return the new value, as in |v| { v.push(3); v }; set(()) sets ()";
            return Err(error(text).into());
        }
        update.shared.set(frozen(&evaluation, new.clone())?);
        Ok(new)
    }

    /// Waits until the function returns true for the value, and returns that value.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn wait(context: NativeCallContext<'_>, shared: &mut SharedValue, function: FnPtr) -> Result<Dynamic> {
        let evaluation = Evaluation::of(&context);
        evaluation.may_wait()?;
        let _inside = evaluation.call_stack.enter_native(&context);
        loop {
            let value = shared.value();
            let data = evaluation.cells().thaw(&value);
            let good: Dynamic = function.call_within_context(&context, (data.clone(),))?;
            if good.as_bool().map_err(|kind| {
                error(format!("wait(..): the function must return true or false, not {}", display_name(kind)))
            })? {
                return Ok(data);
            }
            shared.wait_for_other(&value, &evaluation.context)?;
        }
    }

    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub(super) fn shown(context: NativeCallContext<'_>, shared: &mut SharedValue) -> String {
        let names = Evaluation::of(&context).cells().names().clone();
        show(&Value::plain(Dynamic::from(shared.clone())), &names)
    }
}

impl<'a> Update<'a> {
    /// Waits until no other is in progress.
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

fn frozen(evaluation: &Evaluation, value: Dynamic) -> Result<Value> {
    Ok(evaluation
        .cells()
        .freeze(value)
        .map_err(|_| error("shared(..): a variable that the function captured is in use"))?)
}
