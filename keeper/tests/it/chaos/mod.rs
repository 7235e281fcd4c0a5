//! Chaos: keepers as processes, ended by SIGKILL at seeded points and at random times over whole missions, and what the chain says
//! afterwards. The other scenarios of `cargo xtask chaos` are where what they disturb is tested; those that were nowhere are in [`drills`].
//!
//! Reading order: [`life`] (a process and where it is to die), [`way`] (what counts its requests),
//! [`ground`] (a city, its executors, the keepers' files), [`effects`] (what a mission left on the chain), [`kills`] (the run itself).

mod drills;
mod effects;
mod ground;
mod kills;
mod life;
mod way;
