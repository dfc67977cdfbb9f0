//! Random numbers, for games and samples, not for secrets.

use std::ops::{Range, RangeInclusive};

use rhai::{Array, Dynamic, export_module};

use crate::lang::error::{Result, error};

#[export_module]
pub(super) mod numbers {
    use super::{Array, Dynamic, Range, RangeInclusive, Result, error};

    /// A random number from 0 up to, but not including, 1.
    #[rhai_fn(volatile)]
    pub(super) fn random() -> f64 {
        fastrand::f64()
    }

    /// A random whole number from a range, as in random(0..10).
    #[rhai_fn(name = "random", volatile, return_raw)]
    pub(super) fn random_in(range: Range<i64>) -> Result<i64> {
        if range.is_empty() {
            return Err(error(format!("random({range:?}): there is no number in this range")).into());
        }
        Ok(fastrand::i64(range))
    }

    /// A random whole number from a range including its end, as in random(1..=6).
    #[rhai_fn(name = "random", volatile, return_raw)]
    pub(super) fn random_up_to(range: RangeInclusive<i64>) -> Result<i64> {
        if range.is_empty() {
            return Err(error(format!("random({range:?}): there is no number in this range")).into());
        }
        Ok(fastrand::i64(range))
    }

    /// A random item of an array.
    #[rhai_fn(pure, volatile, return_raw)]
    pub(super) fn pick(array: &mut Array) -> Result<Dynamic> {
        Ok(fastrand::choice(&*array).cloned().ok_or_else(|| error("pick([]): there is no item to pick"))?)
    }

    /// Puts the items of an array in random order.
    #[rhai_fn(volatile)]
    pub(super) fn shuffle(array: &mut Array) {
        fastrand::shuffle(array);
    }
}
