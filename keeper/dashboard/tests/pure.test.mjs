// What needs no browser: hashes, proofs, typed data, layouts, the stream's parser, numbers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, keccak256, unhex, utf8 } from "../lib/hash.js";
import { verifyInclusion } from "../lib/merkle.js";
import { typedDigest, typeText } from "../lib/typed.js";
import { layout, neighbours, reach } from "../dag/layout.js";
import { parser, pause } from "../lib/stream.js";
import { count, percent, short, span, words } from "../lib/format.js";
import { FIELDS, findings } from "../lib/act.js";
import { actionOf, dice, example, large, pathOf, proofOf, proposalOf, rootOf, structs } from "./documents.mjs";
import { ethers } from "./browser.mjs";

test("Keccak-256 is that of another implementation, at every length around its block", () => {
  for (const length of [0, 1, 31, 32, 55, 135, 136, 137, 271, 272, 273, 1000]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31) & 0xff);
    assert.equal(hex(keccak256(bytes)), ethers.keccak256(bytes), `${length} bytes`);
  }
});

test("an entry of every place of trees of every small size is proved, and of no other place", () => {
  for (let size = 1; size <= 12; size += 1) {
    const lines = Array.from({ length: size }, (_, at) => utf8(`entry ${at}`));
    const leaves = lines.map((line) => keccak256(Uint8Array.of(0, ...line)));
    const root = hex(rootOf(leaves));
    for (let index = 0; index < size; index += 1) {
      const path = pathOf(index, leaves).map(hex);
      const proof = { line: lines[index], index, size, path, root };
      assert.equal(verifyInclusion(proof).holds, true, `${index} of ${size}`);
      assert.equal(verifyInclusion({ ...proof, line: utf8("another") }).holds, false);
      assert.equal(verifyInclusion({ ...proof, path: [...path, root] }).holds, false, "a longer path");
      if (path.length > 0) assert.equal(verifyInclusion({ ...proof, path: path.slice(1) }).holds, false, "a shorter path");
      for (let other = 0; other < size; other += 1) if (other !== index) assert.equal(verifyInclusion({ ...proof, index: other }).holds, false, `${index} of ${size} as ${other}`);
    }
  }
});

test("a proof that is no proof is refused without an exception", () => {
  const good = proofOf(5, 12, 9);
  const proof = { line: utf8(good.line), index: good.place, size: good.size, path: good.path, root: good.root };
  assert.equal(verifyInclusion(proof).holds, true);
  for (const change of [{ path: null }, { path: ["0x12"] }, { path: Array(65).fill(good.root) }, { index: -1 }, { index: 12 }, { index: 1.5 }, { size: 0 }, { size: 2 ** 60 }, { root: "root" }]) {
    assert.equal(verifyInclusion({ ...proof, ...change }).holds, false, JSON.stringify(change));
  }
});

test("the digest of typed data is that of another implementation", () => {
  const domain = { name: "AgentCity", version: "1", chainId: 412346, verifyingContract: `0x${"1a".repeat(20)}` };
  const types = { Act: [{ name: "id", type: "uint8" }, { name: "account", type: "address" }, { name: "tag", type: "bytes32" }, { name: "flag", type: "bool" }, { name: "note", type: "string" }, { name: "until", type: "uint64" }] };
  const message = { id: "7", account: `0x${"22".repeat(20)}`, tag: `0x${"33".repeat(32)}`, flag: true, note: "why", until: String(2n ** 64n - 1n) };
  const all = { EIP712Domain: [{ name: "name", type: "string" }, { name: "version", type: "string" }, { name: "chainId", type: "uint256" }, { name: "verifyingContract", type: "address" }], ...types };
  assert.equal(typedDigest({ types: all, primaryType: "Act", domain, message }), ethers.TypedDataEncoder.hash(domain, types, message));
  assert.equal(typeText(all, "Act"), ethers.TypedDataEncoder.from(types).encodeType("Act"));
  assert.throws(() => typedDigest({ types: all, primaryType: "Act", domain, message: { ...message, id: "256" } }), RangeError);
  for (const type of ["int32", "Act[]", "bytes4", "uint", "uint0"]) assert.throws(() => typedDigest({ types: { ...all, Act: [{ name: "id", type }] }, primaryType: "Act", domain, message }), TypeError, type);
});

