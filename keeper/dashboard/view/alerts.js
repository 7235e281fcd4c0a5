// What asks for somebody, most urgent first: what it is, by when, who can act, and with what.

import { fill, h } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { command, countdown, empty, fact, hash, instant, missionLink, offers, panel, severity, unknown } from "../lib/parts.js";
import { ofAlert } from "../lib/offer.js";
import { get } from "../lib/store.js";

const LEVELS = ["critical", "warning", "notice"];

const evidence = (one) => (one.kind === "mission" ? missionLink(one.value) : ["transaction", "agent", "contract", "hash"].includes(one.kind) ? hash(one.value) : h("span", { class: "num" }, String(one.value)));

const card = (one, rank) => h("li", { class: `alert ${LEVELS.includes(one.severity) ? one.severity : "notice"}`, "data-alert": one.id },
  h("div", { class: "alert-head" }, h("span", { class: "rank num", "aria-label": `rank ${rank}` }, String(rank)), severity(one.severity), h("h3", {}, String(one.what)), h("span", { class: "alert-left" }, countdown(one.deadline))),
  h("dl", { class: "facts" },
    fact("Since", instant(one.since)), one.mission ? fact("Mission", missionLink(one.mission), one.node === null || one.node === undefined ? null : ` node ${one.node}`) : null, fact("Who", String(one.who ?? "")),
    (one.evidence ?? []).length > 0 ? h("div", {}, h("dt", {}, "Evidence"), h("dd", { class: "evidence" }, one.evidence.slice(0, 16).map((item) => h("span", {}, h("span", { class: "dim" }, `${item.kind} `), evidence(item))))) : null),
  h("p", { class: "act" }, String(one.act ?? "")), offers(ofAlert(one)), command(one.command));

export const show = (root, { on }) => {
  const kept = new Set(LEVELS);
  const list = h("div");
  const filters = h("div", { class: "filters", role: "group", "aria-label": "Severity" });
  root.append(panel("Alerts", { note: "Ranked by severity, then by what runs out first, then by age.", tools: filters }, list));
  const render = () => {
    const section = get("alerts");
    const items = section?.items ?? [];
    const many = (level) => items.filter((one) => one.severity === level).length;
    fill(filters, LEVELS.map((level) => h("button", { type: "button", class: `chip ${level}`, "aria-pressed": String(kept.has(level)), "data-key": `level-${level}`, onclick: () => {
      if (!kept.delete(level)) kept.add(level);
      render();
    } }, `${level} `, h("span", { class: "num" }, count(many(level))))));
    const shown = items.map((one, at) => [one, at + 1]).filter(([one]) => kept.has(one.severity));
    fill(list, shown.length === 0 ? empty(items.length === 0 ? "Nothing asks for anybody." : "None of these severities.") : h("ol", { class: "alerts" }, shown.map(([one, rank]) => card(one, rank))),
      section && section.total > items.length ? h("p", { class: "note" }, `${count(section.total - items.length)} less urgent ones are not shown.`) : null, unknown(section));
  };
  on("alerts", render);
  on("reviews", render);
  render();
};
