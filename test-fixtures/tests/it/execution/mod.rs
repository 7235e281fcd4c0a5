//! Missions on a strict devnode, by transactions alone: what honest people do, what nobody does, and what enemies do.

mod deployment;
mod farming;
mod gate;
mod money;
mod pages;
mod proofs;
mod replay;
mod scale;
mod seats;
mod silence;
mod story;
mod tokens;
mod vectors;

/// A number that the environment may set.
///
/// Panics when it is none: a run with another than asked for would mislead.
fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number"))
    })
}
