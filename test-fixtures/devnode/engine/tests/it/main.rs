//! What the engine promises, shown on small programs and random transactions.

mod arbos;
mod calls;
mod differential;
mod entering;
mod failing;
mod kit;
mod rules;
mod schedule;
mod storage;
mod tracing;
mod world;
