// For people who see, hear or reach less: axe finds nothing in any view, light and dark, on a desk and on a phone; nothing needs to be moved sideways.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, PHONE, calm, drawn, go, launch, open, violations } from "./browser.mjs";
import { answers, example } from "./documents.mjs";
import { serve } from "./keeper.mjs";

const given = example();
const ROUTES = ["overview", "alerts", "missions", `mission/${given.mission.id}`, "freezes", "verification", "gas", "money", "epochs", "proofs/419", "wiring/collaboration", "parameters/reputationFloor", `act/unfreeze-node/${given.mission.id}/4/${given.state.freezes.open[0].freeze}`, `act/decide-review/${given.mission.id}/5/1/1`];
let browser;
let keeper;
before(async () => {
  browser = await launch();
  keeper = await serve(structuredClone(given.state), answers(given));
});
after(async () => {
  await browser?.close();
  await keeper?.close();
});

for (const [where, viewport] of [["a desk", DESKTOP], ["a phone", PHONE]]) {
  for (const theme of ["light", "dark"]) {
    test(`axe finds nothing on ${where} in the ${theme}`, async () => {
      // A page's own policy would not let axe in.
      const page = await open(browser, keeper, "overview", { viewport, theme, prepare: (one) => one.setBypassCSP(true) });
      const found = {};
      for (const route of ROUTES) {
        await go(page, route);
        if (route.startsWith("mission/")) {
          await drawn(page);
          await page.$eval("canvas.dag", (canvas) => canvas.dag.choose(4));
        }
        if (route.startsWith("proofs")) await page.waitForSelector(".findings");
        if (/^(parameters|act)/.test(route)) {
          await page.waitForSelector("#reason");
          await page.type("#reason", "Because.");
          for (const [id, value] of [["value", "120"], ["score", "900"]]) await page.$$eval(`#${id}`, (fields, to) => fields.forEach((field) => { field.value = to; }), value);
          await page.click(".editor-form .primary");
          await page.waitForSelector(".words");
        }
        const list = await violations(page);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (sideways > 0) list.push(`${sideways} px wider than the window`);
        if (list.length > 0) found[route] = list;
      }
      assert.deepEqual(found, {});
      await page.keyboard.press("Escape");
      await page.evaluate(() => document.activeElement.blur());
      await page.click("#help");
      await page.waitForSelector("dialog[open]");
      assert.deepEqual(await violations(page), [], "the list of keys");
      await page.end();
    });
  }
}

test("whoever wants less motion gets none", async () => {
  const page = await open(browser, keeper);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
  calm(page);
  await page.end();
});
