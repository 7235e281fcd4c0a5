//! A mission on the devnode: from what people mean to everybody's money, by transactions alone.
//!
//! Reading order: [`graph`] (which task waits for which, drawn by a seed), [`plan`] (tasks, their edges and terms, and the pages
//! they become), [`stage`] (a city of real programs and the people of a mission), [`humans`] (who judges, for whom doubles stand),
//! [`crate::legislation`] (how a plan becomes law), [`deploy`] (mission, money, pages, seats, activation, and what each transaction
//! cost), [`work`] (seats, routing, results, reviews, the gate), [`end`] (stakes, credits and funds, until nothing is left), [`result`]
//! (what executors hand in, word by word), [`scene`] (short words for what happens then).

pub mod deploy;
pub mod end;
pub mod graph;
pub mod humans;
pub mod plan;
pub mod result;
pub mod scene;
pub mod stage;
pub mod work;

pub use deploy::{Charge, Law, Share, created, print};
pub use end::Books;
pub use graph::Graph;
pub use humans::charter;
pub use plan::{Plan, Task, Written};
pub use scene::{Scene, seconds, told};
pub use stage::{Executor, MissionError, Stage};
pub use work::{Job, Signed, Step};
