//! What `docs/results.md` tells of keepers, measured on a running city: divergence under injected faults ([`divergence`]), and how long the
//! chain lags behind an executor that is done ([`window`], timed by [`sequencer`]). Figures are printed a line each, as `result name=… key=value …`; a quick
//! form of each runs with all other tests, and claims what must hold however quick the machine is.

mod divergence;
mod sequencer;
mod window;
