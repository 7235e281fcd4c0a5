//! A whole city on a devnode of its own: deployed, signed, sealed, wired, and peopled as a test asks.
//!
//! Reading order: [`person`] (keys from one seed), [`client`] (one connection for everybody), [`raise`] (from nothing to a
//! wired city), [`enter`] (into one that stands already), [`life`] (people enrol, agents register), [`panel`] (adjudicators decide), [`relay`] (several calls in one transaction).
//!
//! Every city prints its seed; `AGENTCITY_CITY_SEED` raises it again with other keys.

pub mod client;
pub mod enter;
pub mod life;
pub mod panel;
pub mod person;
pub mod raise;
pub mod relay;

pub use client::{CallError, Client, Refusal};
pub use enter::EnterError;
pub use panel::Act;
pub use person::Person;
pub use raise::{Asset, Charter, City, RaiseError, Site};
pub use relay::Relay;
