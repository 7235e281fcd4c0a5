//! Prints the interface that the program exports, for `cargo stylus export-abi`.

fn main() {
    agentcity_token::print_from_args();
}
