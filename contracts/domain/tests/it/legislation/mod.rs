//! Claims about how a law comes about.

mod award;
mod fairness;
mod session;
mod template;
