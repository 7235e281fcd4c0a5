//! Keccak-256 for the compiler: type hashes are computed while the crate is compiled, so none is written by hand and no
//! program contains this. Programs hash through their host.

// structural file: a hash function; its numbers are the standard's

use alloy_primitives::B256;

/// Bytes absorbed between two permutations.
const RATE: usize = 136;
/// Lanes of the state.
const LANES: usize = 25;
const ROUNDS: usize = 24;

/// Keccak-256 of the strings, one after the other.
pub const fn keccak256(parts: &[&str]) -> B256 {
    let (mut state, mut at, mut i) = ([0u64; LANES], 0, 0);
    while i < parts.len() {
        let (bytes, mut j) = (parts[i].as_bytes(), 0);
        while j < bytes.len() {
            state = absorb(state, at, bytes[j]);
            at += 1;
            if at == RATE {
                state = permute(state);
                at = 0;
            }
            j += 1;
        }
        i += 1;
    }
    state = permute(absorb(absorb(state, at, 0x01), RATE - 1, 0x80));
    let (mut hash, mut i) = ([0; 32], 0);
    while i < hash.len() {
        hash[i] = (state[i / 8] >> (8 * (i % 8))) as u8;
        i += 1;
    }
    B256::new(hash)
}

/// The first four bytes of that: a function's selector, of its name with its types.
pub const fn selector(signature: &str) -> [u8; 4] {
    let hash = keccak256(&[signature]).0;
    [hash[0], hash[1], hash[2], hash[3]]
}

const fn absorb(mut state: [u64; LANES], at: usize, byte: u8) -> [u64; LANES] {
    state[at / 8] ^= (byte as u64) << (8 * (at % 8));
    state
}

/// Keccak-f\[1600\], as FIPS 202 §3 states it; round constants from its shift register, rotations and places from its walk.
const fn permute(mut a: [u64; LANES]) -> [u64; LANES] {
    let (mut register, mut round) = (1u8, 0);
    while round < ROUNDS {
        // θ
        let (mut c, mut x) = ([0u64; 5], 0);
        while x < 5 {
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
            x += 1;
        }
        let mut i = 0;
        while i < LANES {
            a[i] ^= c[(i + 4) % 5] ^ c[(i + 1) % 5].rotate_left(1);
            i += 1;
        }
        // ρ and π
        let (mut carried, mut x, mut y, mut t) = (a[1], 1, 0, 0u32);
        while t < 24 {
            (x, y) = (y, (2 * x + 3 * y) % 5);
            let place = x + 5 * y;
            let next = a[place];
            a[place] = carried.rotate_left(((t + 1) * (t + 2) / 2) % 64);
            carried = next;
            t += 1;
        }
        // χ
        let mut y = 0;
        while y < LANES {
            let row = [a[y], a[y + 1], a[y + 2], a[y + 3], a[y + 4]];
            let mut x = 0;
            while x < 5 {
                a[y + x] = row[x] ^ (!row[(x + 1) % 5] & row[(x + 2) % 5]);
                x += 1;
            }
            y += 5;
        }
        // ι
        let mut j = 0;
        while j < 7 {
            if register & 1 == 1 {
                a[0] ^= 1 << ((1u32 << j) - 1);
            }
            register = (register << 1) ^ (if register & 0x80 == 0 { 0 } else { 0x71 });
            j += 1;
        }
        round += 1;
    }
    a
}
