// The frame: where the page is, what it is connected to, what is loud enough to be said everywhere, and the keys.

import { announce, fill, h, s, unseen } from "./lib/dom.js";
import { brief, count, span, words } from "./lib/format.js";
import { tick } from "./lib/parts.js";
import { again, begin, connection, get, on } from "./lib/store.js";
import { wear, theme, nextTheme } from "./lib/theme.js";
import { keys, showKeys } from "./lib/keys.js";
import * as overview from "./view/overview.js";
import * as alerts from "./view/alerts.js";
import * as missions from "./view/missions.js";
import * as mission from "./view/mission.js";
import * as freezes from "./view/freezes.js";
import * as verification from "./view/verification.js";
import * as gas from "./view/gas.js";
import * as money from "./view/money.js";
import * as epochs from "./view/epochs.js";
import * as proofs from "./view/proofs.js";
import * as wiring from "./view/wiring.js";
import * as parameters from "./view/parameters.js";
import * as act from "./view/act.js";

const VIEWS = [
  { id: "overview", name: "Overview", key: "o", module: overview },
  { id: "alerts", name: "Alerts", key: "a", module: alerts, badge: () => get("alerts")?.items?.length },
  { id: "missions", name: "Missions", key: "m", module: missions },
  { id: "mission", name: "Mission", module: mission, hidden: true },
  { id: "freezes", name: "Freezes", key: "f", module: freezes, badge: () => get("freezes")?.open?.length },
  { id: "verification", name: "Verification", key: "v", module: verification, badge: () => get("reviews")?.items?.length },
  { id: "gas", name: "Gas", key: "g", module: gas },
  { id: "money", name: "Money", key: "y", module: money },
  { id: "epochs", name: "Epochs", key: "e", module: epochs },
  { id: "proofs", name: "Proofs", key: "p", module: proofs },
  { id: "wiring", name: "Wiring", key: "w", module: wiring },
  { id: "parameters", name: "Parameters", key: "r", module: parameters },
  { id: "act", name: "Action", module: act, hidden: true },
];
// Older than this, what is shown is marked: the keeper says it lives every 15 s.
const STALE_SECS = 45;

const main = document.getElementById("main");
let shown;
let close = () => {};

const route = () => {
  const [, id, rest] = /^#\/([a-z]+)(?:\/(.*))?$/.exec(location.hash) ?? [];
  const view = VIEWS.find((one) => one.id === id) ?? VIEWS[0];
  let argument = null;
  try {
    argument = rest === undefined ? null : decodeURIComponent(rest);
  } catch {
    argument = null;
  }
  return { view, argument };
};

const open = () => {
  const { view, argument } = route();
  close();
  const first = shown === undefined;
  shown = view.id;
  const root = h("div", { class: `view view-${view.id}` });
  main.replaceChildren(h("h1", { class: "unseen" }, view.name), root);
  const ends = [];
  const until = (end) => ends.push(end);
  close = () => ends.splice(0).forEach((end) => end());
  document.title = `${view.name} · AgentCity`;
  try {
    view.module.show(root, { argument, until, on: (name, ear) => until(on(name, ear)) });
  } catch (error) {
    console.error(error);
    root.append(h("p", { class: "problem", role: "alert" }, "This view could not be shown: ", String(error.message)));
  }
  nav();
  // `scrollIntoView` would also let Tab begin there, behind the link that skips.
  const here = document.querySelector(".nav [aria-current]");
  if (here) document.getElementById("nav").scrollLeft = here.offsetLeft - (window.innerWidth - here.offsetWidth) / 2;
  if (!first) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
    announce(view.name);
  }
};

const nav = () => fill(document.getElementById("nav"), h("ul", {}, VIEWS.filter((view) => !view.hidden).map((view) => {
  const here = view.id === shown || (view.id === "missions" && shown === "mission") || (view.id === "alerts" && shown === "act");
  const many = view.badge?.() ?? 0;
  return h("li", {}, h("a", { href: `#/${view.id}`, "aria-current": here ? "page" : null, "data-key": `nav-${view.id}` }, h("span", {}, view.name),
    many > 0 ? h("span", { class: `count${view.id === "alerts" && get("alerts").items[0]?.severity === "critical" ? " critical" : ""}` }, count(many), unseen(" open")) : null));
})));

const place = () => {
  const city = get("city");
  if (!city) return;
  const behindBy = Math.max(0, (city.tip ?? 0) - (city.block?.number ?? 0));
  const fact = (name, value, title) => h("span", { class: "fact", title }, h("span", { class: "dim" }, name), " ", h("span", { class: "num" }, value));
  fill(document.getElementById("place"),
    fact("Chain", String(city.chainId ?? "–")), fact("City", brief(city.constitution), `constitution ${city.constitution}`), fact("Block", count(city.block?.number)),
    fact("Epoch", count(city.epoch)), fact("Keeper", String(city.keeper?.name ?? "–")),
    city.caughtUp === false ? h("span", { class: "severity notice" }, `${count(behindBy)} blocks behind`) : null,
    city.doubt ? h("span", { class: "severity warning", title: city.doubt }, "chain not known") : null);
};

