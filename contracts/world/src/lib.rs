//! An in-process chain on which the contracts' own tests run several of them together.
