//! Values as JSON and back; a job becomes its summary.

use bgjobs::AnyJob;
use rhai::{Array, Blob, Dynamic, ImmutableString, Map, NativeCallContext, export_module};

use super::{
    argument::string,
    jobs::{summaries, summary_of},
};
use crate::lang::{
    error::{Result, error},
    eval::evaluation::Evaluation,
    jobs::Jobs,
    values::type_name::display_name,
};

#[export_module]
pub(super) mod texts {
    use rhai::NativeCallContext;

    use super::{Dynamic, Map, Result, error, string, text_of};

    /// A value as a JSON text.
    #[rhai_fn(return_raw)]
    pub(super) fn to_json(context: NativeCallContext<'_>, value: Dynamic) -> Result<String> {
        text_of(&context, &value)
    }

    /// A value as a JSON text.
    #[rhai_fn(name = "to_json", pure, return_raw)]
    pub(super) fn map_to_json(context: NativeCallContext<'_>, map: &mut Map) -> Result<String> {
        text_of(&context, &Dynamic::from(map.clone()))
    }

    /// The value of a JSON text.
    #[rhai_fn(name = "parse_json", return_raw)]
    pub(super) fn parse_json_string(text: &str) -> Result<Dynamic> {
        parse_json(Dynamic::from(text.to_owned()))
    }

    /// The value of a JSON text.
    #[rhai_fn(return_raw)]
    pub(super) fn parse_json(json: Dynamic) -> Result<Dynamic> {
        let text = string("parse_json", "a JSON text", &json)?;
        Ok(serde_json::from_str(&text).map_err(|cause| error(format!("invalid JSON: {cause}")))?)
    }
}

fn text_of(context: &NativeCallContext<'_>, value: &Dynamic) -> Result<String> {
    Ok(json(value, &Evaluation::of(context).jobs).map_err(|cause| error(format!("to_json(..): {cause}")))?)
}

/// A value as a JSON text, or why it has none.
pub(crate) fn json(value: &Dynamic, jobs: &Jobs) -> std::result::Result<String, String> {
    if has_jobs(value) {
        return json(&with_summaries(value, jobs).map_err(|cause| cause.to_string())?, jobs);
    }
    match unknown(value) {
        Some(kind) => Err(format!("JSON has no values of type {kind}")),
        None => serde_json::to_string(value).map_err(|cause| cause.to_string()),
    }
}

fn has_jobs(value: &Dynamic) -> bool {
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().any(has_jobs);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map.values().any(has_jobs);
    }
    value.is::<AnyJob>() || value.is::<Jobs>()
}

/// The value with each job replaced by its summary.
fn with_summaries(value: &Dynamic, jobs: &Jobs) -> Result<Dynamic> {
    if let Some(array) = value.read_lock::<Array>() {
        return Ok(array.iter().map(|part| with_summaries(part, jobs)).collect::<Result<Array>>()?.into());
    }
    if let Some(map) = value.read_lock::<Map>() {
        let parts = map.iter().map(|(key, value)| Ok((key.clone(), with_summaries(value, jobs)?)));
        return Ok(parts.collect::<Result<Map>>()?.into());
    }
    if let Some(job) = value.read_lock::<AnyJob>() {
        return summary_of(&job, jobs);
    }
    if value.is::<Jobs>() {
        return Ok(summaries(jobs)?.into());
    }
    Ok(value.clone())
}

/// The type of the first part that JSON can't represent.
fn unknown(value: &Dynamic) -> Option<&'static str> {
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().find_map(unknown);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map.values().find_map(unknown);
    }
    let known = value.is_unit()
        || value.is_bool()
        || value.is_int()
        || value.is_float()
        || value.is_char()
        || value.is::<ImmutableString>()
        || value.is::<Blob>();
    (!known).then(|| display_name(value.type_name()))
}
