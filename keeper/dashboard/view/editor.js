// The editor of one parameter.

import { h } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { wordOf } from "../lib/act.js";
import { valueOf } from "./parameters.js";
import { ceremony } from "./sign.js";

/** Shows the editor of one parameter in `root`. */
export const editor = (root, parameter, { onClose }) => {
  const numeric = parameter.kind !== "address" && parameter.kind !== "hash";
  const value = h("input", { id: "value", name: "value", required: true, autocomplete: "off", spellcheck: "false", inputmode: numeric ? "numeric" : "text", class: "mono", "aria-describedby": "value-range", value: numeric ? parameter.value : "" });
  const field = h("div", { class: "field" }, h("label", { for: "value" }, "New value"), value, h("p", { class: "note", id: "value-range" }, "Now ", valueOf(parameter, parameter.value), parameter.least === null ? null : `, from ${count(parameter.least)} to ${count(parameter.greatest)}`, `. The law is weakened by going ${{ up: "up", down: "down", any: "anywhere", none: "nowhere" }[parameter.weakens] ?? parameter.weakens}.`));
  const invalid = () => {
    const text = value.value.trim();
    const word = wordOf(text);
    const fits = parameter.kind === "address" ? /^0x[0-9a-fA-F]{40}$/.test(text) : parameter.kind === "hash" ? /^0x[0-9a-fA-F]{64}$/.test(text) : /^\d+$/.test(text);
    if (!fits || word === null) return [value, parameter.kind === "address" ? "An address: 0x and 40 digits." : parameter.kind === "hash" ? "A word: 0x and 64 digits." : "A whole number."];
    if (numeric && parameter.least !== null && (BigInt(text) < BigInt(parameter.least) || BigInt(text) > BigInt(parameter.greatest))) return [value, `From ${count(parameter.least)} to ${count(parameter.greatest)}.`];
    return word === wordOf(parameter.value) ? [value, "That is the present value."] : null;
  };
  const wish = () => {
    const text = value.value.trim();
    return {
      body: { parameter: parameter.name, value: numeric && Number.isSafeInteger(Number(text)) ? Number(text) : text },
      asked: { type: "AmendParameter", name: "an amendment of a parameter", fields: { parameter: [parameter.id, "It names the parameter that you chose"], newValue: [text, "Its new value is yours"], oldValue: [parameter.value, "Its old value is the present one"] } },
    };
  };
  ceremony(root, { title: `Amend ${parameter.name}`, note: parameter.text, verb: "amend-parameter", fields: field, invalid, wish, onClose });
  value.focus({ preventScroll: true });
};
