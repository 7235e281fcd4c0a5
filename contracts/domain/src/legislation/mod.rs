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
//! | [`session`] | the seven messages and their deadlines |
//! | [`bid`] | who bids, and for how long |
//! | [`award`] | which bids may win a node, and which win it |
//! | [`fairness`] | how seats are spread over principals |
//! | [`template`] | what a codified statute is held to |
//! | [`law`] | who must approve it |
//! | [`refused`] | why nothing changes |
//!
//! Functions change records in place and refuse with values; they see no storage and no clock, and hash through what they are
//! given.

pub mod award;
pub mod ballot;
pub mod bid;
pub mod collusion;
pub mod debate;
pub mod election;
pub mod fairness;
pub mod law;
pub mod number;
pub mod petition;
pub mod proposal;
pub mod refused;
pub mod session;
pub mod tally;
pub mod template;
pub mod voice;
