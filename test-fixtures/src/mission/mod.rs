//! A mission on the devnode: from what people mean to law, by transactions alone.
//!
//! Reading order: [`graph`] (which task waits for which, drawn by a seed), [`plan`] (tasks, their edges and terms, and the pages
//! they become), [`stage`] (a city with real programs for the execution and doubles for who legislates and judges, and the
//! people of a mission), [`deploy`] (reserves, law, mission, money, pages, seats, activation, and what each transaction cost),
//! [`work`] (seats, routing, results, reviews, the gate), [`end`] (stakes, credits and funds, until nothing is left), [`result`] (what executors hand in, word by
//! word), [`scene`] (short words for what happens then).
//!
//! Members that a double stands for answer what [`stage`] lets them answer; everything else is what the programs do.

pub mod deploy;
pub mod end;
pub mod graph;
pub mod plan;
pub mod result;
pub mod scene;
pub mod stage;
pub mod work;

pub use deploy::{Charge, Law, Share, created, print};
pub use end::Books;
pub use graph::Graph;
pub use plan::{Plan, Task, Written};
pub use scene::{Scene, seconds, told};
pub use stage::{Executor, MissionError, Stage, charter};
pub use work::{Job, Signed, Step};
