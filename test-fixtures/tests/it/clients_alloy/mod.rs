//! alloy's provider, over HTTP and WebSocket, against the devnode and against anvil: one dialect.

mod cheats;
mod filters;
mod mining;
mod reads;
mod subscriptions;
mod traces;
