// The page on a real keeper, walked by a browser. Who started this carries a mission on, and says by a line of JSON on stdin what the page must show
// next; a line on stdout answers with what was found. What is not as it should be ends this with an error on stderr. It ends when stdin does, and its
// browser with it: nothing outlives who asked.
//
//   > {"step":"states","states":["EXECUTING","WAITING"]}
//   < {"did":"states","heard":7}

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { calm, drawn, ethers, go, launch, open, says, text } from "./browser.mjs";

// How often the page is looked at: what is waited for are facts.
const POLL = { polling: 100 };

let browser;
let page;
let secrets;
let rpc;
let signer;
// What was served to the page, but for the stream; what the wallet was asked to sign.
const served = [];
const signed = [];

// The person's wallet, which is one in all but its window. Its key is here, and neither in the page nor at the keeper.
const wallet = async (method, params) => {
  if (method === "eth_chainId") return ethers.toQuantity((await rpc.getNetwork()).chainId);
  if (method === "eth_requestAccounts") return [signer.address];
  if (method === "eth_signTypedData_v4") {
    const typed = JSON.parse(params[1]);
    const { EIP712Domain, ...types } = typed.types;
    signed.push({ typed, digest: ethers.TypedDataEncoder.hash(typed.domain, types, typed.message) });
    return signer.signTypedData(typed.domain, types, typed.message);
  }
  if (method === "eth_sendTransaction") {
    const [{ to, data, value }] = params;
    return (await signer.connect(rpc).sendTransaction({ to, data, value })).hash;
  }
  throw new Error(`the wallet knows no ${method}`);
};

const prepare = async (one) => {
  await one.exposeFunction("walletAnswers", wallet);
  await one.evaluateOnNewDocument(() => { window.ethereum = { request: ({ method, params }) => window.walletAnswers(method, params) }; });
  one.on("response", (answer) => {
    if (!/event-stream/.test(answer.headers()["content-type"] ?? "")) served.push(answer.text().then((body) => ({ url: answer.url(), body })));
  });
};

// How often the stream told something, since the page was loaded.
const heard = () => page.evaluate(() => window.heard);
const section = (name) => page.evaluate(async (which) => (await import(`${location.origin}/dashboard/lib/store.js`)).get(which), name);

// In which state's colour the cards of the task graph are drawn: the one that most points of their left ends have, where mark and border are.
const colours = () => page.$eval("canvas.dag", async (canvas) => {
  const at = (path) => import(`${location.origin}/dashboard/${path}`);
  const [{ NODE_STATES }, { WIDTH, HEIGHT }] = [await at("lib/states.js"), await at("dag/layout.js")];
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const { dag } = canvas;
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const style = getComputedStyle(canvas);
  const tones = NODE_STATES.map((state) => {
    probe.fillStyle = style.getPropertyValue(`--tone-${state.tone}`).trim();
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
  });
  const { scale, ratio } = dag.view;
  // A copy, since a canvas that is read becomes a slow one.
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return dag.graph.labels.map((_, node) => {
    const { x, y } = dag.where(node);
    const box = [x - (WIDTH / 2 + 1) * scale, y - (HEIGHT / 2 + 1) * scale, 30 * scale, (HEIGHT + 2) * scale].map((side) => Math.round(side * ratio));
    const { data } = copy.getImageData(...box);
    const points = tones.map((tone) => {
      let same = 0;
      for (let point = 0; point < data.length; point += 4) if (tone.every((part, of) => Math.abs(part - data[point + of]) <= 3)) same += 1;
      return same;
    });
    const most = Math.max(...points);
    return most === 0 ? "none" : NODE_STATES[points.indexOf(most)].id;
  });
});

