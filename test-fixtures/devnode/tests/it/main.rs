//! The protocol as seen from a socket: HTTP, WebSocket, subscriptions, filters, faults, limits, and the process itself.

mod client;
mod events;
mod http;
mod process;
mod websocket;
