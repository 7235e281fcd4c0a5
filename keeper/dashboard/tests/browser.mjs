// A browser without a window, a page in it, and what every test asks of both.

import { createRequire } from "node:module";
import { join } from "node:path";
import assert from "node:assert/strict";

const { AGENTCITY_CHROMIUM: browserPath, AGENTCITY_DASHBOARD_MODULES: modules } = process.env;
if (!browserPath || !modules) throw new Error("run these tests by `cargo xtask dashboard`, which says where the browser is");
const require = createRequire(join(modules, "package.json"));

/** Modules of the bundle. */
export const { ethers } = require("ethers");
const puppeteer = require("puppeteer-core");
const axe = require.resolve("axe-core/axe.min.js");

export const DESKTOP = { width: 1280, height: 860, deviceScaleFactor: 1 };
export const PHONE = { width: 360, height: 760, deviceScaleFactor: 1, hasTouch: true, isMobile: true };
// How long the page may take on a machine that does much else. What is waited for is a fact, never a time.
const PATIENCE_MS = 60_000;

/** Starts the browser. */
export const launch = () =>
  puppeteer.launch({
    // By a pipe: a browser whose pipe is closed ends, also when who started it was killed.
    executablePath: browserPath, headless: "shell", pipe: true, timeout: PATIENCE_MS, protocolTimeout: 2 * PATIENCE_MS,
    // Without a sandbox, because the one that needs no privileges is not allowed everywhere, and the only pages here are our own.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", "--force-color-profile=srgb", "--hide-scrollbars", "--lang=en"],
  });

/** A page on a keeper. What it complains of is collected in `page.complaints`; `prepare(page)` comes before it loads. */
export const open = async (browser, keeper, route = "overview", { viewport = DESKTOP, theme = "light", prepare } = {}) => {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error.stack ?? error)));
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && page.complaints.push(message.text()));
  page.foreign = [];
  page.on("request", (request) => !request.url().startsWith(keeper.address) && !/^(data|blob):/.test(request.url()) && page.foreign.push(request.url()));
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }, { name: "prefers-reduced-motion", value: "reduce" }]);
  await prepare?.(page);
  await page.goto(`${keeper.address}#/${route}`);
  await told(page);
  page.end = () => context.close();
  return page;
};

/** Waits until the keeper has told the page everything. */
export const told = (page) => page.waitForFunction(() => document.querySelector("#place .fact") !== null && document.querySelector("#link")?.dataset.text === "Live");

/** Goes to another view of the same page. */
export const go = async (page, route) => {
  await page.evaluate((to) => { location.hash = `#/${to}`; }, route);
  await page.waitForSelector(`.view-${route.split("/")[0]}`);
};

/** Waits for a task graph that is drawn. */
export const drawn = (page) => page.waitForFunction(() => document.querySelector("canvas.dag")?.dag?.graph && document.querySelector("canvas.dag").dag.frames.length > 0);

/** The text of what a selector finds first, its white space made single. */
export const text = (page, selector) => page.$eval(selector, (node) => node.textContent.replace(/\s+/g, " ").trim());

/** Waits until a text is there. */
export const says = (page, selector, wanted) => page.waitForFunction((where, what) => [...document.querySelectorAll(where)].some((node) => node.textContent.replace(/\s+/g, " ").includes(what)), {}, selector, wanted);

/** Puts a value into a field and prepares: the page says why not, and the focus is where the fault is. */
export const complains = async (page, [field, value], why) => {
  await page.$eval(field, (input, wanted) => { input.value = wanted; }, value);
  await page.click(".editor-form .primary");
  await says(page, "#editor .problem", why);
  assert.ok(await page.evaluate(() => document.activeElement.matches("[aria-invalid=true]")), "the focus is where the fault is");
};

/** What axe finds against WCAG 2.2 AA and its good practice. */
export const violations = async (page) => {
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.addScriptTag({ path: axe });
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary?.split("\n").slice(1, 2).join("").trim()}`).join(" | ")}`);
};

/** Nothing was complained of, and nothing was asked of anybody else. */
export const calm = (page) => {
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.foreign, []);
};