const linkText = () => {
  const { is, attempt, until, lastHeard } = connection();
  const silent = lastHeard === 0 ? 0 : Math.floor((Date.now() - lastHeard) / 1000);
  if (is === "live") return { tone: "good", text: "Live" };
  if (is === "connecting") return { tone: attempt > 0 || silent > STALE_SECS ? "warn" : "idle", text: "Connecting" };
  return { tone: "warn", text: `Retry in ${Math.max(0, Math.ceil((until - Date.now()) / 1000))} s` };
};

const link = () => {
  const button = document.getElementById("link");
  const { is, why, lastHeard } = connection();
  const { tone, text } = linkText();
  if (button.dataset.tone !== tone || button.dataset.text !== text) {
    Object.assign(button.dataset, { tone, text });
    fill(button, h("span", { class: "dot", "aria-hidden": "true" }), text);
  }
  const since = lastHeard === 0 ? null : Math.floor((Date.now() - lastHeard) / 1000);
  const label = is === "live" ? "Live: the keeper tells what changes" : `Not connected${why ? `, ${why}` : ""}. Press to connect now`;
  button.title = label;
  const stale = is !== "live" && since !== null;
  document.body.classList.toggle("stale", stale);
  const note = document.getElementById("stale");
  if (stale && !note) main.before(h("section", { id: "stale", class: "stale-note", "aria-label": "Connection" }));
  if (!stale) note?.remove();
  else fill(document.getElementById("stale"), `Not connected${why ? ` (${why})` : ""}: this is what the keeper said ${span(since)} ago.`);
};

let loud = "";
const banner = () => {
  const metrics = get("metrics");
  const list = Array.isArray(metrics) ? metrics : [];
  const stops = list.find((one) => one?.id === "emergencyStops");
  const freezesOpen = get("freezes")?.open ?? [];
  const books = list.find((one) => one?.id === "conservation");
  const said = [];
  if (stops?.alerting) said.push(["critical", `Emergency stop: ${stops.text}`, "#/alerts"]);
  if (books?.alerting) said.push(["critical", `Books do not balance: ${books.text}`, "#/money"]);
  if (freezesOpen.length > 0) said.push(["frozen", `${count(freezesOpen.length)} open ${freezesOpen.length === 1 ? "freeze" : "freezes"}`, "#/freezes"]);
  const text = said.map(([, words_]) => words_).join(". ");
  const node = document.getElementById("banner");
  node.hidden = said.length === 0;
  fill(node, said.map(([tone, what, to]) => h("a", { class: `loud ${tone}`, href: to, "data-key": `loud-${to}` }, what)));
  if (text !== loud) {
    loud = text;
    if (text) announce(text, said.some(([tone]) => tone === "critical"));
  }
};

let known = null;
const newAlerts = () => {
  const items = get("alerts")?.items ?? [];
  const ids = new Set(items.map((one) => one.id));
  if (known) {
    const fresh = items.filter((one) => !known.has(one.id));
    if (fresh.length > 0) announce(fresh.slice(0, 3).map((one) => `${words(one.severity)}: ${one.what}`).join(". "), fresh[0].severity === "critical");
  }
  known = ids;
};

const ICONS = {
  auto: "M8 1.5A6.5 6.5 0 1 1 8 14.5A6.5 6.5 0 1 1 8 1.5M8 1.5V14.5A6.5 6.5 0 0 1 8 1.5",
  light: "M8 5a3 3 0 1 1 0 6a3 3 0 1 1 0-6M8 1V2.5M8 13.5V15M1 8H2.5M13.5 8H15M3 3L4 4M12 12L13 13M13 3L12 4M4 12L3 13",
  dark: "M13.5 10A6 6 0 0 1 6 2.5A6 6 0 1 0 13.5 10Z",
};
const themeButton = () => {
  const button = document.getElementById("theme");
  const is = theme();
  button.setAttribute("aria-label", `Theme: ${is === "auto" ? "as the system" : is}. Press for ${nextTheme() === "auto" ? "as the system" : nextTheme()}`);
  fill(button, s("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, s("path", { d: ICONS[is], fill: is === "auto" ? "currentColor" : "none", "fill-rule": "evenodd", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round" })));
};

document.getElementById("theme").addEventListener("click", () => {
  wear(nextTheme());
  themeButton();
});
document.getElementById("link").addEventListener("click", () => connection().is !== "live" && again());
document.getElementById("help").addEventListener("click", () => showKeys(VIEWS));
document.querySelector(".skip").addEventListener("click", (event) => {
  // The address names the view, so the link must not change it.
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", open);
keys(VIEWS, () => {
  wear(nextTheme());
  themeButton();
});

wear(theme());
themeButton();
link();
for (const name of ["city"]) on(name, place);
for (const name of ["metrics", "freezes"]) on(name, banner);
for (const name of ["alerts", "freezes", "reviews"]) on(name, nav);
on("alerts", newAlerts);
on("link", () => {
  link();
  const { is, attempt } = connection();
  if (is === "waiting" && attempt === 1) announce("The connection to the keeper is lost", true);
  // After a new connection everything is told once again, and none of it is news.
  if (is === "live") known = null;
});
setInterval(() => {
  tick();
  link();
}, 1000);
open();
begin();