test("a proposal is found good only if every byte of it follows from what was asked", async () => {
  const given = example();
  const parameter = given.parameters.items.find((one) => one.name === "reputationFloor");
  const now = given.state.city.now;
  const proposal = await proposalOf({ parameter: parameter.name, value: 120, justification: "Because." }, now);
  const fields = { parameter: [parameter.id, "parameter"], newValue: ["120", "new"], oldValue: [parameter.value, "old"] };
  const asked = { type: "AmendParameter", name: "an amendment", fields, justification: "Because.", least: now, most: now + 691_200 };
  const judge = async (one, wish = asked) => (await findings(one, wish, given.state.city)).filter((found) => !found.holds).length;
  assert.equal(await judge(proposal), 0);
  assert.ok(await judge(await proposalOf({ parameter: parameter.name, value: 121, justification: "Because." }, now)), "another value");
  assert.ok(await judge(await proposalOf({ parameter: parameter.name, value: 120, justification: "Otherwise." }, now)), "another reason");
  assert.ok(await judge(await proposalOf({ parameter: parameter.name, value: 120, justification: "Because.", deadlineSecs: 31_536_000 }, now)), "a year");
  for (const change of [{ chainId: 1 }, { verifyingContract: `0x${"00".repeat(20)}` }, { name: "AgentTown" }]) {
    assert.ok(await judge({ ...proposal, typedData: { ...proposal.typedData, domain: { ...proposal.typedData.domain, ...change } } }), JSON.stringify(change));
  }
  assert.ok(await judge({ ...proposal, digest: `0x${"ab".repeat(32)}` }), "another digest");
  assert.ok(await judge({ ...proposal, typedData: { ...proposal.typedData, primaryType: "HaltCity", types: { ...proposal.typedData.types, HaltCity: proposal.typedData.types.AmendParameter } } }), "another act");
  assert.ok(await judge(null));
});

test("the structs that can be signed here are the law's, and every field of one that was asked for is looked at", async () => {
  const given = example();
  const now = given.state.city.now;
  const law = structs();
  for (const [type, own] of Object.entries(FIELDS)) {
    const tail = ["bytes32 justificationHash", "bytes32 contentAddress", "uint64 deadline"];
    assert.deepEqual(law.get(type).map((field) => `${field.type} ${field.name}`), [...own.split(","), ...tail], type);
  }
  const mission = given.mission.id;
  const wishes = [
    ["freeze-node", "FreezeNode", { missionId: mission, node: "3", attempt: "1", agent: `0x${"ab".repeat(20)}` }], ["unfreeze-node", "UnfreezeNode", { missionId: mission, node: "3", freezeId: "12", kind: 1 }],
    ["confirm-freeze", "ConfirmFreeze", { missionId: mission, node: "3", freezeId: "12" }], ["decide-review", "DecideReview", { missionId: mission, node: "3", attempt: "1", approved: true, score: 900, seat: 0 }],
    ["clear-predicate", "ClearPredicate", { missionId: mission, index: "1" }],
  ];
  for (const [action, type, fields] of wishes) {
    const asked = { type, name: action, fields: Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, [value, field]])), justification: "Because.", least: now, most: now + 691_200 };
    const failing = async (body) => (await findings(await actionOf({ action, justification: "Because.", ...body }, now), asked, given.state.city)).filter((one) => !one.holds).map((one) => one.what);
    assert.deepEqual(await failing({ fields }), [], action);
    for (const [field, value] of Object.entries(fields)) {
      const other = typeof value === "boolean" ? !value : field === "missionId" ? `0x${"77".repeat(32)}` : field === "agent" ? `0x${"cd".repeat(20)}` : Number(value) + 1;
      assert.deepEqual(await failing({ fields: { ...fields, [field]: other } }), [field], action);
    }
  }
  // Lifting a freeze is none of confirming it.
  const asked = { type: "ConfirmFreeze", name: "it", fields: {}, justification: "Because.", least: now, most: now + 691_200 };
  const lift = await actionOf({ action: "unfreeze-node", fields: wishes[1][2], justification: "Because." }, now);
  assert.deepEqual((await findings(lift, asked, given.state.city)).filter((one) => !one.holds).map((one) => one.what), ["It is it, and nothing else"]);
});

