// Takes the pictures of the documents. The same documents, the same browser and the same letters make the same pictures.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DESKTOP, PHONE, drawn, go, launch, open, says } from "./browser.mjs";
import { answers, example, large } from "./documents.mjs";
import { serve } from "./keeper.mjs";

const FOLDER = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
const LARGE = `0x${"5".repeat(64)}`;
const given = example();
const keeper = await serve(given.state, answers(given, { missions: { [LARGE]: { ...large(5_000), id: LARGE } } }));
const browser = await launch();
// Clocks of the page stand, so that nothing that is counted down moves.
const still = (page) => page.evaluateOnNewDocument(() => { performance.now = () => 0; });
// Names as arguments take these pictures alone.
const wanted = process.argv.slice(2);
const take = async (name, route, { height = DESKTOP.height, viewport = DESKTOP, theme = "light", ready } = {}) => {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const page = await open(browser, keeper, route, { viewport: { ...viewport, height }, theme, prepare: still });
  await ready?.(page);
  await page.mouse.move(0, 0);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.screenshot({ path: `${FOLDER}dashboard-${name}.png`, optimizeForSpeed: false });
  await page.end();
  console.log(`docs/images/dashboard-${name}.png`);
};
await mkdir(FOLDER, { recursive: true });
await take("overview", "overview", { height: 960 });
await take("mission", `mission/${given.mission.id}`, { height: 1180, ready: async (page) => {
  await drawn(page);
  await page.$eval("canvas.dag", (canvas) => canvas.dag.choose(4));
} });
await take("graph-5000", `mission/${LARGE}`, { theme: "dark", ready: async (page) => {
  await drawn(page);
  await page.$eval("canvas.dag", (canvas) => {
    canvas.dag.choose(2_500);
    canvas.scrollIntoView({ block: "center" });
  });
} });
await take("money", "money", { height: 900 });
await take("proof", "proofs/419", { height: 900, ready: (page) => says(page, ".findings", "is in the log") });
await take("editor", "parameters/reputationFloor", { height: 1040, ready: async (page) => {
  await page.waitForSelector("#value");
  await page.$eval("#value", (field) => { field.value = "120"; });
  await page.type("#reason", "Newcomers should have had one good month.");
  await page.click(".editor-form .primary");
  await page.waitForSelector(".words");
} });
await take("phone", "alerts", { viewport: PHONE, height: PHONE.height, theme: "dark", ready: (page) => go(page, "alerts") });
await browser.close();
await keeper.close();
