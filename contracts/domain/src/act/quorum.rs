//! How many of the panel: shares of `q` adjudicators, rounded up (RESOLUTIONS T5, D-02).

/// ⌈q/2⌉.
pub const fn half(q: u8) -> u8 {
    q.div_ceil(2) // structural: one half
}

/// ⌈2q/3⌉: what revokes, disburses, amends at high risk and seals a city.
pub const fn two_thirds(q: u8) -> u8 {
    let third = q / 3; // structural: thirds
    q - third
}

/// How many may be compromised while the others still outnumber them: the greatest f with 2f + 1 ≤ q.
pub const fn outnumbered(q: u8) -> u8 {
    q.saturating_sub(1) / 2 // structural: 2f + 1
}

/// How many may be compromised while the others can still revoke them: the greatest f with 3f + 1 ≤ q.
pub const fn revocable(q: u8) -> u8 {
    q.saturating_sub(1) / 3 // structural: 3f + 1
}

/// Whether those who remain honest can revoke, after as many were bribed as decide anything.
pub const fn honest_can_revoke(q: u8) -> bool {
    q - two_thirds(q) >= two_thirds(q)
}
