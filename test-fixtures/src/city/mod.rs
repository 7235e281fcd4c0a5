//! A whole city on a devnode of its own: deployed, signed, sealed, wired, and peopled as a test asks.
//!
//! Reading order: [`person`] (keys from one seed), [`client`] (one connection for everybody), [`double`] (members that do not
//! exist yet), [`raise`] (from nothing to a wired city), [`life`] (people enrol, agents register).
//!
//! Every city prints its seed; `AGENTCITY_CITY_SEED` raises it again with other keys.

pub mod client;
pub mod double;
mod guard;
pub mod life;
pub mod person;
pub mod raise;

pub use client::{CallError, Client, Refusal};
pub use double::Double;
pub use person::Person;
pub use raise::{Asset, Charter, City, RaiseError, Site};
