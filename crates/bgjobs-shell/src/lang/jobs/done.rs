//! What a background job leaves behind.

use std::collections::BTreeMap;

use rhai::ImmutableString;

use crate::lang::values::value::Value;

/// What a background job leaves behind.
pub(crate) struct Done {
    /// Its value.
    pub(crate) value: Value,
    /// The names that it set or changed, for itself.
    pub(crate) names: BTreeMap<ImmutableString, Own>,
}

impl Done {
    /// What is left of a job that set no names.
    pub(crate) fn of(value: Value) -> Self {
        Self { value, names: BTreeMap::new() }
    }
}

/// What a job has under a name that it set or changed.
pub(crate) struct Own {
    pub(crate) value: Value,
    /// Whether the job was started with a value of that name.
    pub(crate) was_known: bool,
}
