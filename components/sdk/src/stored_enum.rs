//! Enumerations that are kept in a store as words, and some of them in a hash chain as numbers.

/// Declares an enumeration with its words (for SQL and JSON) and, for one that is part of a hash
/// chain, its codes there. Neither ever changes.
#[macro_export]
macro_rules! stored_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $code:literal, $word:literal; )+ }
    ) => {
        $crate::stored_enum! {
            $(#[$meta])*
            pub enum $name { $( $(#[$variant_meta])* $variant = $word; )+ }
        }

        impl $name {
            /// Its byte in the hash chain.
            pub const fn chain_code(self) -> u8 {
                match self { $( Self::$variant => $code, )+ }
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $word:literal; )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$variant_meta])* $variant, )+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The word that the store and JSON have for it.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// Reads it from a column.
            ///
            /// # Errors
            /// [`StoreError::Row`]($crate::store::StoreError::Row) for any other word.
            pub fn from_row(
                row: &$crate::store::Row,
                column: usize,
            ) -> Result<Self, $crate::store::StoreError> {
                Self::from_stored(&row.text(column)?)
            }

            /// The value of a stored word.
            ///
            /// # Errors
            /// [`StoreError::Row`]($crate::store::StoreError::Row) for any other word.
            pub fn from_stored(word: &str) -> Result<Self, $crate::store::StoreError> {
                match word {
                    $( $word => Ok(Self::$variant), )+
                    other => Err($crate::store::StoreError::Row(format!(
                        concat!("{:?} is no ", stringify!($name)), other
                    ))),
                }
            }
        }
    };
}
