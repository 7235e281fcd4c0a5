// From a wish to a signature, with a wallet that is one in all but its window: what a person reaches by keys alone, and what is refused.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { calm, complains, ethers, launch, open, says, text } from "./browser.mjs";
import { answers, example } from "./documents.mjs";
import { serve } from "./keeper.mjs";
import { asks, wallet, withWallet } from "./wallet.mjs";

const given = example();
const { chainId } = given.state.city;
const panel = given.state.city.members.find((one) => one.peer === "adjudication").address;
let browser;
before(async () => { browser = await launch(); });
after(async () => browser?.close());

const prepare = async (page, value = "120") => {
  await page.waitForSelector("#value");
  await page.$eval("#value", (field) => { field.value = ""; });
  await page.type("#value", value);
  await page.type("#reason", "Newcomers should have had one good month.");
  await page.click(".editor-form .primary");
};

test("keys alone lead from the table to a signature that the signer's address comes back from", async () => {
  const asked = [];
  const keeper = await serve(structuredClone(given.state), answers(given, { needed: 1 }));
  const page = await open(browser, keeper, "parameters", { prepare: withWallet(asked, chainId) });
  await page.waitForSelector('[data-key="amend-reputationFloor"]');
  await page.keyboard.press("/");
  await page.keyboard.type("reputationFloor");
  const tabTo = async (wanted) => {
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((selector) => document.activeElement.matches(selector), wanted)) return;
    }
    assert.fail(`no way to ${wanted} by Tab`);
  };
  await tabTo('[data-key="amend-reputationFloor"]');
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "value");
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.type("120");
  await tabTo("#reason");
  await page.keyboard.type("Newcomers should have had one good month.");
  await tabTo(".editor-form .primary");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.textContent.startsWith("2."));
  assert.ok((await text(page, ".words")).includes("changes reputationFloor from 100 to 120"));
  assert.equal(await page.$("#sign"), null, "nothing can be signed before it is said to be read");
  assert.deepEqual(asked, [], "the wallet was asked nothing so far");
  await tabTo("#read");
  await page.keyboard.press("Space");
  await tabTo("#sign");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".signature");
  const [{ params: [from, typed] }] = asks(asked, "eth_signTypedData_v4");
  assert.equal(from, wallet.address);
  const { domain, types: { EIP712Domain, ...types }, message } = JSON.parse(typed);
  assert.equal(EIP712Domain.length, 4);
  assert.deepEqual([domain.chainId, domain.verifyingContract, message.parameter, BigInt(message.newValue)], [chainId, panel, "13", 120n]);
  assert.equal(ethers.verifyTypedData(domain, types, message, await text(page, ".signature")), wallet.address);
  // Only the signature went to the keeper, and it hands in what was signed.
  await page.waitForSelector("#send:not([disabled])");
  const sent = keeper.asked.filter((one) => one.method === "POST").map((one) => JSON.parse(one.body));
  assert.deepEqual(sent.map((one) => Object.keys(one)), [["parameter", "value", "justification", "deadlineSecs"], ["file", "signatures"]]);
  await tabTo("#send");
  await page.keyboard.press("Enter");
  await says(page, "#editor", "Sent: 0x7a7a…7a7a");
  const [{ params: [transaction] }] = asks(asked, "eth_sendTransaction");
  assert.deepEqual([transaction.to, transaction.value, transaction.chainId], [panel, "0x0", `0x${chainId.toString(16)}`]);
  calm(page);
  await page.end();
  await keeper.close();
});

test("a wallet on another chain is asked for no signature", async () => {
  const asked = [];
  const keeper = await serve(structuredClone(given.state), answers(given));
  const page = await open(browser, keeper, "parameters/reputationFloor", { prepare: withWallet(asked, 1) });
  await prepare(page);
  await page.waitForSelector("#read:not([disabled])");
  await page.click("#read");
  await page.click("#sign");
  await says(page, ".problem", `the wallet is on chain 1, this city is on ${chainId}`);
  assert.deepEqual(asks(asked, "eth_signTypedData_v4"), []);
  assert.equal(await page.$(".signature"), null);
  await page.end();
  await keeper.close();
});

test("a keeper that prepares something else than what was asked cannot have it signed", async () => {
  const usual = answers(given);
  for (const [what, lie] of [
    ["another value", (body) => ({ ...body, value: 121 })], ["another reason", (body) => ({ ...body, justification: "Because." })], ["another parameter", (body) => ({ ...body, parameter: given.parameters.items.find((one) => one.name !== "reputationFloor" && typeof one.value === "number" && one.amendable).name })],
  ]) {
    const asked = [];
    const keeper = await serve(structuredClone(given.state), (method, path, query, body) => usual(method, path, query, path === "proposal" ? lie(body) : body));
    const page = await open(browser, keeper, "parameters/reputationFloor", { prepare: withWallet(asked, chainId) });
    await prepare(page);
    await says(page, ".problem", "It cannot be signed here");
    assert.equal(await page.$("#read"), null, what);
    assert.deepEqual(asked, [], what);
    await page.end();
    await keeper.close();
  }
});

test("a transaction that does not carry what was signed, or goes elsewhere, is not sent", async () => {
  const usual = answers(given);
  const keeper = await serve(structuredClone(given.state), async (...asked) => {
    const answer = await usual(...asked);
    return asked[1] === "submission" ? { body: { ...answer.body, to: `0x${"66".repeat(20)}` } } : answer;
  });
  const page = await open(browser, keeper, "parameters/reputationFloor", { prepare: withWallet([], chainId) });
  await prepare(page);
  await page.waitForSelector("#read:not([disabled])");
  await page.click("#read");
  await page.click("#sign");
  await page.waitForSelector("#send[disabled]");
  assert.equal(await page.$$eval("#editor .findings .bad", (list) => list.length), 1);
  await page.end();
  await keeper.close();
});

test("values out of range, the present one, and amendments without a reason are refused before the keeper is asked", async () => {
  const keeper = await serve(structuredClone(given.state), answers(given));
  const page = await open(browser, keeper, "parameters/reputationFloor");
  await page.waitForSelector("#value");
  for (const [value, why] of [["501", "From 0 to 500"], ["-1", "A whole number"], ["1e2", "A whole number"], ["100", "the present value"], ["120", "needs a reason"]]) {
    await complains(page, ["#value", value], why);
  }
  assert.deepEqual(keeper.asked.filter((one) => one.method === "POST"), []);
  await page.end();
  await keeper.close();
});

test("without a wallet the file can be kept, and says how to sign it elsewhere", async () => {
  const keeper = await serve(structuredClone(given.state), answers(given));
  const page = await open(browser, keeper, "parameters/reputationFloor");
  await page.evaluate(() => {
    window.kept = [];
    URL.createObjectURL = (blob) => { blob.text().then((one) => window.kept.push(one)); return "blob:kept"; };
  });
  await prepare(page);
  await page.waitForSelector("#read:not([disabled])");
  await page.click('[data-key="keep"]');
  const file = JSON.parse(await page.waitForFunction(() => window.kept[0]).then((one) => one.jsonValue()));
  assert.deepEqual([file.primaryType, file.override.action, file.override.signatures], ["AmendParameter", "amend-parameter", []]);
  await page.click("#read");
  await says(page, "#editor code", "agentcity override sign");
  await page.end();
  await keeper.close();
});
