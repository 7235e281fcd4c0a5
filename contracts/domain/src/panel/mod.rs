//! The Override Panel: what of a signed action may be carried out, when, and by whom.
//!
//! | file | says |
//! |---|---|
//! | [`queue`] | where an action stands: carried out once, or queued, withdrawn, lapsed (R23, D-26) |
//! | [`demand`] | how many sign it and how long it waits now (T5, A4) |
//! | [`rotation`] | who may decide again (D-11, D-12, R12) |
//! | [`interest`] | who may not decide here (D-13) |
//! | [`audit`] | what the senior adjudicator may do alone (D-08, K9) |
//!
//! The rows are in [`crate::act`], the structs in [`crate::signed::panel`].

pub mod audit;
pub mod demand;
pub mod interest;
pub mod queue;
pub mod rotation;
