//! What a city is founded on: who seals it, over what, and the norms of its domains. Its parameters are in
//! [`crate::parameter`].

pub mod norm;
pub mod page;
pub mod seal;
