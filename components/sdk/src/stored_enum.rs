//! Enumerations that a store keeps as words, and a hash chain as numbers.

/// Declares an enumeration with its words for SQL and JSON and, if it is part of a hash chain, its
/// codes there. Neither ever changes.
///
/// ```
/// strongroom_sdk::stored_enum! {
///     /// The state of an account.
///     pub enum State {
///         /// It moves money.
///         Open = 1, "open";
///         /// It does not move money any more.
///         Closed = 2, "closed";
///     }
/// }
///
/// assert_eq!(State::Closed.as_str(), "closed");
/// assert_eq!(State::Closed.chain_code(), 2);
/// assert_eq!(State::from_stored("open"), Ok(State::Open));
/// ```
#[macro_export]
macro_rules! stored_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $code:literal, $word:literal; )+
        }
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

            /// The word in the store and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// The value of a column.
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

        $crate::schema!($name, $crate::openapi::words(Self::ALL.iter().map(|it| it.as_str())));
    };
}
