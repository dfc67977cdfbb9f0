//! Items as lines: what users of a library see of them.
//!
//! It does not know where they are exported. It goes by names, so two types of one name would count as one, and it
//! does not follow the conditions of modules: what is implemented in a module for Unix is listed as for all systems.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Attribute, Field, Fields, File, Generics, ImplItem, Item, ItemImpl, ItemTrait, TraitItem, Visibility,
    spanned::Spanned,
};

use super::{
    exports::{Export, From},
    source::{between, derives, marks, signature, text},
};

/// The lines of the exports, and of what is implemented for them anywhere in the library.
pub(super) fn lines(files: &BTreeMap<String, File>, exports: &[Export<'_>]) -> Result<BTreeSet<String>, String> {
    let mut lines = BTreeSet::new();
    for Export { name, attributes, from } in exports {
        let marks = marks(attributes);
        match from {
            From::Path(path) => {
                lines.insert(format!("{marks}pub use {path}"));
            }
            From::File(file) => {
                let item = files[file].items.iter().find(|item| defined(item).as_ref() == Some(name));
                let item = item.ok_or_else(|| {
                    format!("lib.rs exports {name}, which {file} doesn't define; export it from the module that does")
                })?;
                lines.extend(definition(item, name).into_iter().map(|line| format!("{marks}{line}")));
            }
        }
    }
    let public: BTreeSet<_> = exports.iter().map(|export| export.name.as_str()).collect();
    let items = || files.values().flat_map(|file| &file.items);
    let types = items().filter(|item| !matches!(item, Item::Fn(_) | Item::Const(_) | Item::Static(_)));
    let hidden: BTreeSet<_> = types.filter_map(defined).filter(|name| !public.contains(name.as_str())).collect();
    for item in items() {
        if let Item::Impl(item) = item {
            let head = implemented(item);
            let names = || head.split(|c: char| !c.is_alphanumeric() && c != '_');
            if names().any(|name| public.contains(name)) && !names().any(|name| hidden.contains(name)) {
                lines.extend(implementation(item));
            }
        }
    }
    Ok(lines)
}

/// The name of an item that can be exported.
fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// The lines of an item: itself, and what of its inside is public.
fn definition(item: &Item, name: &str) -> Vec<String> {
    match item {
        Item::Struct(item) => {
            let mut lines = vec![format!("{}pub struct {name}{}", marks(&item.attrs), parameters(&item.generics))];
            lines.extend(derived(&item.attrs, name));
            lines.extend(item.fields.iter().enumerate().filter_map(|(index, field)| public_field(name, index, field)));
            lines
        }
        Item::Enum(item) => {
            let mut lines = vec![format!("{}pub enum {name}{}", marks(&item.attrs), parameters(&item.generics))];
            lines.extend(derived(&item.attrs, name));
            for variant in &item.variants {
                let fields = match &variant.fields {
                    Fields::Named(fields) => format!(" {}", text(fields)),
                    Fields::Unnamed(fields) => text(fields),
                    Fields::Unit => String::new(),
                };
                lines.push(format!("{}{name}::{}{fields}", marks(&variant.attrs), variant.ident));
            }
            lines
        }
        Item::Trait(item) => trait_lines(item, name),
        Item::Fn(item) => vec![format!("{}pub {}", marks(&item.attrs), signature(&item.sig))],
        other => vec![text(other)],
    }
}

fn public_field(name: &str, index: usize, field: &Field) -> Option<String> {
    let member = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
    is_public(&field.vis).then(|| format!("{}{name}::{member}: {}", marks(&field.attrs), text(&field.ty)))
}

fn derived(attributes: &[Attribute], name: &str) -> impl Iterator<Item = String> {
    derives(attributes).into_iter().map(move |(mark, derived)| format!("{mark}impl {derived} for {name}"))
}

fn trait_lines(item: &ItemTrait, name: &str) -> Vec<String> {
    let bounds = if item.supertraits.is_empty() { String::new() } else { format!(": {}", text(&item.supertraits)) };
    let mut lines = vec![format!("{}pub trait {name}{}{bounds}", marks(&item.attrs), parameters(&item.generics))];
    for item in &item.items {
        let (attributes, member) = match item {
            TraitItem::Fn(item) => {
                let provided = if item.default.is_some() { " { .. }" } else { "" };
                (&item.attrs, format!("{}{provided}", signature(&item.sig)))
            }
            TraitItem::Type(item) => {
                let last = if item.bounds.is_empty() { item.ident.span() } else { item.bounds.span() };
                (&item.attrs, between(item.type_token.span, last))
            }
            TraitItem::Const(item) => (&item.attrs, between(item.const_token.span, item.ty.span())),
            _ => continue,
        };
        lines.push(format!("{name}: {}{member}", marks(attributes)));
    }
    lines
}

/// The lines of an implementation: of a trait its head and its types, of a type its public members.
fn implementation(item: &ItemImpl) -> Vec<String> {
    let head = format!("{}{}", between(item.impl_token.span, item.self_ty.span()), conditions(&item.generics));
    let mark = marks(&item.attrs);
    let is_trait = item.trait_.is_some();
    let mut lines = Vec::new();
    if is_trait {
        lines.push(format!("{mark}{head}"));
    }
    for item in &item.items {
        let (attributes, member) = match item {
            ImplItem::Type(item) if is_trait => (&item.attrs, between(item.type_token.span, item.ty.span())),
            ImplItem::Fn(item) if is_public(&item.vis) => (&item.attrs, format!("pub {}", signature(&item.sig))),
            ImplItem::Const(item) if is_public(&item.vis) => {
                (&item.attrs, format!("pub {}", between(item.const_token.span, item.ty.span())))
            }
            _ => continue,
        };
        lines.push(format!("{mark}{head}: {}{member}", marks(attributes)));
    }
    lines
}

/// The trait and the type of an implementation, without the parameters.
fn implemented(item: &ItemImpl) -> String {
    let first = item.trait_.as_ref().map_or_else(|| item.self_ty.span(), |(path, _)| path.span());
    between(first, item.self_ty.span())
}

/// The parameters of an item, and what is asked of them.
fn parameters(generics: &Generics) -> String {
    let parameters = if generics.params.is_empty() { String::new() } else { text(generics) };
    parameters + &conditions(generics)
}

fn conditions(generics: &Generics) -> String {
    generics.where_clause.as_ref().map_or_else(String::new, |clause| format!(" {}", text(clause)))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
