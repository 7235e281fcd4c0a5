//! Compares the devnode with anvil.
fn main() {}
