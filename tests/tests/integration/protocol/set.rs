//! Small sets, as bits: millions of states are copied, compared, and hashed.

use std::fmt;
use std::marker::PhantomData;

/// One of a few values, numbered from 0.
pub trait Member: Copy + fmt::Debug {
    /// How many there are: at most 128.
    const COUNT: u32;
    fn number(self) -> u32;
    fn of_number(number: u32) -> Self;
    fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self::of_number)
    }
}

impl Member for bool {
    const COUNT: u32 = 2;

    fn number(self) -> u32 {
        u32::from(self)
    }

    fn of_number(number: u32) -> Self {
        number != 0
    }
}

/// Enums whose cases are numbered in their order.
macro_rules! members {
    ($(
        $(#[$about:meta])*
        pub enum $name:ident { $($(#[$about_case:meta])* $case:ident),+ $(,)? }
    )+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$about_case])* $case),+ }

        impl Member for $name {
            const COUNT: u32 = [$(Self::$case),+].len() as u32;

            fn number(self) -> u32 {
                self as u32
            }

            fn of_number(number: u32) -> Self {
                [$(Self::$case),+][number as usize]
            }
        }
    )+};
}
pub(crate) use members;

/// Structs of two fields, whose values are numbered.
macro_rules! pair {
    ($(
        $(#[$about:meta])*
        pub struct $name:ident {
            $(#[$about_first:meta])* pub $first:ident: $First:ty,
            $(#[$about_second:meta])* pub $second:ident: $Second:ty $(,)?
        }
    )+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name {
            $(#[$about_first])* pub $first: $First,
            $(#[$about_second])* pub $second: $Second,
        }

        impl Member for $name {
            const COUNT: u32 = <$First>::COUNT * <$Second>::COUNT;

            fn number(self) -> u32 {
                self.$first.number() * <$Second>::COUNT + self.$second.number()
            }

            fn of_number(number: u32) -> Self {
                Self {
                    $first: <$First>::of_number(number / <$Second>::COUNT),
                    $second: <$Second>::of_number(number % <$Second>::COUNT),
                }
            }
        }
    )+};
}
pub(crate) use pair;

/// Enums of two cases with a value each, whose values are numbered.
macro_rules! either {
    ($(
        $(#[$about:meta])*
        pub enum $name:ident {
            $(#[$about_first:meta])* $first:ident($First:ty),
            $(#[$about_second:meta])* $second:ident($Second:ty) $(,)?
        }
    )+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[$about_first])* $first($First),
            $(#[$about_second])* $second($Second),
        }

        impl Member for $name {
            const COUNT: u32 = <$First>::COUNT + <$Second>::COUNT;

            fn number(self) -> u32 {
                match self {
                    Self::$first(value) => value.number(),
                    Self::$second(value) => <$First>::COUNT + value.number(),
                }
            }

            fn of_number(number: u32) -> Self {
                match number.checked_sub(<$First>::COUNT) {
                    None => Self::$first(<$First>::of_number(number)),
                    Some(number) => Self::$second(<$Second>::of_number(number)),
                }
            }
        }
    )+};
}
pub(crate) use either;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Set<T>(u128, PhantomData<T>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(0, PhantomData)
    }
}

impl<T: Member> Set<T> {
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn has(self, member: T) -> bool {
        self.0 & (1 << member.number()) != 0
    }

    pub fn has_all(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }

    /// Adds a member; twice is once.
    pub fn add(&mut self, member: T) {
        const { assert!(T::COUNT <= u128::BITS) };
        self.0 |= 1 << member.number();
    }

    pub fn add_all(&mut self, others: Self) {
        self.0 |= others.0;
    }

    /// Takes a member out.
    pub fn take(&mut self, member: T) {
        self.0 &= !(1 << member.number());
    }

    /// Its members, by their numbers.
    pub fn members(self) -> impl Iterator<Item = T> {
        let mut bits = self.0;
        std::iter::from_fn(move || {
            let number = (bits != 0).then(|| bits.trailing_zeros())?;
            bits &= bits - 1;
            Some(T::of_number(number))
        })
    }
}

impl<T: Member> FromIterator<T> for Set<T> {
    fn from_iter<Members: IntoIterator<Item = T>>(members: Members) -> Self {
        let mut set = Self::default();
        members.into_iter().for_each(|member| set.add(member));
        set
    }
}

impl<T: Member> fmt::Debug for Set<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.members()).finish()
    }
}
