// Keccak-256, and hexadecimal. WebCrypto has SHA-256 and no Keccak; the keeper's log and EIP-712 use it, so it is here, as FIPS 202
// draws it with the padding that came before the standard.

const RATE = 136;
const ROTATIONS = [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];
// Where the lane at x + 5y goes: to y + 5(2x + 3y).
const GOES = ROTATIONS.map((_, at) => (at - (at % 5)) / 5 + 5 * ((2 * (at % 5) + 3 * ((at - (at % 5)) / 5)) % 5));

// The constants of its rounds, each as its low and its high half, by the register that defines them.
const CONSTANTS = (() => {
  const found = new Int32Array(48);
  let register = 1;
  for (let round = 0; round < 24; round += 1) {
    for (let power = 0; power < 7; power += 1) {
      const bit = (1 << power) - 1;
      if (register & 1) found[2 * round + (bit >> 5)] ^= 1 << (bit & 31);
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1;
    }
  }
  return found;
})();

// Lanes of 64 bits are pairs of 32, the low half first.
const permute = (a) => {
  const c = new Int32Array(10);
  const b = new Int32Array(50);
  for (let round = 0; round < 24; round += 1) {
    for (let at = 0; at < 10; at += 1) c[at] = a[at] ^ a[at + 10] ^ a[at + 20] ^ a[at + 30] ^ a[at + 40];
    for (let x = 0; x < 5; x += 1) {
      const [left, right] = [2 * ((x + 4) % 5), 2 * ((x + 1) % 5)];
      const low = c[left] ^ ((c[right] << 1) | (c[right + 1] >>> 31));
      const high = c[left + 1] ^ ((c[right + 1] << 1) | (c[right] >>> 31));
      for (let at = 2 * x; at < 50; at += 10) {
        a[at] ^= low;
        a[at + 1] ^= high;
      }
    }
    for (let lane = 0; lane < 25; lane += 1) {
      const by = ROTATIONS[lane] & 31;
      // A turn by 32 and more begins with the halves changed.
      const swap = ROTATIONS[lane] >> 5;
      const [low, high, to] = [a[2 * lane + swap], a[2 * lane + 1 - swap], 2 * GOES[lane]];
      b[to] = by === 0 ? low : (low << by) | (high >>> (32 - by));
      b[to + 1] = by === 0 ? high : (high << by) | (low >>> (32 - by));
    }
    for (let row = 0; row < 50; row += 10) {
      for (let at = 0; at < 10; at += 1) a[row + at] = b[row + at] ^ (~b[row + ((at + 2) % 10)] & b[row + ((at + 4) % 10)]);
    }
    a[0] ^= CONSTANTS[2 * round];
    a[1] ^= CONSTANTS[2 * round + 1];
  }
};

/** Keccak-256 of bytes, as bytes. */
export const keccak256 = (bytes) => {
  const padded = new Uint8Array((Math.floor(bytes.length / RATE) + 1) * RATE);
  padded.set(bytes);
  padded[bytes.length] |= 0x01;
  padded[padded.length - 1] |= 0x80;
  const view = new DataView(padded.buffer);
  const state = new Int32Array(50);
  for (let at = 0; at < padded.length; at += RATE) {
    for (let half = 0; half < RATE / 4; half += 1) state[half] ^= view.getInt32(at + 4 * half, true);
    permute(state);
  }
  const out = new DataView(new ArrayBuffer(32));
  for (let half = 0; half < 8; half += 1) out.setInt32(4 * half, state[half], true);
  return new Uint8Array(out.buffer);
};

/** SHA-256 of bytes, by the browser. */
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** `0x…` of bytes. */
export const hex = (bytes) => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** Bytes of `0x…`, or null if it is none. */
export const unhex = (text) => {
  if (typeof text !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(text)) return null;
  return Uint8Array.from(text.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
};

/** One after another. */
export const concat = (...parts) => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
};

export const utf8 = (text) => new TextEncoder().encode(text);
