// Documents that a keeper could serve: the published example, with what must be true of bytes made true (digests, proofs), and cities that are larger or worse.

import { readFileSync } from "node:fs";
import { concat, hex, keccak256, sha256, unhex, utf8 } from "../lib/hash.js";
import { typedDigest } from "../lib/typed.js";
import { wordOf } from "../lib/act.js";
import { NODE_STATES } from "../lib/states.js";

// An address in the letters that wallets demand (EIP-55), whatever letters a document has it in.
const spelt = (address) => {
  const digits = address.slice(2).toLowerCase();
  const by = hex(keccak256(utf8(digits))).slice(2);
  return `0x${[...digits].map((digit, at) => (parseInt(by[at], 16) > 7 ? digit.toUpperCase() : digit)).join("")}`;
};

/** The published example of each answer. */
export const example = () => JSON.parse(readFileSync(new URL("../example.json", import.meta.url), "utf8"), (_, value) => (typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value) ? spelt(value) : value));

/** Numbers that are the same in every run. */
export const dice = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
};

const leafOf = (line) => keccak256(concat(Uint8Array.of(0), utf8(line)));
const inner = (left, right) => keccak256(concat(Uint8Array.of(1), left, right));
const split = (size) => 2 ** Math.floor(Math.log2(size - 1));

/** Root of leaves, as RFC 6962 §2.1 says it: not as the page verifies it. */
export const rootOf = (leaves) => (leaves.length === 1 ? leaves[0] : inner(rootOf(leaves.slice(0, split(leaves.length))), rootOf(leaves.slice(split(leaves.length)))));

