//! Kinds of refusals, by number.

// structural file: numbers in a layout that no contract stores or shows.

/// [`Why::UnknownMission`](super::Why::UnknownMission)
pub const UNKNOWN_MISSION: u8 = 1;
/// [`Why::UnknownNode`](super::Why::UnknownNode)
pub const UNKNOWN_NODE: u8 = 2;
/// [`Why::MissionState`](super::Why::MissionState)
pub const MISSION_STATE: u8 = 3;
/// [`Why::NodeState`](super::Why::NodeState)
pub const NODE_STATE: u8 = 4;
/// [`Why::Halted`](super::Why::Halted)
pub const HALTED: u8 = 5;
/// [`Why::TooEarly`](super::Why::TooEarly)
pub const TOO_EARLY: u8 = 6;
/// [`Why::TooLate`](super::Why::TooLate)
pub const TOO_LATE: u8 = 7;
/// [`Why::Done`](super::Why::Done)
pub const DONE: u8 = 8;
/// [`Why::Seats`](super::Why::Seats)
pub const SEATS: u8 = 9;
/// [`Why::Refinements`](super::Why::Refinements)
pub const REFINEMENTS: u8 = 10;
/// [`Why::Depth`](super::Why::Depth)
pub const DEPTH: u8 = 11;
/// [`Why::Disputed`](super::Why::Disputed)
pub const DISPUTED: u8 = 12;
/// [`Why::Order`](super::Why::Order)
pub const ORDER: u8 = 13;