test("a layout puts every node behind what leads to it, and no two on one place", () => {
  const { nodes, edges } = large(600, 3);
  const flat = Uint32Array.from(edges.flat());
  const placed = layout(nodes.length, flat);
  assert.equal(placed.cyclic, false);
  for (const [from, to] of edges) assert.ok(placed.x[from] < placed.x[to], `${from} → ${to}`);
  const places = new Set(nodes.map((_, at) => `${Math.round(placed.x[at])},${Math.round(placed.y[at])}`));
  assert.equal(places.size, nodes.length);
  const again = layout(nodes.length, flat);
  assert.deepEqual([...placed.y], [...again.y], "the same graph, the same picture");
});

test("circles, edges that lead out, and graphs of one layer are laid out, and too large ones refused", () => {
  assert.equal(layout(3, Uint32Array.of(0, 1, 1, 2, 2, 0)).cyclic, true);
  assert.equal(layout(2, Uint32Array.of(0, 9, 7, 1, 0, 0)).cyclic, false);
  const wide = layout(4000, new Uint32Array());
  assert.ok(wide.width > 0 && wide.height > 0 && wide.height < 12_000, "one layer is broken into columns");
  assert.deepEqual(layout(0, new Uint32Array()).width, 0);
  assert.throws(() => layout(20_001, new Uint32Array()), RangeError);
});

test("what can be reached is what a search one edge at a time finds", () => {
  const { nodes, edges } = large(200, 11);
  const after = neighbours(nodes.length, Uint32Array.from(edges.flat()), 0, 1);
  const naive = new Set([17]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [from, to] of edges) if (naive.has(from) && !naive.has(to)) grown = Boolean(naive.add(to));
  }
  assert.deepEqual([...reach(nodes.length, after, 17)].flatMap((one, at) => (one ? [at] : [])), [...naive].sort((a, b) => a - b));
});

test("a stream is understood however its bytes are cut", () => {
  const stream = utf8('id: 1\nevent: city\ndata: {"a":"é"}\n\n: alive\r\n\r\ndata: one\ndata:two\n\nevent: x\n\n');
  const random = dice(5);
  for (let run = 0; run < 50; run += 1) {
    const heard = [];
    const take = parser((name, data) => heard.push([name, data]));
    for (let at = 0; at < stream.length;) {
      const next = Math.min(stream.length, at + 1 + Math.floor(random() * 9));
      take(stream.slice(at, next));
      at = next;
    }
    assert.deepEqual(heard, [["city", '{"a":"é"}'], ["message", "one\ntwo"]]);
  }
});

test("an event without end is refused before it fills the memory", () => {
  const take = parser(() => {});
  const part = new Uint8Array(1 << 20).fill(97);
  assert.throws(() => { for (let at = 0; at < 10; at += 1) take(part); }, RangeError);
});

test("attempts to connect come later each time, and half a minute apart at most", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 40].map((attempt) => pause(attempt, 0)), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  assert.ok(pause(3, 1) >= 3000);
});

test("numbers, spans and names are told for people", () => {
  assert.deepEqual([count("123456789012345678901234567890"), count(0), count(null), count("x<1")], ["123,456,789,012,345,678,901,234,567,890", "0", "–", "x<1"]);
  assert.deepEqual([span(0), span(65), span(3_700), span(90_000), span(null)], ["0 s", "1 min 05 s", "1 h 01 min", "1 d 1 h", "–"]);
  assert.deepEqual([short(999), short(12_345), short(1_234_567), percent(9000), percent(3333), percent(null)], ["999", "12.3 k", "1.23 M", "90 %", "33.3 %", "–"]);
  assert.deepEqual([words("PENDING_REVIEW"), words("ToolLimit"), words(null)], ["Pending review", "Tool limit", "–"]);
  assert.equal(unhex("0x0g"), null);
});
