// What each view shows of what the keeper said, and what the page does when it says nonsense, worse, or nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { calm, go, launch, open, says, text, told } from "./browser.mjs";
import { answers, example } from "./documents.mjs";
import { serve } from "./keeper.mjs";

let browser;
let keeper;
const given = example();
const { state } = given;
before(async () => {
  browser = await launch();
  keeper = await serve(structuredClone(state), answers(given));
});
after(async () => {
  await browser?.close();
  await keeper?.close();
});

const rows = (page, caption) => page.$$eval(`[aria-label="${caption}"] tbody tr`, (list) => list.map((row) => [...row.cells].map((cell) => cell.textContent.replace(/\s+/g, " ").trim())));

test("the twelve metrics are shown, each with its value, its condition, and whether it alerts", async () => {
  const page = await open(browser, keeper);
  const cards = await page.$$eval(".metric", (list) => list.map((one) => ({ id: one.dataset.metric, standing: one.querySelector(".standing").textContent, text: one.querySelector(".metric-text").textContent, rule: one.querySelector(".metric-rule").textContent })));
  assert.deepEqual(cards.map((one) => one.id), state.metrics.map((one) => one.id));
  assert.equal(cards.length, 12);
  for (const [at, metric] of state.metrics.entries()) {
    assert.equal(cards[at].standing, { true: "Alert", false: "Quiet", null: "Not judged" }[metric.alerting], metric.id);
    assert.equal(cards[at].text, metric.text);
    assert.ok(cards[at].rule.includes(metric.condition), metric.id);
  }
  assert.ok((await text(page, "#banner")).includes("Emergency stop"));
  calm(page);
  await page.end();
});

test("alerts stand in the keeper's rank, are filtered by severity, and a new one is announced", async () => {
  const own = await serve(structuredClone(state), answers(given));
  const page = await open(browser, own, "alerts");
  const ids = () => page.$$eval(".alert", (list) => list.map((one) => one.dataset.alert));
  assert.deepEqual(await ids(), state.alerts.items.map((one) => one.id));
  await page.click('.chip.critical');
  assert.deepEqual(await ids(), state.alerts.items.filter((one) => one.severity !== "critical").map((one) => one.id));
  await page.click('.chip.critical');
  const fresh = { ...state.alerts.items[0], id: "new", what: "The books of the treasury do not balance" };
  own.tell("alerts", { ...state.alerts, total: state.alerts.total + 1, items: [fresh, ...state.alerts.items] });
  await says(page, "#says-now", fresh.what);
  assert.equal((await ids())[0], "new");
  calm(page);
  await page.end();
  await own.close();
});

test("missions are listed, searched, filtered and sorted", async () => {
  const page = await open(browser, keeper, "missions");
  const listed = async () => (await rows(page, "Missions")).length;
  assert.equal(await listed(), state.missions.items.length);
  const wanted = state.missions.items[3];
  await page.type("input[type=search]", wanted.id.slice(0, 20));
  assert.equal(await listed(), 1);
  await page.$eval("input[type=search]", (field) => { field.value = ""; field.dispatchEvent(new Event("input")); });
  await page.select("select", "COMPLETED");
  assert.equal(await listed(), state.missions.items.filter((one) => one.state === "COMPLETED").length);
  await page.select("select", "");
  await page.click('[data-key="sort-gas"]');
  const sorted = await page.$$eval("tbody tr", (list) => list.map((row) => row.dataset.row));
  assert.equal(sorted[0], [...state.missions.items].sort((a, b) => (b.gas ?? 0) - (a.gas ?? 0))[0].id);
  assert.equal(await page.$eval("th:has([data-key=sort-gas])", (head) => head.ariaSort), "descending");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.key), "sort-gas", "the focus stays where it was");
  calm(page);
  await page.end();
});

