//! Types that identify a person, and must not reveal it in a log line or the message of a panic.

/// Implements `Debug` for types so that it shows their name without their content.
macro_rules! hidden {
    ($($name:ident),+ $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

pub(crate) use hidden;
