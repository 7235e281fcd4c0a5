//! A mission on the devnode: from what people mean to everybody's money, by transactions alone.
//!
//! Reading order: [`graph`] (which task waits for which, drawn by a seed), [`plan`] (tasks, their edges and terms, and the pages
//! they become), [`stage`] (a city and the people of a mission), [`panel`] (what adjudicators decide), [`monitors`] (who watches),
//! [`crate::legislation`] (how a plan becomes law), [`deploy`] (mission, money, pages, seats, activation, and what each transaction
//! cost), [`work`] (seats, routing, results, reviews, the gate), [`end`] (stakes, credits and funds, until nothing is left), [`result`]
//! (what executors hand in, word by word), [`scene`] (short words for what happens then).

pub mod deploy;
pub mod end;
pub mod graph;
pub mod monitors;
pub mod panel;
pub mod plan;
pub mod result;
pub mod scene;
pub mod stage;
pub mod work;

pub use crate::city::Charter;
pub use deploy::{Charge, Law, Share, created, print};
pub use end::Books;
pub use graph::Graph;
pub use monitors::Watcher;
pub use plan::{Plan, Task, Written};
pub use scene::{Scene, seconds, told};
pub use stage::{Executor, MissionError, Stage};
pub use work::{Job, Signed, Step};
