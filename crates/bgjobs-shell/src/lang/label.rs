//! A call in a few words, for lists: `trial(3, 0.1)`.
//!
//! Only looks at values; evaluates nothing.

use bgjobs::{AnyJob, Group};
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use super::{
    show,
    values::{names::Names, type_name::display_name},
};
use crate::text::shortened;

/// How many characters a label has at most.
const LONGEST: usize = 60;

/// How many characters of a string are shown.
const LONGEST_STRING: usize = 20;

/// How many items of an array or a map are shown.
const MOST_ITEMS: usize = 3;

/// How many arrays or maps deep items are shown.
const MOST_LEVELS: usize = 2;

/// The call of a function; arguments for which there is no room are left out.
pub(super) fn call(function: &FnPtr, arguments: &[Dynamic], names: &Names) -> String {
    let callee = if function.is_anonymous() {
        let shown = show::function(function, names);
        if arguments.is_empty() {
            return shown;
        }
        format!("({shown})")
    } else {
        function.fn_name().to_owned()
    };
    let mut line = format!("{}(", shortened(&callee, LONGEST / 2, "…"));
    let length = |text: &str| text.chars().count();
    for (index, argument) in arguments.iter().enumerate() {
        let separator = if index > 0 { ", " } else { "" };
        let word = value(argument, names, 0);
        let more = if index + 1 < arguments.len() { length(", …") } else { 0 };
        if length(&line) + length(separator) + length(&word) + more + 1 > LONGEST {
            return format!("{line}{separator}…)");
        }
        line.push_str(separator);
        line.push_str(&word);
    }
    line + ")"
}

/// A value in a few words: itself if it is small, otherwise its beginning or its type.
fn value(of: &Dynamic, names: &Names, level: usize) -> String {
    if let Some(text) = of.read_lock::<ImmutableString>() {
        let start: String = text.chars().take(LONGEST_STRING).collect();
        let shown = show::data(&start.as_str().into(), names);
        return if start.len() == text.len() { shown } else { format!("{}…\"", &shown[..shown.len() - 1]) };
    }
    if let Some(array) = of.read_lock::<Array>() {
        let items = array.iter().take(MOST_ITEMS).map(|item| value(item, names, level + 1));
        return format!("[{}]", listed(items, array.len(), level));
    }
    if let Some(map) = of.read_lock::<Map>() {
        let items = map.iter().take(MOST_ITEMS).map(|(key, item)| format!("{key}: {}", value(item, names, level + 1)));
        return format!("#{{{}}}", listed(items, map.len(), level));
    }
    if let Some(function) = of.read_lock::<FnPtr>() {
        return if function.is_anonymous() { show::function(&function, names) } else { function.fn_name().to_owned() };
    }
    if let Some(job) = of.read_lock::<AnyJob>() {
        return format!("jobs[{}]", job.id());
    }
    let is_small = of.is_unit() || of.is_bool() || of.is_int() || of.is_float() || of.is_char() || of.is::<Group>();
    if is_small { show::data(of, names) } else { format!("<{}>", display_name(of.type_name())) }
}

fn listed(items: impl Iterator<Item = String>, count: usize, level: usize) -> String {
    if level >= MOST_LEVELS && count > 0 {
        return "…".to_owned();
    }
    let more = (count > MOST_ITEMS).then(|| "…".to_owned());
    items.chain(more).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: &[Dynamic], expected: &str) {
        let function = FnPtr::new("trial").expect("it is a name");
        let label = call(&function, arguments, &Names::default());
        assert_eq!(label, expected);
        assert!(label.chars().count() <= LONGEST, "{label}");
    }

    fn array(items: impl IntoIterator<Item = Dynamic>) -> Dynamic {
        items.into_iter().collect::<Array>().into()
    }

    #[test]
    fn small_arguments_are_shown_and_large_ones_shortened() {
        check(&[], "trial()");
        check(&[3.into(), 0.1.into(), ().into(), 'c'.into(), true.into()], "trial(3, 0.1, (), 'c', true)");
        check(&["a\"b".into(), "x".repeat(100).into()], "trial(\"a\\\"b\", \"xxxxxxxxxxxxxxxxxxxx…\")");
        check(&[array((0..5).map(Dynamic::from_int))], "trial([0, 1, 2, …])");
        check(&[array([array([array([array([])])])])], "trial([[[…]]])");
        let map: Map = [("lr".into(), 0.1.into())].into_iter().collect();
        check(&[map.into()], "trial(#{lr: 0.1})");
        check(&[Dynamic::from(rhai::Instant::now())], "trial(<timestamp>)");
    }

    #[test]
    fn arguments_without_room_are_left_out() {
        check(&vec!["x".repeat(15).into(); 5], "trial(\"xxxxxxxxxxxxxxx\", \"xxxxxxxxxxxxxxx\", …)");
        check(&vec![array((0..100).map(|_| "x".repeat(40).into())); 3], "trial(…)");
    }
}
