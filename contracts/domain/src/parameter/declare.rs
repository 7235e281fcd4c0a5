//! How the table becomes an enum, numbers for programs, and words for people.

/// Expands the rows. Three groups in this order: words (32 bytes in a page), numbers (4 bytes in a page), constants (in
/// no page).
macro_rules! table {
    (
        words { $(#[doc = $wtext:literal] $w:ident $wname:literal $wkind:ident $wtier:ident $wweakens:ident $wscope:ident $wuser:ident $wsource:literal = $wdefault:tt,)* }
        numbers { $(#[doc = $ntext:literal] $n:ident $nname:literal $ndefault:literal in $nmin:literal ..= $nmax:literal, $nunit:ident, $ntier:ident $nweakens:ident $nscope:ident $nuser:ident $nsource:literal,)* }
        constants { $(#[doc = $ctext:literal] $c:ident $cname:literal $cvalue:literal $cunit:ident $cuser:ident $csource:literal,)* }
    ) => {
        /// A parameter of the constitution. The number is its id on the wire and its place in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum ParameterId {
            $(#[doc = $wtext] $w,)*
            $(#[doc = $ntext] $n,)*
            $(#[doc = $ctext] $c,)*
        }

        impl ParameterId {
            /// All, in the order of their ids.
            pub const ALL: [Self; Self::COUNT] = [
                $(Self::$w,)* $(Self::$n,)* $(Self::$c,)*
            ];

            /// The parameter at a place. Compiles to a comparison: a list to look it up in would be data of every program.
            pub(super) const fn at_place(place: u8) -> Option<Self> {
                match place {
                    $(place if place == Self::$w as u8 => Some(Self::$w),)*
                    $(place if place == Self::$n as u8 => Some(Self::$n),)*
                    $(place if place == Self::$c as u8 => Some(Self::$c),)*
                    _ => None,
                }
            }

            /// How many hold a word: the first of the table.
            pub const WORDS: usize = [$(Self::$w),*].len();
            /// How many an amendment can change: words and numbers.
            pub const AMENDABLE: usize = Self::WORDS + [$(Self::$n),*].len();
            /// How many there are.
            pub const COUNT: usize = Self::AMENDABLE + [$(Self::$c),*].len();
        }

        /// The defaults of the words.
        pub(super) const WORD_DEFAULTS: [alloy_primitives::B256; ParameterId::WORDS] = [
            $($crate::parameter::declare::word!($wdefault)),*
        ];

        /// Every row in words.
        pub(super) const ROWS: [super::text::Described; ParameterId::COUNT] = {
            use super::{Consumer, Kind, Row, Scope, Tier, Weakens, text::{Described, Unit}};
            [
                $(Described {
                    id: ParameterId::$w, name: $wname, text: $wtext, unit: Unit::Word, consumer: Consumer::$wuser, source: $wsource,
                    row: Row { kind: Kind::$wkind, default: 0, min: 0, max: 0, tier: Tier::$wtier, weakens: Weakens::$wweakens, scope: Scope::$wscope },
                },)*
                $(Described {
                    id: ParameterId::$n, name: $nname, text: $ntext, unit: Unit::$nunit, consumer: Consumer::$nuser, source: $nsource,
                    row: Row { kind: Kind::Number, default: $ndefault, min: $nmin, max: $nmax, tier: Tier::$ntier, weakens: Weakens::$nweakens, scope: Scope::$nscope },
                },)*
                $(Described {
                    id: ParameterId::$c, name: $cname, text: $ctext, unit: Unit::$cunit, consumer: Consumer::$cuser, source: $csource,
                    row: Row { kind: Kind::Constant, default: $cvalue, min: $cvalue, max: $cvalue, tier: Tier::High, weakens: Weakens::Any, scope: Scope::City },
                },)*
            ]
        };
    };
}
pub(super) use table;

/// The default of a word: nobody, or the hash of a name.
macro_rules! word {
    (nobody) => {
        alloy_primitives::B256::ZERO
    };
    ($name:literal) => {
        $crate::keccak::keccak256(&[$name])
    };
}
pub(super) use word;
