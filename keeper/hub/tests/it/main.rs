//! The log against naive models, against its own death, and against files and requests that were changed on purpose.

mod bundle;
mod chain;
mod http;
mod keep;
mod kill;
mod kinds;
mod mirror;
mod model;
mod query;
mod support;
