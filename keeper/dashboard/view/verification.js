// What waits for people and until when, and how results fared at each tier.

import { fill, h } from "../lib/dom.js";
import { count, percent, span } from "../lib/format.js";
import { stacked } from "../lib/chart.js";
import { behind, command, countdown, empty, fact, hash, instant, missionLink, offers, panel, unknown } from "../lib/parts.js";
import { ofReview } from "../lib/offer.js";
import { get } from "../lib/store.js";

const TIERS = ["proof", "consensus", "review"];
const WHAT = { result: "Result", dispute: "Dispute", predicate: "Predicate of the gate" };

const review = (one) => h("li", { class: "review", "data-review": `${one.mission}-${one.node ?? one.index}` },
  h("div", { class: "alert-head" }, h("span", { class: "badge tone-review" }, WHAT[one.kind] ?? String(one.kind)), h("span", {}, missionLink(one.mission), one.node === null ? one.index === null ? null : ` predicate ${one.index}` : ` node ${one.node}`),
    one.backup ? h("span", { class: "severity warning" }, "Backup period: any adjudicator") : null, h("span", { class: "alert-left" }, h("span", { class: "dim" }, "time left "), countdown(one.deadline, one.deadline === null ? null : one.deadline - one.since))),
  h("dl", { class: "facts" }, fact("Waits since", instant(one.since)), fact("Who", String(one.who ?? "")), one.rubricHash ? fact("Rubric", hash(one.rubricHash)) : null), offers(ofReview(one)), command(one.command));

export const show = (root, { on }) => {
  const queue = h("div");
  const rates = h("div");
  const rest = h("div");
  root.append(panel("Review queue", { note: "What runs out first stands first." }, queue), panel("Results by tier", { note: "Completed of those that were completed or rejected." }, rates), panel("Disputes and substitutions", {}, rest));
  const renderQueue = () => {
    const section = get("reviews");
    if (!section) return;
    const { approved, rejected, medianSecs } = section.decided ?? {};
    fill(queue, (section.items ?? []).length === 0 ? empty("Nothing waits for people.") : h("ol", { class: "alerts" }, section.items.map(review)),
      h("p", { class: "note" }, `Decided: ${count(approved)} approved, ${count(rejected)} rejected; half of them within ${span(medianSecs)}.`), unknown(section));
  };
  const renderRates = () => {
    const section = get("verification");
    if (!section) return;
    const tiers = section.byTier ?? [];
    const parts = (one) => [["Completed", "good", one.completed], ["Rejected", "bad", one.rejected], ["Timed out", "review", one.timedOut], ["Other", "idle", one.other]].map(([name, tone, value]) => ({ name, tone, value: value ?? 0, text: count(value ?? 0) }));
    fill(rates, h("ul", { class: "tiers" }, tiers.map((one) => h("li", { "data-tier": one.tier }, h("span", { class: "tier-name" }, h("strong", {}, `Tier ${one.tier}`), h("span", { class: "dim" }, TIERS[one.tier - 1] ?? "")), stacked(`Tier ${one.tier}`, parts(one)), h("span", { class: "big num" }, percent(one.rateBps))))),
      h("p", { class: "key", "aria-hidden": "true" }, [["Completed", "good"], ["Rejected", "bad"], ["Timed out", "review"], ["Other", "idle"]].map(([name, tone]) => h("span", { class: `tone-${tone}` }, h("i", {}), name))),
      behind("Results by tier", ["Tier", "Completed", "Rejected", "Timed out", "Other", "Rate"], tiers.map((one) => [`${one.tier} ${TIERS[one.tier - 1] ?? ""}`, count(one.completed), count(one.rejected), count(one.timedOut), count(one.other), percent(one.rateBps)])), unknown(section));
    const disputes = section.disputes ?? {};
    const many = (name, value) => fact(name, h("span", { class: "num" }, count(value)));
    fill(rest, h("dl", { class: "facts wide" }, many("Opened", disputes.opened), many("Closed", disputes.closed), many("Bonds returned", disputes.bondsReturned), many("Deployment substitutions", section.substitutions)));
  };
  on("reviews", renderQueue);
  on("verification", renderRates);
  renderQueue();
  renderRates();
};
