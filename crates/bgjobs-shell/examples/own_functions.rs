//! The prompt of a Rust program with functions and a type of its own: `cargo run -p bgjobs-shell --example own_functions`.
//!
//! Try `fit([1.0, 2.0])`, `j = jobs.new('fit([1.0, 2.0, 6.0])')`, then `j.result.mean`.

use std::process::ExitCode;

use bgjobs_shell::{
    Task,
    rhai::{Array, Dynamic, FuncRegistration, Module},
};

/// A type of the program's own: Rhai passes it around, and the functions below know what it is.
#[derive(Clone)]
struct Fit {
    mean: f64,
}

fn main() -> ExitCode {
    let mut own = Module::new();
    own.set_custom_type::<Fit>("fit");
    FuncRegistration::new("fit").set_into_module(&mut own, |values: Array| {
        let values: Vec<f64> = values.iter().filter_map(|value| value.as_float().ok()).collect();
        #[expect(clippy::cast_precision_loss, reason = "so many values that it matters fit in no memory")]
        Dynamic::from(Fit { mean: values.iter().sum::<f64>() / values.len() as f64 })
    });
    FuncRegistration::new("to_string").set_into_module(&mut own, |fit: &mut Fit| format!("a fit around {}", fit.mean));
    FuncRegistration::new_getter("mean").set_into_module(&mut own, |fit: &mut Fit| fit.mean);

    bgjobs_shell::run(Task::Prompt, [own])
}