test("freezes, tiers, reviews, gas, epochs, money, wiring and anchors show what the keeper said", async () => {
  const page = await open(browser, keeper, "freezes");
  assert.equal((await rows(page, "Open freezes"))[0][4], "Deviation");
  assert.equal((await page.$$(".column")).length, state.freezes.byTime.length);
  await go(page, "verification");
  assert.deepEqual(await page.$$eval("[data-tier] .big", (list) => list.map((one) => one.textContent)), state.verification.byTier.map((one) => (one.rateBps === null ? "–" : `${(one.rateBps / 100).toFixed(one.rateBps % 100 === 0 ? 0 : 1)} %`)));
  assert.equal((await page.$$("[data-review]")).length, state.reviews.items.length);
  assert.match(await text(page, "[data-review] .countdown"), /^\d+ (d|h|min|s)/);
  await go(page, "gas");
  assert.ok((await text(page, ".lead")).includes("18,428,000"));
  assert.equal((await page.$$(".bar-row")).length, state.gas.byContract.length);
  await go(page, "epochs");
  assert.equal((await rows(page, "Epochs"))[0][0], String(state.epochs.items[0].epoch));
  await go(page, "money");
  const lines = await page.$$eval("[data-line]", (list) => list.map((one) => [one.dataset.line, [...one.querySelectorAll(".verdict")].map((verdict) => verdict.textContent)]));
  assert.deepEqual(lines, state.money.lines.map((line) => [line.kind, ["holds", "holds"]]));
  await go(page, "wiring");
  assert.equal((await page.$$(".peer")).length, state.wiring.nodes.length);
  await page.$eval('[data-key="peer-collaboration"]', (peer) => peer.focus());
  await page.keyboard.press("Enter");
  assert.equal((await rows(page, "Permitted calls")).length, state.wiring.edges.filter((edge) => [edge.from, edge.to].includes("collaboration")).length);
  await go(page, "proofs");
  assert.equal((await rows(page, "Anchors")).length, state.log.anchors.length);
  calm(page);
  await page.end();
});

test("books that do not close are seen by the page itself, whatever the keeper says of them", async () => {
  const worse = structuredClone(state);
  worse.money.lines[0].held = String(BigInt(worse.money.lines[0].held) - 1n);
  const own = await serve(worse, answers(given));
  const page = await open(browser, own, "money");
  assert.deepEqual(await page.$$eval("[data-line] .checks", (list) => list.map((one) => [...one.querySelectorAll(".verdict")].map((verdict) => verdict.textContent)))
    .then((list) => list[0]), ["holds", "does not hold"]);
  await page.end();
  await own.close();
});

test("a proof is verified step by step in the browser, and a changed one is refused", async () => {
  let change = (proof) => proof;
  const usual = answers(given);
  const own = await serve(structuredClone(state), async (...asked) => {
    const answer = await usual(...asked);
    return asked[1] === "proof" ? { body: change(answer.body) } : answer;
  });
  const page = await open(browser, own, "proofs/419");
  await says(page, ".findings li", "is in the log of 431");
  assert.equal(await page.$$eval(".findings .good", (list) => list.length), 4);
  assert.equal((await page.$$(".climb:first-of-type .step")).length, 1 + 7);
  for (const [what, how] of [["entry", (proof) => ({ ...proof, line: `${proof.line} ` })], ["path", (proof) => ({ ...proof, path: [...proof.path].reverse() })], ["place", (proof) => ({ ...proof, place: 3 })], ["root", (proof) => ({ ...proof, onChain: { ...proof.onChain, root: proof.leaf } })]]) {
    change = how;
    own.asked.length = 0;
    await page.click("form .primary");
    await page.waitForFunction(() => document.querySelector(".findings .bad") !== null);
    assert.ok(own.asked.length > 0, what);
    change = (proof) => proof;
    await page.click("form .primary");
    await page.waitForFunction(() => document.querySelector(".findings") && !document.querySelector(".findings .bad"));
  }
  await page.$eval("#entry-of", (field) => { field.value = "0x12"; });
  await page.click("form .primary");
  await page.waitForSelector(".problem[role=alert]");
  calm(page);
  await page.end();
  await own.close();
});

