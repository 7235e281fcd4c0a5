//! An agent's policy, its secrets under death at every point, and law that clerks and agents make alone.

mod fuzz;
mod hand;
mod law;
mod policy;
mod vault;
