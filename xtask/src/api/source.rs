//! Rust's source as text in one line, and the attributes that users of an item see.
//!
//! It does not know what is public.

use proc_macro2::Span;
use syn::{Attribute, Meta, Path, Signature, Token, punctuated::Punctuated, spanned::Spanned};

/// The source of something.
pub(super) fn text(of: &impl Spanned) -> String {
    between(of.span(), of.span())
}

/// The source from one span to another.
pub(super) fn between(first: Span, last: Span) -> String {
    let whole = first.join(last).and_then(|span| span.source_text()).unwrap_or_default();
    let code = whole.lines().map(|line| line.split("//").next().unwrap_or_default());
    let line = code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    // Where rustfmt broke a long line, it left spaces and added a comma.
    [("( ", "("), (", )", ")"), (" )", ")"), ("< ", "<"), (", >", ">"), (" .", "."), (", }", " }")]
        .into_iter()
        .fold(line, |line, (broken, whole)| line.replace(broken, whole))
        .trim_end_matches(',')
        .to_owned()
}

/// The source of a function's head, without what only its body needs to know.
pub(super) fn signature(of: &Signature) -> String {
    text(of).replace("(mut ", "(").replace(", mut ", ", ")
}

/// The attributes of which a change concerns users, each followed by a space.
pub(super) fn marks(attributes: &[Attribute]) -> String {
    let mark = |attribute: &Attribute| {
        let path = attribute.path();
        // Not the reasons, which are texts.
        let named = ["must_use", "non_exhaustive", "deprecated"].into_iter().find(|name| path.is_ident(name));
        match named {
            Some(name) => Some(format!("#[{name}] ")),
            None => path.is_ident("cfg").then(|| format!("{} ", text(attribute))),
        }
    };
    attributes.iter().filter_map(mark).collect()
}

/// The derived traits, each with the condition on which it is.
pub(super) fn derives(attributes: &[Attribute]) -> Vec<(String, String)> {
    let mut derives = Vec::new();
    for attribute in attributes {
        if attribute.path().is_ident("derive") {
            add(&attribute.meta, "", &mut derives);
        } else if attribute.path().is_ident("cfg_attr")
            && let Ok(parts) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            && let Some(condition) = parts.first()
        {
            let mark = format!("#[cfg({})] ", text(condition));
            parts.iter().skip(1).for_each(|part| add(part, &mark, &mut derives));
        }
    }
    derives
}

fn add(meta: &Meta, mark: &str, derives: &mut Vec<(String, String)>) {
    if let Meta::List(list) = meta
        && list.path.is_ident("derive")
        && let Ok(paths) = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
    {
        derives.extend(paths.iter().map(|path| (mark.to_owned(), text(path))));
    }
}