const STEPS = {
  /** The page loads on `address`; from here on nothing is loaded anew, so all that changes was told by events. */
  async begin({ address, node, keys, chainId }) {
    [secrets, rpc] = [keys, new ethers.JsonRpcProvider(node, undefined, { staticNetwork: true, pollingInterval: 200 })];
    browser = await launch();
    page = await open(browser, { address }, "overview", { prepare });
    await page.evaluate(async () => {
      const { on } = await import(`${location.origin}/dashboard/lib/store.js`);
      window.heard = 0;
      for (const name of ["city", "metrics", "missions", "freezes", "reviews", "money", "alerts", "mission"]) on(name, () => { window.heard += 1; });
    });
    assert.ok((await text(page, "#place")).includes(`Chain ${chainId}`));
    return { metrics: (await page.$$("[data-metric]")).length };
  },

  /** The mission is in the list, its graph is drawn, and its nodes are in these states. */
  async mission({ id, states }) {
    await go(page, "missions");
    await page.waitForSelector(`[data-key="m-${id}"]`);
    await go(page, `mission/${id}`);
    await drawn(page);
    return STEPS.states({ states });
  },

  /** The nodes of the mission that is looked at come to be in these states: in the graph, its colours, its legend and the table. */
  async states({ states }) {
    await page.waitForFunction(async (wanted) => {
      const { NODE_STATES } = await import(`${location.origin}/dashboard/lib/states.js`);
      const found = document.querySelector("canvas.dag")?.dag?.graph?.states;
      return found !== undefined && JSON.stringify([...found].map((at) => NODE_STATES[at]?.id)) === JSON.stringify(wanted);
    }, POLL, states);
    assert.deepEqual(await colours(), states);
    for (const state of new Set(states)) assert.match(await text(page, `[data-key="state-${state}"]`), new RegExp(` ${states.filter((one) => one === state).length}$`));
    return {};
  },

  /** The overview comes to show how far the mission is, and which metrics alert. */
  async overview({ progress, alerting, quiet }) {
    await go(page, "overview");
    await says(page, ".progress-text", progress);
    for (const [list, standing] of [[alerting, "alerting"], [quiet, "quiet"]]) for (const id of list) await page.waitForSelector(`[data-metric="${id}"].${standing}`);
    return {};
  },

  /** Every conservation line closes, by the keeper and by the page's own sum; so do the books of every contract. */
  async money({ paid }) {
    await go(page, "money");
    await page.waitForFunction(async (wanted) => {
      const money = (await import(`${location.origin}/dashboard/lib/store.js`)).get("money");
      return money?.lines?.find((line) => line.kind === "escrows")?.paid === wanted;
    }, POLL, paid);
    // What is asked of the chain in the meantime is not known for a moment, and shown so.
    await page.waitForFunction(() => {
      const lines = [...document.querySelectorAll(".equation")];
      return lines.length === 3 && lines.every((line) => line.querySelectorAll(".verdict.good").length === 2);
    }, POLL);
    await page.waitForFunction(() => [...document.querySelectorAll('[aria-label="Contracts"] .verdict')].filter((one) => one.textContent.trim() === "balanced").length === 3, POLL);
    return {};
  },

  /** The entry at a place is proved up to the anchor on the chain, and another entry at that place is not. */
  async proof({ place }) {
    await go(page, `proofs/${place}`);
    await page.waitForFunction(() => {
      const found = [...document.querySelectorAll(".findings .verdict")];
      if (found.length === 4 && found.every((one) => one.classList.contains("good"))) return true;
      // No anchor covers it yet: asked again.
      if (found.length > 0 || document.querySelector(".problem")) document.querySelector(".view-proofs form").requestSubmit();
      return false;
    }, { polling: 1_000 });
    const lie = await page.evaluate(async (at) => {
      const { judge } = await import(`${location.origin}/dashboard/view/proofs.js`);
      const proof = await (await fetch(`${location.origin}/dashboard/proof?place=${at}`)).json();
      const found = await judge({ ...proof, line: `${proof.line} ` });
      return [found.leaf, found.tree.holds, found.anchored.holds];
    }, place);
    assert.deepEqual(lie, [false, false, false]);
    return {};
  },

  /** A row of a view offers an action, which is prepared, read and signed in the wallet; what the wallet was asked for is told. */
  async act({ view, offer, choose, reason, keys }) {
    await go(page, view);
    const row = await page.waitForSelector(`[data-key="act-${offer.join("-")}"]`);
    await row.click();
    await page.waitForSelector("#reason");
    assert.equal(await page.$(".view-act [role=status] .problem"), null, "what it is about waits");
    for (const [id, value] of Object.entries(choose)) await (id === "kind" ? page.select("#kind", value) : page.type(`#${id}`, value));
    await page.type("#reason", reason);
    await page.click(".editor-form .primary");
    return sign(keys);
  },

  /** An amendment is prepared, read and signed in the same way. */
  async amend({ parameter, value, reason, keys }) {
    await go(page, `parameters/${parameter}`);
    await page.waitForSelector("#value");
    await page.$eval("#value", (field) => { field.value = ""; });
    await page.type("#value", value);
    await page.type("#reason", reason);
    await page.click(".editor-form .primary");
    return sign(keys);
  },

  /** The transaction that was prepared last is sent by the wallet. */
  async send() {
    await page.waitForSelector("#send:not([disabled])");
    await page.click("#send");
    const sent = await page.waitForSelector("#editor p.good .hash");
    return { transaction: await sent.evaluate((one) => one.title) };
  },

  /** Nothing was complained of, nobody else was asked, no secret was served; and the page is the one that was loaded first. */
  async end() {
    calm(page);
    const known = ["city", "metrics", "missions", "gas", "freezes", "verification", "epochs", "reviews", "money", "alerts", "wiring", "log"];
    const told = await Promise.all(known.map(section));
    const bodies = [...(await Promise.all(served)), { url: "events", body: JSON.stringify(told) }];
    for (const { url, body } of bodies) for (const secret of secrets) assert.ok(!body.toLowerCase().includes(secret), `${url} holds a key`);
    return { heard: await heard(), served: bodies.length };
  },

  /** The keeper is gone, and the page says so. */
  async gone() {
    await page.waitForFunction(() => /Retry|Connecting/.test(document.querySelector("#link").textContent) && document.querySelector("#stale") !== null, POLL);
    return {};
  },
};