/** Path of a leaf, as §2.1.1 says it. */
export const pathOf = (at, leaves) => {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return at < k ? [...pathOf(at, leaves.slice(0, k)), rootOf(leaves.slice(k))] : [...pathOf(at - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
};

/** A proof of an entry of a small log. */
export const proofOf = (place, size = 431, anchored = 420) => {
  const lines = Array.from({ length: size }, (_, at) => JSON.stringify({ entry: "event", sequence: at, type: at % 7 === 0 ? "TASK_COMPLETED" : "NODE_ROUTED", node: at % 9, gas: 90_000 + at }));
  const leaves = lines.map(leafOf);
  const early = leaves.slice(0, anchored);
  const given = example().proof;
  const root = hex(rootOf(early));
  return {
    ...given, place, size, line: lines[place], leaf: hex(leaves[place]), root: hex(rootOf(leaves)), path: pathOf(place, leaves).map(hex),
    anchor: { ...given.anchor, size: anchored, root }, anchorPath: place < anchored ? pathOf(place, early).map(hex) : null, onChain: { size: anchored, root },
  };
};

/** The structs of a city as the law's own page has them: `{ name, type }` of each field, by the struct's name. */
export const structs = () => {
  const text = readFileSync(new URL("../../../docs/signatures.md", import.meta.url), "utf8");
  const fields = (list) => list.split(",").map((field) => ({ name: field.split(" ")[1], type: field.split(" ")[0] }));
  return new Map([...text.matchAll(/^ {2}(\w+)\(([^)]+)\)$/gm)].map(([, name, list]) => [name, fields(list)]));
};

/** What a keeper answers to an action of the panel. */
export const actionOf = async (body, now) => {
  const { proposal } = example();
  const name = body.action.replace(/(^|-)(.)/g, (_, _dash, letter) => letter.toUpperCase());
  const own = structs().get(name);
  const text = utf8(body.justification);
  const deadline = now + (body.deadlineSecs ?? 604_800);
  const given = { ...body.fields, completionDigest: `0x${"c0".repeat(32)}`, justificationHash: hex(keccak256(text)), contentAddress: hex(await sha256(text)), deadline };
  const message = Object.fromEntries(own.map((field) => [field.name, field.type === "bool" || field.type === "address" ? given[field.name] : String(given[field.name])]));
  const typedData = { types: { EIP712Domain: proposal.typedData.types.EIP712Domain, [name]: own }, primaryType: name, domain: proposal.typedData.domain, message };
  const digest = typedDigest(typedData);
  const payload = hex(concat(...own.map((field) => unhex(wordOf(message[field.name])))));
  return {
    ...proposal, typedData, digest, deadline, fileName: `${body.action}-${digest.slice(2, 10)}.json`,
    file: { ...typedData, override: { ...proposal.file.override, action: body.action, payload, digest, signatures: [] } },
    words: [{ key: "does", text: `${body.action} ${Object.values(body.fields).join(" ")}` }, ...proposal.words.slice(1)],
  };
};

/** What a keeper answers to a proposal: the example's, for what was asked. */
export const proposalOf = async (body, now) => {
  if (body.action !== undefined) return actionOf(body, now);
  const { proposal, parameters } = example();
  const parameter = parameters.items.find((one) => one.name === body.parameter);
  const text = utf8(body.justification);
  const deadline = now + (body.deadlineSecs ?? 604_800);
  const message = {
    parameter: String(parameter.id), oldValue: wordOf(parameter.value), newValue: wordOf(body.value), justificationHash: hex(keccak256(text)), contentAddress: hex(await sha256(text)), deadline: String(deadline),
  };
  const typedData = { ...proposal.typedData, message };
  const digest = typedDigest(typedData);
  const payload = hex(concat(...["parameter", "oldValue", "newValue", "justificationHash", "contentAddress", "deadline"].map((name) => unhex(wordOf(message[name])))));
  return {
    ...proposal, typedData, digest, deadline, file: { ...proposal.file, message, override: { ...proposal.file.override, payload, digest, signatures: [] } },
    words: [{ key: "does", text: `changes ${parameter.name} from ${parameter.value} to ${body.value}` }, ...proposal.words.slice(1)],
  };
};

/** What it answers to signatures over it. */
export const submissionOf = (body, needed = 1) => ({
  ...example().submission, digest: body.file.override.digest, to: body.file.domain.verifyingContract, data: `0x12345678${body.file.override.payload.slice(2)}${body.signatures.map((one) => one.signature.slice(2)).join("")}`,
  signers: body.signatures.map((one) => one.signer), missing: Math.max(0, needed - body.signatures.length), file: { ...body.file, override: { ...body.file.override, signatures: body.signatures } },
});

/** A mission of many nodes, each with one to three before it that are near. */
export const large = (count, seed = 7) => {
  const { mission } = example();
  const random = dice(seed);
  const edges = [];
  for (let node = 1; node < count; node += 1) {
    const befores = new Set(Array.from({ length: 1 + Math.floor(random() * 3) }, () => Math.max(0, node - 1 - Math.floor(random() ** 2 * 160))));
    for (const before of befores) edges.push([before, node]);
  }
  const names = ["fetch", "parse", "classify", "merge", "report", "check"];
  const begin = mission.block.time - 7200;
  const nodes = Array.from({ length: count }, (_, ordinal) => {
    const part = ordinal / count;
    const state = part < 0.55 ? "COMPLETED" : part > 0.75 ? "WAITING" : NODE_STATES[Math.floor(random() * NODE_STATES.length)].id;
    const at = begin + Math.floor(part * 7000);
    return {
      ...mission.nodes[0], ordinal, state, label: `${names[ordinal % names.length]}-${ordinal}`, since: at + 40, expiresAt: state === "EXECUTING" ? mission.block.time + 300 : null, seats: [],
      transitions: state === "WAITING" ? [] : [["ELIGIBLE", at], ["EXECUTING", at + 8], ...(state === "EXECUTING" ? [] : [[state, at + 40]])],
    };
  });
  return { ...mission, nodes, edges };
};

/** The usual answers over the documents. */
export const answers = (given = example(), { missions = {}, needed = 1 } = {}) => async (method, path, query, body) => {
  if (path === "state") return { body: given.state };
  if (path.startsWith("missions/")) {
    const id = path.slice(9);
    if (missions[id]) return { body: missions[id] };
    return id === given.mission.id ? { body: given.mission } : { status: 404, body: { error: { code: "dashboard/no-mission", message: `there is no mission ${id}`, do: "take an id of `missions`" } } };
  }
  if (path === "parameters") return { body: given.parameters };
  if (path === "proof") return { body: proofOf(Number(query.get("place") ?? 419)) };
  if (path === "proposal" && method === "POST") return { body: await proposalOf(body, given.state.city.now) };
  if (path === "submission" && method === "POST") return { body: submissionOf(body, needed) };
  return undefined;
};
