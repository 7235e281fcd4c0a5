//! One id for the chain from an event to a transaction.
//!
//! The id of an action is the first half of its idempotency key, so it is the same after a restart, at another keeper of the same
//! journal, and for whoever computes the key; it has the shape of a W3C trace id. An action that follows from the end of another names
//! that one's id under `after`.

use std::fmt;

use alloy::primitives::hex;

use crate::{event::Event, journal::ActionKey};

/// The id of what an action is about, in 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trace(pub ActionKey);

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0.0[..16]))
    }
}

/// The id of the action whose end an event is; empty for any other.
pub(super) fn after(event: &Event) -> String {
    match event {
        Event::Ended { action, .. } => Trace(action.key()).to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::B256;

    #[test]
    fn it_is_the_first_half_of_the_key() {
        let mut key = B256::repeat_byte(0xab);
        key[15] = 1;
        key[16] = 2;
        let trace = Trace(ActionKey(key)).to_string();
        assert_eq!(trace, format!("{}01", "ab".repeat(15)));
        assert!(format!("{key:#x}").contains(&trace));
    }
}
