//! From a selector to a method, by hand: the SDK's generated router decodes every function through types of its own,
//! which costs a program more than reading words does. A test of each contract holds its `match` to the interface.

use crate::{Answer, Input};

/// A contract whose functions are found by one `match`.
pub trait Contract {
    /// Runs the function of this selector; none if there is no such function.
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer>;

    /// Constructs the contract, once.
    ///
    /// Errors: `AlreadyConstructed()` the second time; its own for bad arguments.
    fn construct(&mut self, input: Input<'_>) -> Answer;
}

/// Makes a [`Contract`] the router of its program. Stands beside `#[entrypoint] #[storage]`.
#[macro_export]
macro_rules! router {
    ($contract:ident) => {
        impl stylus_sdk::abi::Router<$contract> for $contract {
            type Storage = Self;

            fn route(storage: &mut Self, selector: u32, input: &[u8]) -> Option<$crate::Answer> {
                let input = $crate::Input::new(input);
                $crate::router::Contract::dispatch(storage, selector.to_be_bytes(), input)
            }

            fn receive(_: &mut Self) -> Option<Result<(), alloc::vec::Vec<u8>>> {
                None
            }

            fn fallback(_: &mut Self, _: &[u8]) -> Option<$crate::Answer> {
                None
            }

            fn constructor(storage: &mut Self, input: &[u8]) -> Option<$crate::Answer> {
                let input = $crate::Input::new(input);
                Some($crate::router::Contract::construct(storage, input))
            }
        }
    };
}
