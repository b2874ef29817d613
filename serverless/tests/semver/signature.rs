//! Formats items as lines: types and names, without private parts.

use quote::ToTokens;
use syn::{
    Attribute, Fields, FnArg, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Meta, Signature,
    Token, Visibility, punctuated::Punctuated,
};

/// Formats an item.
pub(crate) fn of(item: &Item) -> Vec<String> {
    match item {
        Item::Fn(it) => vec![function(&it.sig)],
        Item::Const(it) => {
            vec![format!("const {}: {} = {}", it.ident, text(&it.ty), text(&it.expr))]
        }
        Item::Struct(it) => structure(it),
        Item::Enum(it) => enumeration(it),
        other => panic!("unsupported item: {}", text(other)),
    }
}

/// Formats the public members of an `impl` block.
pub(crate) fn methods(block: &ItemImpl) -> Vec<String> {
    let public = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(it) if is_public(&it.vis) => {
            Some(format!("{}{}", features(&it.attrs), function(&it.sig)))
        }
        ImplItem::Const(it) if is_public(&it.vis) => {
            Some(format!("const {}: {}", it.ident, text(&it.ty)))
        }
        _ => None,
    });
    public.collect()
}

/// Returns the traits that an item derives.
pub(crate) fn derived(attributes: &[Attribute]) -> Vec<String> {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let paths = derives.flat_map(|attribute| {
        attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated).unwrap()
    });
    paths.map(|path| text(path.segments.last().unwrap())).collect()
}

/// Returns the features that an item needs, as `[feature = "otel"] `, or an empty string.
pub(crate) fn features(attributes: &[Attribute]) -> String {
    let conditions = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens.to_string()),
        _ => None,
    });
    conditions.map(|condition| format!("[{}] ", tidy(&condition))).collect()
}

pub(crate) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Formats code on one line, with spaces only where they are needed.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    tidy(&tokens.to_token_stream().to_string())
}

fn structure(it: &ItemStruct) -> Vec<String> {
    let name = format!("struct {}{}", it.ident, text(&it.generics));
    let (public, hidden): (Vec<_>, Vec<_>) = it.fields.iter().partition(|it| is_public(&it.vis));
    let field = |field: &&syn::Field| {
        format!("{}: {}", field.ident.as_ref().map(text).unwrap_or_default(), text(&field.ty))
    };
    if hidden.is_empty() && !is_open(&it.attrs) {
        // Literals name every field, so all of them share a line.
        let all: Vec<String> = public.iter().map(field).collect();
        return vec![format!("{name} {{ {} }}", all.join(", "))];
    }
    let fields = public.iter().map(|it| format!("{}::{}", declared_name(&name), field(it)));
    [format!("{name} {{ .. }}")].into_iter().chain(fields).collect()
}

fn declared_name(declared: &str) -> &str {
    declared.strip_prefix("struct ").unwrap_or(declared)
}

fn enumeration(it: &ItemEnum) -> Vec<String> {
    let variants: Vec<String> = it
        .variants
        .iter()
        .map(|variant| match &variant.fields {
            Fields::Named(fields) => {
                let field = |it: &syn::Field| format!("{}: {}", text(&it.ident), text(&it.ty));
                let all: Vec<String> = fields.named.iter().map(field).collect();
                format!("{} {{ {} }}", variant.ident, all.join(", "))
            }
            Fields::Unnamed(fields) => {
                let all: Vec<String> = fields.unnamed.iter().map(|it| text(&it.ty)).collect();
                format!("{}({})", variant.ident, all.join(", "))
            }
            Fields::Unit => variant.ident.to_string(),
        })
        .collect();
    if !is_open(&it.attrs) {
        // A `match` may name every variant, so all of them share a line.
        return vec![format!("enum {} {{ {} }}", it.ident, variants.join(", "))];
    }
    let variants = variants.iter().map(|variant| format!("{}::{variant}", it.ident));
    [format!("enum {} {{ .. }}", it.ident)].into_iter().chain(variants).collect()
}

fn function(it: &Signature) -> String {
    let arguments: Vec<String> = it
        .inputs
        .iter()
        .map(|input| match input {
            FnArg::Receiver(it) => {
                text(it).replacen("mut self", "self", usize::from(it.reference.is_none()))
            }
            FnArg::Typed(it) => text(&it.ty),
        })
        .collect();
    let asynchronous = if it.asyncness.is_some() { "async " } else { "" };
    let constant = if it.constness.is_some() { "const " } else { "" };
    let (generics, bounds) = (text(&it.generics), it.generics.where_clause.as_ref());
    let bounds = bounds.map(|bounds| format!(" {}", text(bounds))).unwrap_or_default();
    let (name, output) = (&it.ident, text(&it.output));
    format!("{constant}{asynchronous}fn {name}{generics}({}){output}{bounds}", arguments.join(", "))
        .trim_end()
        .to_owned()
}

/// Whether an item is `non_exhaustive`.
fn is_open(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

/// Normalizes spaces: one between two words, around arrows and after commas.
fn tidy(code: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || "_\"'".contains(c);
    let mut tidy = String::new();
    for part in code.split_whitespace() {
        let joins = tidy.ends_with(is_word) && part.starts_with(is_word);
        let apart = joins
            || tidy.ends_with([',', '='])
            || tidy.ends_with("->")
            || ["->", "="].contains(&part);
        if apart {
            tidy.push(' ');
        }
        tidy.push_str(part);
    }
    tidy
}
