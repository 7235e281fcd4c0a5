//! A law as people make it, on the devnode: from a wish for a session to what enactment stands by, by transactions alone.
//!
//! Reading order: [`deliberation`] (petition, proposal, sponsors, evidence, straw poll, statements, ballots, tally), [`session`]
//! (identities, bids, award, decision, template, validation, approvals), [`statements`] (each message by itself).
//!
//! Every message is signed by whoever has the office and relayed by somebody else, so nothing here is done by being somebody.

pub mod deliberation;
pub mod session;
pub mod statements;

pub use deliberation::Bill;
pub use session::TEMPLATE;
pub use statements::{Ballot, ranking};
