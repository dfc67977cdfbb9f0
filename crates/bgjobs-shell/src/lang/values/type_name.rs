//! Names of types, for people who have never seen Rust.

use rhai::{Dynamic, Shared};

use super::language::Language;

/// The name of a type that Rust calls `name`.
pub(crate) fn display_name(name: &str) -> &str {
    match name {
        "i64" => "int",
        "f64" => "float",
        "Fn" => "function",
        _ => {
            // Such as `core::ops::range::Range<i64>`.
            let path = name.split('<').next().unwrap_or(name);
            match path.rsplit("::").next().unwrap_or(path) {
                "AnyJob" => "job",
                "Group" => "group",
                "Jobs" => "jobs",
                "SharedValue" => "shared",
                "Range" | "RangeInclusive" => "range",
                "Instant" => "timestamp",
                last => last,
            }
        }
    }
}

/// The name of a type that a program may have registered with its functions.
pub(crate) fn registered_name<'a>(name: &'a str, language: &'a Language) -> &'a str {
    let mut modules = language.modules().rev().map(Shared::as_ref);
    modules.find_map(|module| module.get_custom_type_display_by_name(name)).unwrap_or_else(|| display_name(name))
}

/// The text of a value, or the name of its type if it has none; Rhai's characters count as strings here.
pub(crate) fn text(value: &Dynamic) -> Result<String, &'static str> {
    value.as_char().map(String::from).or_else(|_| value.clone().into_string()).map_err(display_name)
}

/// Replaces Rhai's names of types in one of its messages.
pub(crate) fn reworded(message: &str) -> String {
    // Rhai's name for a string literal.
    let message = message.replace("&str | ImmutableString | String", "string");
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut text = String::new();
    let mut rest = message.as_str();
    while let Some(start) = rest.find(is_name) {
        let length = rest[start..].find(|c| !is_name(c)).unwrap_or(rest.len() - start);
        text.push_str(&rest[..start]);
        text.push_str(match &rest[start..start + length] {
            name @ ("i64" | "f64" | "Fn") => display_name(name),
            name => name,
        });
        rest = &rest[start + length..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_names_for_people() {
        for (name, expected) in [
            ("i64", "int"),
            ("string", "string"),
            ("()", "()"),
            ("core::ops::range::Range<i64>", "range"),
            ("bgjobs::job::AnyJob", "job"),
            ("host::Point<f64>", "Point"),
        ] {
            assert_eq!(display_name(name), expected);
        }
    }

    #[test]
    fn rhai_messages_use_those_names() {
        assert_eq!(reworded("Function not found: + (i64, char)"), "Function not found: + (int, char)");
        let repeat = "Function not found: repeat (&str | ImmutableString | String, i64)";
        assert_eq!(reworded(repeat), "Function not found: repeat (string, int)");
        assert_eq!(reworded("f64 i64x é Fn"), "float i64x é function");
        assert_eq!(reworded(""), "");
    }
}
