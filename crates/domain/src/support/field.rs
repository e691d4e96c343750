//! The fields of a record by their names.

/// Declares the fields of a part of a record as a [`vocabulary!`](super::vocabulary) whose words are
/// their paths on the wire. A line has the variant and the path, such as `profile.firstName`.
macro_rules! fields {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident $first:ident $(. $next:ident)*,)+
    }) => {
        $crate::support::vocabulary::vocabulary! {
            $(#[$meta])*
            pub enum $name {
                $($(#[$variant_meta])*
                $variant concat!(stringify!($first) $(, ".", stringify!($next))*),)+
            }
        }

        impl $name {
            /// Returns the path with slashes, as a pointer into a body has it: `profile/firstName`.
            pub const fn path(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!(stringify!($first) $(, "/", stringify!($next))*)),+
                }
            }
        }
    };
}

pub(crate) use fields;
