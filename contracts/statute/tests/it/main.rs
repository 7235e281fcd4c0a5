//! Pages become law, or are refused for what they are: routes, deployments, seats, finalising, attacks, and random runs against
//! a naive model.

mod acceptance;
mod attacks;
mod city;
mod commands;
mod deploying;
mod finalising;
mod roles;
mod seating;
mod wire;
