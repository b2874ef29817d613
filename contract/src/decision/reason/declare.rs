//! What a declared reason consists of, and the macro that derives the rest from it.

use std::fmt;

use super::parse::Line;
use crate::FailureClass;

/// Something a reason carries: how its line holds it.
pub(super) trait Field: Sized {
    /// The value for [`Reason::all`](super::Reason::all).
    fn example() -> Self;

    /// Appends the field to a line.
    fn write(&self, key: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// The field of `line`; `None` when this build cannot represent what the line holds.
    fn read(key: &str, line: &Line<'_>) -> Option<Self>;
}

/// Numbers: ` key=value`. One that is missing or out of range is read as 0.
macro_rules! number_fields {
    ($($number:ty),*) => {$(
        impl Field for $number {
            fn example() -> Self {
                0
            }

            fn write(&self, key: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, " {key}={self}")
            }

            fn read(key: &str, line: &Line<'_>) -> Option<Self> {
                Some(line.value(key).and_then(|value| value.parse().ok()).unwrap_or_default())
            }
        }
    )*};
}

number_fields!(u32, u64, i64);

/// The failure class: in brackets right after the name.
impl Field for FailureClass {
    fn example() -> Self {
        Self::Throttled
    }

    fn write(&self, _key: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({self})")
    }

    fn read(_key: &str, line: &Line<'_>) -> Option<Self> {
        Self::parse(line.brackets?)
    }
}

/// Text: everything after the name.
impl Field for String {
    fn example() -> Self {
        "example".to_owned()
    }

    fn write(&self, _key: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {self}")
    }

    fn read(_key: &str, line: &Line<'_>) -> Option<Self> {
        Some(line.rest.strip_prefix(' ').unwrap_or(line.rest).to_owned())
    }
}

/// A field's key in the line: its name, unless the declaration says `as "key"`.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// Declares the enum `Reason`. Each reason is its name, its variant and its fields in the order
/// in which the line holds them.
macro_rules! declare_reasons {
    ($(
        $(#[$doc:meta])*
        $name:literal $variant:ident $({$(
            $(#[$field_doc:meta])*
            $field:ident $(as $key:literal)? : $kind:ty,
        )*})?
    )*) => {
        /// Why a decision is what it is, with the numbers that led to it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Reason {$(
            $(#[$doc])*
            $variant $({$(
                $(#[$field_doc])*
                $field: $kind,
            )*})?,
        )*}

        impl Reason {
            /// The name of every reason.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// One example of every reason, with all numbers 0.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$variant $({$($field: <$kind as Field>::example(),)*})?),*]
            }

            /// The name alone: the value of metric labels.
            pub fn name(&self) -> &'static str {
                match self {$(
                    Self::$variant { .. } => $name,
                )*}
            }

            /// The reason that `line` holds; `None` when this build cannot represent it.
            fn read(line: &Line<'_>) -> Option<Self> {
                match line.name {
                    $($name => Some(Self::$variant $({$(
                        $field: Field::read(key!($field $($key)?), line)?,
                    )*})?),)*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for Reason {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())?;
                match self {$(
                    Self::$variant $({$($field,)*})? => {
                        $($($field.write(key!($field $($key)?), f)?;)*)?
                        Ok(())
                    }
                )*}
            }
        }
    };
}
