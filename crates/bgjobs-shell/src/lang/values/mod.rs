//! Values and names: frozen and shared by pointer, thawed into cells while an evaluation uses them.
//!
//! Knows nothing of how code is evaluated.

pub(super) mod cell;
pub(super) mod cells;
pub(super) mod compare;
mod freeze;
pub(super) mod held_jobs;
pub(super) mod language;
pub(super) mod names;
pub(super) mod shared;
pub(super) mod type_name;
pub(super) mod value;
