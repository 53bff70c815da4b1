/// Declares an enum whose values have a stable number, a code for programs, a one-line summary and a text for
/// people.
///
/// `cargo xtask codegen` writes these lists for the other languages.
macro_rules! codes {
    (
        $(#[$attribute:meta])*
        enum $name:ident { $($variant:ident = $number:literal, $code:literal, $summary:literal, $text:literal;)+ }
        $(#[$text_attribute:meta])*
        fn $text_method:ident;
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("`", $code, "`: ", $summary)]
                $variant,
            )+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable name for programs, the same in every language.
            pub const fn code(self) -> &'static str {
                without_nul(self.code_with_nul())
            }

            $(#[$text_attribute])*
            pub const fn $text_method(self) -> &'static str {
                without_nul(self.text_with_nul())
            }

            /// The code with the NUL that C needs, so that one copy serves all languages.
            #[doc(hidden)]
            pub const fn code_with_nul(self) -> &'static str {
                match self { $(Self::$variant => concat!($code, "\0"),)+ }
            }

            /// The text for people with the NUL that C needs.
            #[doc(hidden)]
            pub const fn text_with_nul(self) -> &'static str {
                match self { $(Self::$variant => concat!($text, "\0"),)+ }
            }

            #[doc(hidden)]
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)+ }
            }

            /// The stable number that C uses.
            #[doc(hidden)]
            pub const fn number(self) -> u32 {
                match self { $(Self::$variant => $number,)+ }
            }
        }
    };
}

pub(crate) use codes;

pub(crate) const fn without_nul(text: &str) -> &str {
    text.split_at(text.len() - 1).0
}
