//! A session from the registrar's message to its end: identities, the proposal, bids open and sealed, stakes set aside and
//! released, silence at every state; roles and statements.

mod bids;
mod identity;
mod proposal;
mod release;
mod roles;
mod silence;
mod statements;
mod wire;
