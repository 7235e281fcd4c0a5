//! Prints the interface, as the official client asks for it.
#![cfg_attr(not(any(test, feature = "export-abi")), no_main)]

#[cfg(feature = "export-abi")]
fn main() {
    official_client_cell::print_from_args();
}
