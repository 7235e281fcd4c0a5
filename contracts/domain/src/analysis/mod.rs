//! What can be said about the law beforehand: probabilities and rates of the seed's own analysis, in floats, but for [`economy`]. Only
//! for reports and the command line: the feature `analysis` is off where programs are built, and no rule reads it.
//!
//! | file | of |
//! |---|---|
//! | [`anchoring`] | how often a log is anchored |
//! | [`economy`] | what stakes deter, and whether the funds last |
//! | [`watchdog`] | how often an honest adjudicator is flagged |

pub mod anchoring;
pub mod economy;
pub mod watchdog;
