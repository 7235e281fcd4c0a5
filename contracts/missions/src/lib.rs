//! The programs that carry missions and those that judge them, together in one process: *constitution*, *agent*, *statute*,
//! *collaboration*, *verification*, *guardian*, *treasury*, *adjudication* and *roster* run as on a chain, through their routers; the
//! other members of the city are doubles that answer what a test has set.
//!
//! [`City`] raises them and its people. [`law`] writes a statute byte by byte, on its own: it knows docs/statute.md and not the
//! code that reads pages. What a chain alone can show (gas, sizes, real keys of wallets) is shown on the devnode.

mod answers;
mod books;
mod city;
pub mod law;
mod panel;
mod people;
mod steps;

pub use answers::{Answers, DEPRECATED, code_of, service_of};
pub use books::Books;
pub use city::{Addressed, City, STRANGER, TOKEN, member, name_of};
pub use law::{NodeSpec, PredicateSpec, SeatSpec, Statute, rests};
pub use panel::number;
pub use people::{Folk, approval};
pub use steps::{Mission, input_of, output_of, salt_of, terms, trail_of};
