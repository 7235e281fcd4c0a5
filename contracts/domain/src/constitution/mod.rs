//! What a city is founded on: who seals it, over what ([`seal`]), and the norms of its domains ([`norm`]). Its parameters
//! are in [`parameter`](crate::parameter).

pub mod norm;
mod refused;
pub mod seal;