test("names that are markup are letters, in every view", async () => {
  const evil = '<img src=x onerror="window.struck=1"><script>window.struck=1</script>"><svg onload=window.struck=1>';
  const poison = (value, key) => {
    if (Array.isArray(value)) return value.map((one) => poison(one, key));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, poison(one, name)]));
    // What decides how the picture is drawn stays, so that every view is drawn.
    return typeof value === "string" && !["id", "state", "severity", "mission"].includes(key) ? evil : value;
  };
  const mission = { ...given.mission, nodes: given.mission.nodes.map((node) => ({ ...poison(node), state: node.state, transitions: node.transitions })) };
  const own = await serve(poison(state), answers({ ...given, state: poison(state), mission, parameters: { ...poison(given.parameters), items: given.parameters.items.map((one) => ({ ...one, text: evil, unit: evil, source: evil })) } }));
  const page = await open(browser, own);
  for (const route of ["overview", "alerts", "missions", `mission/${given.mission.id}`, "freezes", "verification", "gas", "money", "epochs", "proofs/419", "wiring", "parameters/reputationFloor", `mission/${encodeURIComponent(evil)}`]) {
    await go(page, route);
    await page.waitForFunction(() => document.querySelector("main").textContent.length > 20);
    assert.equal(await page.$$eval("main img, main script, main svg[onload], main iframe", (list) => list.length), 0, route);
  }
  assert.equal(await page.evaluate(() => window.struck), undefined);
  assert.ok((await page.evaluate(() => document.body.textContent)).includes("onerror"), "it is shown as it is");
  assert.deepEqual(page.foreign, []);
  await page.end();
  await own.close();
});

test("sections that are not what the protocol says stop no other", async () => {
  const own = await serve(structuredClone(state), answers(given));
  const page = await open(browser, own);
  for (const [name, value] of [["metrics", { no: 1 }], ["alerts", { items: null }], ["missions", {}], ["freezes", []], ["money", { lines: null }]]) own.tell(name, value);
  own.tell("metrics", state.metrics.map((one) => ({ ...one, text: "still here" })));
  await says(page, ".metric-text", "still here");
  await page.end();
  await own.close();
});

test("a lost connection is said, what is old is marked, and all is well when the keeper is back", async () => {
  const own = await serve(structuredClone(state), answers(given));
  const page = await open(browser, own);
  own.refuse = 503;
  own.cut();
  await says(page, "#link", "Retry in");
  await says(page, "#stale", "Not connected");
  assert.ok(await page.evaluate(() => document.body.classList.contains("stale")));
  own.state.metrics = state.metrics.map((one) => ({ ...one, text: "told anew" }));
  own.refuse = null;
  await page.waitForFunction(() => {
    document.querySelector("#link").click();
    return document.querySelector("#link").dataset.text === "Live";
  }, { polling: 200 });
  await says(page, ".metric-text", "told anew");
  assert.equal(await page.$("#stale"), null);
  assert.equal(own.subscribers(), 1);
  await page.end();
  await own.close();
});

test("keys alone lead everywhere, and letters can be turned off", async () => {
  const page = await open(browser, keeper);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.outerHTML), '<a class="skip" href="#main">Skip to content</a>');
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await page.waitForSelector(".view-missions");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.type), "search");
  await page.keyboard.type("g");
  assert.ok(await page.$(".view-missions"), "what is typed into a field is no command");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  await page.click("dialog input[type=checkbox]");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("dialog[open]"));
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  assert.ok(await page.$(".view-missions"));
  const was = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.focus("#theme");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), was, "dark");
  await page.reload();
  await told(page);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark", "the choice is kept");
  calm(page);
  await page.end();
});
