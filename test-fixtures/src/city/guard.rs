//! Keeps doubles out of shipped builds. A double speaks for a member of the city at its deployer's word: an authority that
//! no production code may have (RULINGS R14). Debug assertions are what tells a build for tests from one that is shipped.
//! The file stands alone, so that a test can give it to the compiler under both.

#[cfg(not(debug_assertions))]
compile_error!(
    "feature `doubles` of agentcity-test-fixtures is for tests: it cannot be built without debug assertions"
);
