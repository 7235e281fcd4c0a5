// The twelve metrics with their conditions, what is most urgent, and how far the missions are.

import { fill, h } from "../lib/dom.js";
import { clockTime, count, short, words } from "../lib/format.js";
import { spark, stacked } from "../lib/chart.js";
import { countdown, empty, missionBadge, missionLink, panel, severity } from "../lib/parts.js";
import { NODE_STATES } from "../lib/states.js";
import { get } from "../lib/store.js";

const ALERTS = 4;
const MISSIONS = 8;
// Where a metric leads to.
const TO = {
  nodeStates: "missions", missionPhase: "missions", anomalyCounters: "freezes", activeFreezes: "freezes", reviewQueue: "verification", gas: "gas", reputation: "alerts",
  consistency: "missions", escrowBuffer: "alerts", progress: "missions", emergencyStops: "alerts", conservation: "money",
};

const shown = (metric) => {
  if (metric.value === null || metric.value === undefined) return "–";
  return metric.unit === "percent" ? `${short(metric.value)} %` : short(metric.value);
};

const card = (metric) => {
  const standing = metric.alerting === true ? "alerting" : metric.alerting === false ? "quiet" : "unsure";
  const says = metric.alerting === true ? "Alert" : metric.alerting === false ? "Quiet" : "Not judged";
  return h("li", { class: `metric ${standing}`, "data-metric": metric.id },
    h("div", { class: "metric-head" }, h("h3", {}, h("a", { href: `#/${TO[metric.id] ?? "overview"}`, "data-key": `metric-${metric.id}` }, String(metric.name))), h("span", { class: "standing" }, says)),
    h("div", { class: "metric-value" }, h("span", { class: "big num" }, shown(metric)), metric.unit && metric.unit !== "percent" ? h("span", { class: "dim" }, String(metric.unit)) : null, spark(metric.series, metric.alerting === true)),
    h("p", { class: "metric-text" }, String(metric.text ?? "")),
    h("p", { class: "metric-rule" }, h("span", {}, "Alerts when "), String(metric.condition ?? ""), metric.alerting && metric.since ? ` (since ${clockTime(metric.since)})` : null, metric.why ? h("span", { class: "why" }, String(metric.why)) : null));
};

const progress = (mission) => {
  const done = mission.counts?.COMPLETED ?? 0;
  return h("li", { class: "progress-row" },
    h("span", { class: "progress-name" }, missionLink(mission.id), missionBadge(mission.state), mission.halt ? h("span", { class: "severity critical" }, words(mission.halt)) : null, mission.stalled ? h("span", { class: "severity warning" }, "Stalled") : null),
    stacked(`Nodes of ${mission.id}`, NODE_STATES.map((state) => ({ name: state.name, tone: state.tone, value: mission.counts?.[state.id] ?? 0, text: count(mission.counts?.[state.id] ?? 0) }))),
    h("span", { class: "num progress-text" }, `${count(done)} of ${count(mission.nodes)}`));
};

export const show = (root, { on }) => {
  const metrics = h("ul", { class: "metrics" });
  const urgent = h("div");
  const running = h("div");
  root.append(h("section", { "aria-label": "Metrics" }, h("h2", { class: "unseen" }, "Metrics"), metrics),
    h("div", { class: "two" }, panel("Most urgent", { tools: h("a", { href: "#/alerts" }, "All alerts") }, urgent), panel("Missions", { tools: h("a", { href: "#/missions" }, "All missions") }, running)));

  const drawMetrics = () => {
    const list = get("metrics");
    fill(metrics, Array.isArray(list) ? list.slice(0, 24).map(card) : h("li", { class: "empty" }, "The keeper has not said anything yet."));
  };
  const drawAlerts = () => {
    const items = get("alerts")?.items ?? [];
    fill(urgent, items.length === 0 ? empty("Nothing asks for anybody.") : h("ol", { class: "urgent" }, items.slice(0, ALERTS).map((one) =>
      h("li", {}, severity(one.severity), h("span", { class: "what" }, String(one.what)), h("span", { class: "dim" }, missionLink(one.mission)), countdown(one.deadline)))));
  };
  const drawMissions = () => {
    const items = get("missions")?.items ?? [];
    fill(running, items.length === 0 ? empty("No mission yet.") : h("ul", { class: "progress" }, items.slice(0, MISSIONS).map(progress)));
  };
  on("metrics", drawMetrics);
  on("alerts", drawAlerts);
  on("missions", drawMissions);
  drawMetrics();
  drawAlerts();
  drawMissions();
};
