// Inclusion in an RFC 6962 tree, step by step, as RFC 9162 §2.1.3.2 verifies it. The tree hashes with Keccak-256 here, because that is what the
// roster checks on chain; the algorithm is that of the RFC with the hash as an argument.

import { concat, hex, keccak256, unhex } from "./hash.js";

const LEAF = Uint8Array.of(0);
const INNER = Uint8Array.of(1);
// A path has as many steps as the tree's size has bits.
const STEPS_MAX = 64;

const refuse = (why) => ({ holds: false, why, steps: [] });

/**
 * Whether `line` is at `index` of the tree of `size` leaves with this root.
 *
 * Answers `{ holds, why, leaf, steps, root }`; a step is `{ side, sibling, result }`, all hashes as hex, `side` where the sibling stands.
 */
export const verifyInclusion = ({ line, index, size, path, root }, hash = keccak256) => {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) {
    return refuse("the place is not in a tree of that size");
  }
  if (!Array.isArray(path) || path.length > STEPS_MAX) return refuse("the path is none, or too long");
  const siblings = path.map(unhex);
  const wanted = unhex(root);
  if (siblings.some((one) => one?.length !== 32) || wanted?.length !== 32) return refuse("a hash is not 32 bytes of hex");

  let node = hash(concat(LEAF, line));
  const leaf = hex(node);
  const steps = [];
  let fn = BigInt(index);
  let sn = BigInt(size - 1);
  for (const sibling of siblings) {
    if (sn === 0n) return { ...refuse("the path goes on above the root"), leaf, steps };
    const fromLeft = (fn & 1n) === 1n || fn === sn;
    node = hash(fromLeft ? concat(INNER, sibling, node) : concat(INNER, node, sibling));
    steps.push({ side: fromLeft ? "left" : "right", sibling: hex(sibling), result: hex(node) });
    if (fromLeft) {
      while ((fn & 1n) === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n) return { ...refuse("the path ends below the root"), leaf, steps };
  const found = hex(node);
  const holds = found === hex(wanted);
  return { holds, why: holds ? "the path leads to the root" : "the path leads to another root", leaf, steps, root: found };
};
