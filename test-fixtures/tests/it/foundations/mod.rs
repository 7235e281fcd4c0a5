//! The foundations of a city, as compiled and deployed: who may do what, what it costs, and what outlives a year.

mod doubles;
