//! How law is made: the rules of *assembly*, *legislature* and *enactment*.
//!
//! | module | for |
//! |---|---|
//! | [`number`] | what petitions, sessions and proposals are called |
//! | [`petition`] | names under a wish for a session |
//! | [`proposal`] | what is put to the vote: sponsors, places on the ballot, reintroduction |
//! | [`election`] | the steps of a deliberation, and how each ends |
//! | [`debate`] | straw poll, speaking order, turns |
//! | [`ballot`] | rankings and their seals |
//! | [`tally`] | Copeland, then Minimax, then the earliest |
//! | [`collusion`] | ballots too much alike |
//! | [`voice`] | whose names, sponsorships and votes count |
//! | [`refused`] | why nothing changes |
//!
//! Functions change records in place and refuse with values; they see no storage and no clock, and hash through what they are
//! given.

pub mod ballot;
pub mod collusion;
pub mod debate;
pub mod election;
pub mod number;
pub mod petition;
pub mod proposal;
pub mod refused;
pub mod tally;
pub mod voice;
