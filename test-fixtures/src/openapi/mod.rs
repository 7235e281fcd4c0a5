//! An OpenAPI document held to a server that runs: [`Judge`] takes what is asked and answered, and says where the document says something
//! else, where it says less than it could, and what of it nobody has seen. The executors' protocol and the keeper's own are judged so.

mod change;
mod committed;
mod judge;
mod schema;

pub use self::{
    change::{Change, STRANGER, structural},
    committed::is_committed,
    judge::{Answered, Judge},
};
