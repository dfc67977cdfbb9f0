//! What the types of values are called, for people who have never seen Rust.

use rhai::{Dynamic, Shared};

use super::language::Language;

/// What a type is called that Rust code calls `name`.
pub(crate) fn word(name: &str) -> &str {
    match name {
        "i64" => "int",
        "f64" => "float",
        "Fn" => "function",
        _ => {
            // As `core::ops::range::Range<i64>`.
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

/// What a type is called whose name a program may have registered with its functions.
pub(crate) fn registered<'a>(name: &'a str, language: &'a Language) -> &'a str {
    let mut modules = language.modules().iter().rev().map(Shared::as_ref);
    modules.find_map(|module| module.get_custom_type_display_by_name(name)).unwrap_or_else(|| word(name))
}

/// A text, or the type of what is none; a single character in single quotes is not a string in Rhai, and one here.
pub(crate) fn text(value: &Dynamic) -> Result<String, &'static str> {
    value.as_char().map(String::from).or_else(|_| value.clone().into_string()).map_err(word)
}

/// Puts such words in place of Rhai's own in one of its messages.
pub(crate) fn in_words(message: &str) -> String {
    // What it calls a string that stands in the text.
    let message = message.replace("&str | ImmutableString | String", "string");
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut text = String::new();
    let mut rest = message.as_str();
    while let Some(start) = rest.find(is_name) {
        let length = rest[start..].find(|c| !is_name(c)).unwrap_or(rest.len() - start);
        text.push_str(&rest[..start]);
        text.push_str(match &rest[start..start + length] {
            name @ ("i64" | "f64" | "Fn") => word(name),
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
    fn types_have_words_of_their_own() {
        for (name, expected) in [
            ("i64", "int"),
            ("string", "string"),
            ("()", "()"),
            ("core::ops::range::Range<i64>", "range"),
            ("bgjobs::job::AnyJob", "job"),
            ("host::Point<f64>", "Point"),
        ] {
            assert_eq!(word(name), expected);
        }
    }

    #[test]
    fn messages_of_rhai_are_told_in_words() {
        assert_eq!(in_words("Function not found: + (i64, char)"), "Function not found: + (int, char)");
        let repeat = "Function not found: repeat (&str | ImmutableString | String, i64)";
        assert_eq!(in_words(repeat), "Function not found: repeat (string, int)");
        assert_eq!(in_words("f64 i64x é Fn"), "float i64x é function");
        assert_eq!(in_words(""), "");
    }
}
