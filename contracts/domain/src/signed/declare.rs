//! How a struct's fields become its EIP-712 type, a Rust struct, and the words that are hashed.

use alloy_primitives::{Address, B256, U256};

/// The EIP-712 type of a struct.
pub trait Typed {
    /// Its own part: name and fields.
    const OWN: &'static str;
    /// The parts of the structs it refers to, in the order of their names.
    const PARTS: &'static [&'static str];
    /// keccak256 of the own part and the others.
    const HASH: B256;
}

/// A value as the word that EIP-712 hashes for it.
pub(super) trait Word {
    fn word(&self) -> B256;
}

impl Word for B256 {
    fn word(&self) -> B256 {
        *self
    }
}

impl Word for Address {
    #[inline(never)]
    fn word(&self) -> B256 {
        self.into_word()
    }
}

impl Word for U256 {
    fn word(&self) -> B256 {
        (*self).into()
    }
}

impl Word for bool {
    fn word(&self) -> B256 {
        u8::from(*self).word()
    }
}

/// A negative number repeats its sign in every higher byte.
impl Word for i16 {
    fn word(&self) -> B256 {
        let mut word = B256::repeat_byte(if *self < 0 { u8::MAX } else { 0 });
        let bytes = self.to_be_bytes();
        word[B256::len_bytes() - bytes.len()..].copy_from_slice(&bytes);
        word
    }
}

macro_rules! unsigned {
    ($($ty:ty),+) => {$(
        impl Word for $ty {
            #[inline(never)]
            fn word(&self) -> B256 {
                B256::left_padding_from(&self.to_be_bytes())
            }
        }
    )+};
}
unsigned!(u8, u16, u32, u64, u128);

/// The Solidity name of a field's type. An array of structs or addresses is written `[Element]`, a byte string `[bytes]`.
macro_rules! solidity {
    ([bytes]) => {
        "bytes"
    };
    ([$element:ident]) => {
        concat!(stringify!($element), "[]")
    };
    ($ty:ident) => {
        stringify!($ty)
    };
}
pub(super) use solidity;

/// The Rust type of a field. What is dynamic is given by its hash, which the host computes.
macro_rules! rust {
    ([$element:ident]) => {
        alloy_primitives::B256
    };
    (address) => {
        alloy_primitives::Address
    };
    (bytes32) => {
        alloy_primitives::B256
    };
    (bool) => {
        bool
    };
    (uint8) => {
        u8
    };
    (uint16) => {
        u16
    };
    (uint32) => {
        u32
    };
    (uint40) => {
        u64
    };
    (uint64) => {
        u64
    };
    (uint128) => {
        u128
    };
    (uint256) => {
        alloy_primitives::U256
    };
    (int16) => {
        i16
    };
}
pub(super) use rust;

/// Declares structs: `Name(type field "name", …) [Referred, …];`.
macro_rules! structs {
    ($(
        $(#[$doc:meta])*
        $name:ident($first_ty:tt $first:ident $first_name:literal $(, $ty:tt $field:ident $field_name:literal)*)
        $([$($part:ident),+])?;
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            #[doc = concat!("`", $crate::signed::declare::solidity!($first_ty), " ", $first_name, "`")]
            pub $first: $crate::signed::declare::rust!($first_ty),
            $(
                #[doc = concat!("`", $crate::signed::declare::solidity!($ty), " ", $field_name, "`")]
                pub $field: $crate::signed::declare::rust!($ty),
            )*
        }

        impl $crate::signed::Typed for $name {
            const OWN: &'static str = concat!(
                stringify!($name), "(",
                $crate::signed::declare::solidity!($first_ty), " ", $first_name,
                $(",", $crate::signed::declare::solidity!($ty), " ", $field_name,)*
                ")"
            );
            const PARTS: &'static [&'static str] = &[$($(<$part as $crate::signed::Typed>::OWN),+)?];
            const HASH: alloy_primitives::B256 = $crate::signed::keccak256(&[
                <Self as $crate::signed::Typed>::OWN,
                $($(<$part as $crate::signed::Typed>::OWN),+)?
            ]);
        }

        impl $name {
            /// Type hash and fields: the words whose hash is the struct's.
            pub fn words(&self) -> [alloy_primitives::B256; 2 + <[&str]>::len(&[$($field_name),*])] {
                use $crate::signed::declare::Word;
                [
                    $crate::literal!(<$name as $crate::signed::Typed>::HASH),
                    self.$first.word(),
                    $(self.$field.word(),)*
                ]
            }
        }
    )+};
}
pub(super) use structs;