// What was prepared is read, and signed by whom these keys are of, one after the other in one wallet; the digest is the one that ethers makes of what the
// wallet was given.
const sign = async (keys) => {
  await page.waitForSelector("#read:not([disabled])");
  const shown = await page.$eval("#editor .words", (list) => list.textContent);
  const before = signed.length;
  await page.click("#read");
  for (const [at, key] of keys.entries()) {
    signer = new ethers.Wallet(key);
    await page.click("#sign");
    await page.waitForFunction((many) => document.querySelectorAll(".signature").length === many, POLL, at + 1);
  }
  const asked = signed.slice(before);
  assert.equal(new Set(asked.map((one) => one.digest)).size, 1, "all signed the same");
  assert.equal(asked.length, keys.length);
  const [{ typed, digest }] = asked;
  assert.ok(shown.includes(digest), "the digest that is signed was shown");
  return { typed, digest, shown };
};

try {
  for await (const line of createInterface({ input: process.stdin })) {
    const { step, ...given } = JSON.parse(line);
    const found = await STEPS[step](given);
    const many = page ? await heard() : 0;
    process.stdout.write(`${JSON.stringify({ did: step, heard: many, ...found })}\n`);
  }
} catch (error) {
  console.error(error.stack ?? error, page?.complaints ?? []);
  console.error("The page showed:", await page?.evaluate(() => `${location.hash}\n${document.body.innerText}`).catch(() => "nothing"));
  process.exitCode = 1;
} finally {
  await browser?.close();
}
// The chain's client keeps a timer.
process.exit();
