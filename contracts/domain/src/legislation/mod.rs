//! How a law comes about: what is voted, who bids, who is awarded, what is approved.
//!
//! Reading order: [`session`] (the seven messages and their deadlines), [`bid`] (who bids, and for how long), [`award`] (which bids may win a node, and which win it),
//! [`fairness`] (how seats are spread over principals), [`template`] (what a codified statute is held to), [`law`] (who must
//! approve it).
//!
//! Source: DESIGN §5; seed §3.4, B.10; RESOLUTIONS L, R-05.

pub mod award;
pub mod bid;
pub mod fairness;
pub mod law;
pub mod session;
pub mod template;
