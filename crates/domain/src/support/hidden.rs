//! Values that say who someone is, and must not do so in a log line or the message of a panic.

/// Gives types a `Debug` that shows their name and nothing of what they hold.
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
