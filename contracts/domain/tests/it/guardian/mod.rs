//! Claims about what watches missions.

mod escalation;
mod freeze;
mod outage;
mod report;
mod stop;
