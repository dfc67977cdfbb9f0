//! Values as JSON, and back without a loss: what JSON has no form for is an object with its type as the only key.
//!
//! Knows no names. What has a meaning only in its own process is refused.

use bgjobs::{AnyJob, Group};
use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::lang::{
    jobs::Jobs,
    values::{cell::FIRST_TAG, shared::SharedValue, type_name::display_name},
};

/// How deeply lists may be nested: a JSON text may have twice as many levels.
const MOST_LEVELS: usize = 50;

/// Why a value can't be written, as what it holds: `a job, which only this session knows`.
pub(super) type Refused = String;

/// A value as JSON; `function` writes the functions in it.
pub(super) fn write(
    value: &Dynamic,
    function: &mut dyn FnMut(&FnPtr) -> Result<Json, Refused>,
) -> Result<Json, Refused> {
    write_level(value, 0, function)
}

fn write_level(
    value: &Dynamic,
    level: usize,
    function: &mut dyn FnMut(&FnPtr) -> Result<Json, Refused>,
) -> Result<Json, Refused> {
    let json = write_data(value, level, function)?;
    let tag = value.tag();
    Ok(if tag == 0 || tag >= FIRST_TAG { json } else { json!({"tag": [tag, json]}) })
}

fn write_data(
    value: &Dynamic,
    level: usize,
    function: &mut dyn FnMut(&FnPtr) -> Result<Json, Refused>,
) -> Result<Json, Refused> {
    if level > MOST_LEVELS {
        return Err(format!("lists in more than {MOST_LEVELS} levels"));
    }
    if value.is_unit() {
        return Ok(Json::Null);
    }
    if let Ok(number) = value.as_int() {
        return Ok(number.into());
    }
    if let Ok(number) = value.as_float() {
        // As text, because JSON has neither infinity nor NaN.
        return Ok(json!({"float": format!("{number:?}")}));
    }
    if let Ok(truth) = value.as_bool() {
        return Ok(truth.into());
    }
    if let Ok(character) = value.as_char() {
        return Ok(json!({"char": character}));
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(text.as_str().into());
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().map(|item| write_level(item, level + 1, function)).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        let items = map.iter().map(|(key, item)| Ok((key.to_string(), write_level(item, level + 1, function)?)));
        return Ok(json!({"map": items.collect::<Result<JsonMap<_, _>, Refused>>()?}));
    }
    if let Some(blob) = value.read_lock::<Blob>() {
        return Ok(json!({"blob": *blob}));
    }
    if let Some(range) = value.read_lock::<std::ops::Range<i64>>() {
        return Ok(json!({"range": [range.start, range.end]}));
    }
    if let Some(range) = value.read_lock::<std::ops::RangeInclusive<i64>>() {
        return Ok(json!({"range=": [range.start(), range.end()]}));
    }
    if let Some(pointer) = value.read_lock::<FnPtr>() {
        return function(&pointer);
    }
    Err(refusal(value))
}

/// Why a value of another type can't be written.
fn refusal(value: &Dynamic) -> Refused {
    let what = if value.is::<AnyJob>() || value.is::<Jobs>() || value.is::<Group>() {
        "which only this session knows"
    } else if value.is::<SharedValue>() {
        "which only this session can share"
    } else if value.is::<rhai::Instant>() {
        "which means nothing in another process"
    } else {
        "which can't be written to a file"
    };
    format!("a value of type {}, {what}", display_name(value.type_name()))
}

/// The value of a JSON text; `function` reads the functions in it. `None` if it was not written like this.
pub(super) fn read(json: &Json, function: &mut dyn FnMut(&Json) -> Option<FnPtr>) -> Option<Dynamic> {
    Some(match json {
        Json::Null => Dynamic::UNIT,
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => number.as_i64()?.into(),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(|item| read(item, function)).collect::<Option<Array>>()?.into(),
        Json::Object(object) => {
            let (kind, data) = object.iter().next()?;
            let bounds = || Some((data.get(0)?.as_i64()?, data.get(1)?.as_i64()?));
            match kind.as_str() {
                "float" => data.as_str()?.parse::<f64>().ok()?.into(),
                "char" => data.as_str()?.chars().next()?.into(),
                "blob" => {
                    let bytes = data.as_array()?.iter().map(|byte| u8::try_from(byte.as_u64()?).ok());
                    Dynamic::from_blob(bytes.collect::<Option<Blob>>()?)
                }
                "map" => {
                    let items = data.as_object()?.iter();
                    let items = items.map(|(key, item)| Some((key.as_str().into(), read(item, function)?)));
                    items.collect::<Option<Map>>()?.into()
                }
                "range" => bounds().map(|(start, end)| Dynamic::from(start..end))?,
                "range=" => bounds().map(|(start, end)| Dynamic::from(start..=end))?,
                "tag" => {
                    let mut value = read(data.get(1)?, function)?;
                    value.set_tag(i32::try_from(data.get(0)?.as_i64()?).ok()?);
                    value
                }
                _ => function(json)?.into(),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_function(_: &FnPtr) -> Result<Json, Refused> {
        Err("a function".to_owned())
    }

    #[test]
    fn what_is_written_is_read_back_with_its_types() {
        let engine = rhai::Engine::new();
        for text in [
            "()",
            "-1",
            "9223372036854775807",
            "0.1",
            "1.0",
            "-0.0",
            "1.0e300 * 1.0e300",
            "true",
            "'a'",
            "\"a\\n\\x00\"",
            "[1, 'b', [\"c\"]]",
            "#{a: 1, float: #{map: ()}, \"\": 2.0}",
            "let b = blob(3, 255); b",
            "1..5",
            "5..=1",
        ] {
            let value: Dynamic = engine.eval(text).unwrap();
            let json = write(&value, &mut no_function).unwrap().to_string();
            let back = read(&serde_json::from_str(&json).unwrap(), &mut |_| None).unwrap();
            assert_eq!((format!("{back:?}"), back.type_id()), (format!("{value:?}"), value.type_id()), "{text}");
        }
    }

    #[test]
    fn a_number_that_is_none_and_a_tag_are_read_back() {
        let back = |value: &Dynamic| read(&write(value, &mut no_function).unwrap(), &mut |_| None).unwrap();
        assert!(back(&f64::NAN.into()).as_float().unwrap().is_nan());
        let mut tagged = Dynamic::from(vec![Dynamic::from(1_i64)]);
        tagged.set_tag(-7);
        assert_eq!(back(&tagged).tag(), -7);
    }

    #[test]
    fn what_means_something_only_here_is_refused_by_its_type() {
        let nested = (0..60).fold(Dynamic::UNIT, |inner, _| vec![inner].into());
        for (value, why) in [
            (Dynamic::from(rhai::Instant::now()), "a value of type timestamp, which means nothing in another process"),
            (Dynamic::from(std::time::Duration::ZERO), "a value of type Duration, which can't be written to a file"),
            (nested, "lists in more than 50 levels"),
        ] {
            assert_eq!(write(&vec![value].into(), &mut no_function), Err(why.to_owned()));
        }
    }

    #[test]
    fn json_of_another_kind_is_no_value() {
        for text in
            ["{}", "1.5", r#"{"float": 1}"#, r#"{"blob": [256]}"#, r#"{"range": [1]}"#, r#"{"tag": 1}"#, r#"{"x": 1}"#]
        {
            let json = serde_json::from_str(text).unwrap();
            assert!(read(&json, &mut |_| None).is_none(), "{text}");
        }
    }
}
