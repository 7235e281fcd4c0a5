// Keys of the whole page. Single letters can be turned off, because who speaks to a computer says them by accident.

import { fill, h } from "./dom.js";

const KEY = "agentcity.keys";
const LEADER_MS = 1_500;

const stored = () => {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
};
let active = stored();

const typing = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

const OTHERS = [
  ["?", "This list"],
  ["/", "Search in the view"],
  ["t", "Change the theme"],
  ["Esc", "Close, or choose nothing"],
];
const GRAPH = [
  ["← →", "To what leads here, to what follows"],
  ["↑ ↓", "Within the layer"],
  ["Shift + arrows", "Move the picture"],
  ["+ − 0", "Nearer, farther, all of it"],
  ["Home End", "First and last node"],
];

/** Shows what keys there are. */
export const showKeys = (views) => {
  const dialog = document.getElementById("keys");
  const list = (pairs) => h("dl", { class: "keys" }, pairs.map(([key, what]) => h("div", {}, h("dt", {}, key.split(" then ").map((part, at) => [at > 0 ? " " : null, h("kbd", {}, part)])), h("dd", {}, what))));
  fill(dialog, h("div", { class: "dialog-head" }, h("h2", { id: "keys-title" }, "Keys"), h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => dialog.close() }, "×")),
    h("h3", {}, "Go to"), list(views.filter((view) => view.key).map((view) => [`g then ${view.key}`, view.name])),
    h("h3", {}, "Everywhere"), list(OTHERS),
    h("h3", {}, "In a task graph, once it has the focus"), list(GRAPH),
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: active, onchange: ({ currentTarget }) => {
      active = currentTarget.checked;
      try {
        localStorage.setItem(KEY, active ? "on" : "off");
      } catch {
        // It holds until the page is left.
      }
    } }), "Single letters act"));
  if (!dialog.open) dialog.showModal();
};

/** Listens for them. */
export const keys = (views, onTheme) => {
  let leader = 0;
  document.addEventListener("keydown", (event) => {
    if (!active || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const led = Date.now() - leader < LEADER_MS;
    leader = 0;
    const view = led ? views.find((one) => one.key === event.key) : undefined;
    if (view) location.hash = `#/${view.id}`;
    else if (event.key === "g") leader = Date.now();
    else if (event.key === "?") showKeys(views);
    else if (event.key === "t") onTheme();
    else if (event.key === "/") {
      const field = document.querySelector("main input[type=search]");
      if (!field) return;
      field.focus();
      field.select();
    } else return;
    event.preventDefault();
  });
};
