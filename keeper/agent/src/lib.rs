//! Who acts for an agent: it holds the keys and salts, and does what a policy file says (RULINGS K24, A10).
//!
//! ```text
//! chain ── look ──▶ mind (policy) ──▶ vault (secrets, promises) ──▶ journal ──▶ desk ── transaction
//!                                       ▲
//! keeper ──HTTP── executor's server ── hand (acceptances, commitments, reveals)
//! ```
//!
//! Reading order: [`policy`] (what the owner lets it do), [`vault`] (what is kept before it leaves, and what is never promised twice),
//! [`seen`] (what it knows of a session), [`mind`] (what it does next: synchronous, without clock or network), [`call`] (what that is on the
//! chain), [`desk`] (one pass after another), [`hand`] (what it answers to keepers), [`serve`] (how it is asked).
//!
//! It believes its own endpoint alone. A keeper that asks for a reveal is told what the chain says.
#![forbid(unsafe_code)]

pub mod call;
pub mod desk;
mod enter;
pub mod hand;
pub mod look;
pub mod mind;
pub mod policy;
pub mod seen;
pub mod serve;
pub mod vault;
