//! Pages that ship, so that the mission runs without a network. They were written for it and are in the public domain (CC0).

/// A page that ships.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called behind `corpus:`.
    pub name: &'static str,
    /// What its file holds.
    pub bytes: &'static [u8],
}

macro_rules! entries {
    ($($name:literal),+ $(,)?) => {
        &[$(Entry {
            name: $name,
            bytes: include_bytes!(concat!("../corpus/", $name)),
        }),+]
    };
}

/// All of them.
pub const ENTRIES: &[Entry] = entries![
    "borrowed-buffers.html",
    "bridge-loan.html",
    "cellar-concert.html",
    "cup-night.html",
    "dialysis-by-ferry.html",
    "eel-ladder.html",
    "flat-prices.html",
    "late-shingles.html",
    "long-run.html",
    "lost-fresco.html",
    "night-deploy.html",
    "peat-and-cranes.html",
];
