//! Enums whose values each have a word, and often a number in the store.

/// Declares such an enum as a table. A line has the variant, the number by which it is stored (if
/// any), and its word.
macro_rules! vocabulary {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $code:literal $word:expr,)+
    }) => {
        $crate::support::vocabulary::vocabulary! {
            $(#[$meta])*
            pub enum $name { $($(#[$variant_meta])* $variant $word,)+ }
        }

        impl $name {
            /// Returns the number by which the value is stored.
            pub const fn code(self) -> i16 {
                match self { $(Self::$variant => $code),+ }
            }

            /// Returns the value that is stored as this number.
            pub const fn from_code(code: i16) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident $word:expr,)+
    }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $(#[$meta])*
        pub enum $name { $($(#[$variant_meta])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the table.
            pub const ALL: [Self; Self::WORDS.len()] = [$(Self::$variant),+];

            /// Every word with its value, in the order of the table.
            pub const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];

            /// Returns the word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Returns the value with this word, ignoring case.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.as_str().eq_ignore_ascii_case(word))
            }
        }
    };
}

pub(crate) use vocabulary;

#[cfg(test)]
mod tests {
    use crate::profile::Gender;

    #[test]
    fn a_value_is_found_by_its_number_and_by_its_word() {
        for (code, gender) in (1..).zip(Gender::ALL) {
            assert_eq!(gender.code(), code);
            assert_eq!(Gender::from_code(code), Some(gender));
            assert_eq!(Gender::from_word(gender.as_str()), Some(gender));
        }
        assert_eq!(
            Gender::from_word("Prefer_NOT_to_say"),
            Some(Gender::PreferNotToSay)
        );
        assert_eq!(Gender::from_word("prefer not to say"), None);
        assert_eq!([0, 5].map(Gender::from_code), [None, None]);
    }

    #[test]
    fn words_stand_in_the_order_of_the_values() {
        let words = Gender::ALL.map(|gender| (gender.as_str(), gender));
        assert_eq!(Gender::WORDS, words);
        assert_eq!(words[3].0, "prefer_not_to_say");
    }
}
