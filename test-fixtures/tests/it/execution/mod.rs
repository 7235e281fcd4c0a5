//! Missions on a strict devnode, by transactions alone.

mod deployment;
mod replay;
mod scale;
mod story;

/// A number that the environment may set.
///
/// Panics when it is none: a run with another than asked for would mislead.
fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number"))
    })
}
