//! Items as lines: types and names, without what only the crate itself sees.

use quote::ToTokens;
use syn::{
    Attribute, Fields, FnArg, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Meta, Signature,
    Token, Visibility, punctuated::Punctuated,
};

/// The lines of an item.
pub(crate) fn of(item: &Item) -> Vec<String> {
    match item {
        Item::Fn(it) => vec![function(&it.sig)],
        Item::Const(it) => {
            vec![format!("const {}: {} = {}", it.ident, text(&it.ty), text(&it.expr))]
        }
        Item::Struct(it) => structure(it),
        Item::Enum(it) => enumeration(it),
        other => panic!("not seen here yet: {}", text(other)),
    }
}

/// The lines of what is public in a block of methods.
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

/// The traits that an item derives.
pub(crate) fn derived(attributes: &[Attribute]) -> Vec<String> {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let paths = derives.flat_map(|attribute| {
        attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated).unwrap()
    });
    paths.map(|path| text(path.segments.last().unwrap())).collect()
}

/// The features that an item needs: `[otel] `, or nothing.
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

/// Code on one line, with spaces where it needs some.
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
        // Programs may name every field.
        let all: Vec<String> = public.iter().map(field).collect();
        return vec![format!("{name} {{ {} }}", all.join(", "))];
    }
    let fields = public.iter().map(|it| format!("{}::{}", it_name(&name), field(it)));
    [format!("{name} {{ .. }}")].into_iter().chain(fields).collect()
}

fn it_name(declared: &str) -> &str {
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
        // Programs may match every variant.
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

/// Whether programs must reckon with more.
fn is_open(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

/// The same whatever printed it: a space between two words, around arrows and after commas.
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
