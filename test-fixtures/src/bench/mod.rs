//! The comparison with the peer.
