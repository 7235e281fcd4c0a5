// What an alert or the queue of reviews asks for, from its row to a signature; and what is refused on the way.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { calm, complains, ethers, launch, open, says, text } from "./browser.mjs";
import { answers, example } from "./documents.mjs";
import { serve } from "./keeper.mjs";
import { asks, wallet, withWallet } from "./wallet.mjs";

const given = example();
const { chainId } = given.state.city;
const panel = given.state.city.members.find((one) => one.peer === "adjudication").address;
const [freeze] = given.state.freezes.open;
const [review, predicate] = given.state.reviews.items;
let browser;
before(async () => { browser = await launch(); });
after(async () => browser?.close());

const prepare = async (page, fields = {}) => {
  await page.waitForSelector("#reason");
  for (const [id, value] of Object.entries(fields)) await page.type(`#${id}`, value);
  await page.type("#reason", "The monitor was wrong.");
  await page.click(".editor-form .primary");
};
const sign = async (page, asked) => {
  await page.waitForSelector("#read:not([disabled])");
  await page.click("#read");
  await page.click("#sign");
  await page.waitForSelector(".signature");
  const { domain, types: { EIP712Domain, ...types }, message, primaryType } = JSON.parse(asks(asked, "eth_signTypedData_v4")[0].params[1]);
  assert.deepEqual([domain.chainId, domain.verifyingContract], [chainId, panel]);
  assert.equal(ethers.verifyTypedData(domain, types, message, await text(page, ".signature")), wallet.address);
  return { primaryType, message };
};

test("keys alone lead from an alert of a freeze to a signature that lifts it", async () => {
  const asked = [];
  const keeper = await serve(structuredClone(given.state), answers(given));
  const page = await open(browser, keeper, "alerts", { prepare: withWallet(asked, chainId) });
  const offer = `[data-key="act-unfreeze-node-${freeze.mission}-${freeze.node}-${freeze.freeze}"]`;
  await page.focus(offer);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#kind");
  await page.focus("#kind");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.type("The monitor was wrong.");
  await page.focus(".editor-form .primary");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.textContent.startsWith("2."));
  assert.equal(await page.$("#sign"), null, "nothing can be signed before it is said to be read");
  assert.deepEqual(asked, [], "the wallet was asked nothing so far");
  const { primaryType, message } = await sign(page, asked);
  assert.deepEqual([primaryType, message.missionId, message.node, message.freezeId, message.kind], ["UnfreezeNode", freeze.mission, String(freeze.node), String(freeze.freeze), "2"]);
  await page.waitForSelector("#send:not([disabled])");
  await page.click("#send");
  await says(page, "#editor", "Sent: 0x7a7a…7a7a");
  const sent = keeper.asked.filter((one) => one.method === "POST").map((one) => JSON.parse(one.body));
  assert.deepEqual(sent.map((one) => Object.keys(one)), [["action", "fields", "justification", "deadlineSecs"], ["file", "signatures"]]);
  calm(page);
  await page.end();
  await keeper.close();
});

test("a review is approved with its score or rejected without one, from its row in the queue", async () => {
  for (const [approved, fields, wanted] of [[1, { score: "850" }, { approved: true, score: "850", seat: "0" }], [0, {}, { approved: false, score: "0", seat: "0" }]]) {
    const asked = [];
    const keeper = await serve(structuredClone(given.state), answers(given));
    const page = await open(browser, keeper, "verification", { prepare: withWallet(asked, chainId) });
    await page.click(`[data-key="act-decide-review-${review.mission}-${review.node}-${review.attempt}-${approved}"]`);
    await prepare(page, fields);
    const { primaryType, message } = await sign(page, asked);
    assert.equal(primaryType, "DecideReview");
    assert.deepEqual({ approved: message.approved, score: message.score, seat: message.seat }, wanted);
    assert.deepEqual([message.missionId, message.node, message.attempt], [review.mission, String(review.node), String(review.attempt)]);
    calm(page);
    await page.end();
    await keeper.close();
  }
});

test("a score that is none, and an action without a reason, are refused before the keeper is asked", async () => {
  const keeper = await serve(structuredClone(given.state), answers(given));
  const page = await open(browser, keeper, `act/decide-review/${review.mission}/${review.node}/${review.attempt}/1`);
  await page.waitForSelector("#score");
  for (const [score, why] of [["", "A whole number"], ["1001", "A whole number up to 1000"], ["-1", "A whole number"], ["900", "It needs a reason"]]) {
    await complains(page, ["#score", score], why);
  }
  assert.deepEqual(keeper.asked.filter((one) => one.method === "POST"), []);
  await page.end();
  await keeper.close();
});

test("a keeper that prepares another action, or of another node, cannot have it signed", async () => {
  const usual = answers(given);
  for (const [what, lie] of [
    ["another freeze", (body) => ({ ...body, fields: { ...body.fields, freezeId: "8" } })], ["another mission", (body) => ({ ...body, fields: { ...body.fields, missionId: predicate.mission } })],
    ["a confirmation", ({ fields: { kind, ...fields }, ...body }) => ({ ...body, action: "confirm-freeze", fields })], ["another reason", (body) => ({ ...body, justification: "Because." })],
  ]) {
    const asked = [];
    const keeper = await serve(structuredClone(given.state), (method, path, query, body) => usual(method, path, query, path === "proposal" ? lie(body) : body));
    const page = await open(browser, keeper, `act/unfreeze-node/${freeze.mission}/${freeze.node}/${freeze.freeze}`, { prepare: withWallet(asked, chainId) });
    await prepare(page);
    await says(page, ".problem", "It cannot be signed here");
    assert.equal(await page.$("#read"), null, what);
    assert.deepEqual(asked, [], what);
    await page.end();
    await keeper.close();
  }
});

test("what waits for nobody any more is said to, and an address that is none leads back", async () => {
  const keeper = await serve(structuredClone(given.state), answers(given));
  const page = await open(browser, keeper, `act/unfreeze-node/${freeze.mission}/${freeze.node}/${freeze.freeze}`);
  await page.waitForSelector("#kind");
  assert.equal(await page.$(".view-act [role=status] .problem"), null);
  keeper.tell("freezes", { ...given.state.freezes, open: [] });
  await says(page, ".view-act .problem", "It does not wait for anybody");
  for (const route of ["act/halt-city", "act/unfreeze-node/0x12/4/7", `act/unfreeze-node/${freeze.mission}/4`, `act/decide-review/${freeze.mission}/3/1/2`]) {
    await page.evaluate((to) => { location.hash = `#/${to}`; }, route);
    await says(page, ".view-act .empty", "This page prepares no such action");
  }
  calm(page);
  await page.end();
  await keeper.close();
});

test("the file can be kept, for a machine that the page is not on", async () => {
  const keeper = await serve(structuredClone(given.state), answers(given));
  const page = await open(browser, keeper, `act/clear-predicate/${predicate.mission}/${predicate.index}`);
  await page.evaluate(() => {
    window.kept = [];
    URL.createObjectURL = (blob) => { blob.text().then((one) => window.kept.push(one)); return "blob:kept"; };
  });
  await prepare(page);
  await page.waitForSelector("#read:not([disabled])");
  await page.click('[data-key="keep"]');
  const file = JSON.parse(await page.waitForFunction(() => window.kept[0]).then((one) => one.jsonValue()));
  assert.deepEqual([file.primaryType, file.override.action, file.override.signatures], ["ClearPredicate", "clear-predicate", []]);
  await page.end();
  await keeper.close();
});
