// From a wish to a transaction, in four steps that are each shown: what is wanted, what it means and what was checked, the signature, the transaction.
// The keeper prepares and the wallet signs; no key is here.

import { announce, download, fill, h } from "../lib/dom.js";
import { count, span, time } from "../lib/format.js";
import { findings, isSignature } from "../lib/act.js";
import { command, hash, panel, problem, unknown, verdict } from "../lib/parts.js";
import { ask, get, now } from "../lib/store.js";
import { account, change, chain, send, sign, wallets } from "../lib/wallet.js";

const DAY = 86_400;
const DAYS = [1, 7, 30];
const REASON_BYTES_MAX = 32_768;
const SIGNATURES_MAX = 32;
const FILE_BYTES_MAX = 65_536;

/**
 * Shows the steps in `root`. `fields`: the form's own; `invalid()`: what is wrong with them, `[field, why]`, or null; `wish()`: `{ body, asked }`, what
 * the keeper is asked for and what its answer must be. `verb` names the files.
 */
export const ceremony = (root, { title, note, verb, fields, invalid, wish, onClose }) => {
  const state = { proposal: null, good: false, read: false, signatures: [], submission: null, wallet: 0, from: null };
  const steps = { words: h("div"), sign: h("div", { "aria-live": "polite" }), send: h("div", { "aria-live": "polite" }) };
  const reason = h("textarea", { id: "reason", name: "reason", rows: "3", required: true, "aria-describedby": "reason-note" });
  const days = h("select", { id: "days", name: "days" }, DAYS.map((one) => h("option", { value: one, selected: one === 7 }, one === 1 ? "1 day" : `${one} days`)));
  const refused = h("div", { role: "alert" });
  const form = h("form", { class: "editor-form", novalidate: true }, fields,
    h("div", { class: "field wide" }, h("label", { for: "reason" }, "Reason"), reason, h("p", { class: "note", id: "reason-note" }, "Its hash is signed. The text itself is yours to publish: keep it as it is.")),
    h("div", { class: "field" }, h("label", { for: "days" }, "Good for"), days), h("div", { class: "field" }, h("button", { class: "primary" }, "Prepare")));

  const wrong = () => {
    if (reason.value.trim() === "") return [reason, "It needs a reason."];
    if (new TextEncoder().encode(reason.value).length > REASON_BYTES_MAX) return [reason, `At most ${count(REASON_BYTES_MAX)} bytes.`];
    return null;
  };

  const prepare = async (event) => {
    event.preventDefault();
    fill(refused);
    form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
    const found = invalid() ?? wrong();
    if (found) {
      found[0].setAttribute("aria-invalid", "true");
      found[0].focus();
      fill(refused, h("p", { class: "problem" }, found[1]));
      return;
    }
    const [{ body, asked }, begun, deadlineSecs] = [wish(), now() ?? 0, Number(days.value) * DAY];
    // The chain's clock and the keeper's are not the same; a day is room enough, and what is signed is shown.
    Object.assign(asked, { justification: reason.value, least: begun, most: begun + deadlineSecs + DAY });
    try {
      const proposal = await ask("proposal", { ...body, justification: reason.value, deadlineSecs });
      Object.assign(state, { proposal, read: false, signatures: [], submission: null, checked: await findings(proposal, asked, get("city")) });
      state.good = state.checked.every((one) => one.holds);
      explain();
      fill(steps.sign);
      fill(steps.send);
      steps.words.querySelector("h3")?.focus();
      announce(state.good ? "Prepared. Read what it means." : "The keeper prepared something else. Do not sign it.", !state.good);
    } catch (error) {
      fill(refused, problem(error));
    }
  };
  form.addEventListener("submit", prepare);

  const explain = () => {
    const { proposal, checked, good } = state;
    const read = h("input", { type: "checkbox", id: "read", "data-key": "read", disabled: !good, onchange: ({ currentTarget }) => {
      state.read = currentTarget.checked;
      if (state.read) signing();
      else fill(steps.sign);
    } });
    fill(steps.words, h("h3", { tabindex: "-1" }, "2. What it means"),
      h("dl", { class: "words" }, (proposal.words ?? []).slice(0, 40).map((one) => h("div", {}, h("dt", {}, String(one?.key ?? "")), h("dd", {}, String(one?.text ?? ""))))),
      h("p", { class: "note" }, `Needs ${count(proposal.needs?.signers)} of ${count(proposal.needs?.active)} adjudicators${proposal.needs?.delaySecs > 0 ? ` and waits ${span(proposal.needs.delaySecs)}` : ""}; good until ${time(proposal.deadline)} UTC.`),
      h("h4", {}, "What this page checked by itself"), h("ul", { class: "findings" }, checked.map((one) => h("li", {}, verdict(one.holds, one.what, one.what), one.holds ? null : h("span", { class: "problem mono" }, ` ${one.found}`)))),
      h("details", {}, h("summary", { "data-key": "raw" }, "The typed data, as the wallet gets it"), h("pre", { tabindex: "0", class: "entry" }, JSON.stringify(proposal.typedData, null, 2))),
      h("p", {}, "Digest ", hash(proposal.digest), h("span", { class: "dim" }, " – compare it with what your device shows.")), unknown(proposal),
      good ? h("p", { class: "filters" }, h("button", { type: "button", "data-key": "keep", onclick: () => download(proposal.fileName, JSON.stringify(proposal.file, null, 2)) }, "Keep it for the command line"), h("label", { class: "check" }, read, "I have read it, and it is what I want"))
        : problem("What the keeper prepared is not what you asked for. It cannot be signed here."));
  };

  const found = () => wallets();
  const signing = () => {
    const { proposal } = state;
    const list = found();
    const told = h("div", { role: "alert" });
    const choice = list.length > 1 ? h("select", { "aria-label": "Wallet", onchange: ({ currentTarget }) => { state.wallet = Number(currentTarget.value); } }, list.map((one, at) => h("option", { value: at, selected: at === state.wallet }, one.name))) : null;
    const act = async () => {
      fill(told);
      const provider = (found()[state.wallet] ?? found()[0])?.provider;
      try {
        if (!provider) throw new Error("no wallet is there any more");
        const from = await account(provider);
        const chainId = get("city").chainId;
        const signature = await sign(provider, from, proposal.typedData, chainId);
        if (!isSignature(signature)) throw new Error("the wallet made no signature of a key: for a contract's take the command line");
        state.from = from;
        add([{ signer: from, signature }]);
        announce("Signed");
      } catch (error) {
        fill(told, problem(error));
        if (provider && (await chain(provider).catch(() => get("city").chainId)) !== get("city").chainId) {
          told.append(h("button", { type: "button", onclick: () => change(provider, get("city").chainId).then(() => fill(told), (again) => fill(told, problem(again))) }, `Change to chain ${get("city").chainId}`));
        }
      }
    };
    const files = h("input", { type: "file", accept: "application/json,.json,text/plain", multiple: true, id: "others", onchange: async ({ currentTarget }) => {
      try {
        add(await Promise.all([...currentTarget.files].slice(0, SIGNATURES_MAX).map(read)));
      } catch (error) {
        fill(told, problem(error));
      }
    } });
    fill(steps.sign, h("h3", {}, "3. Sign"), list.length === 0 ? h("p", {}, "No wallet is in this browser. Sign the file that you kept on another machine:") : h("p", { class: "filters" }, choice, h("button", { type: "button", class: "primary", id: "sign", "data-key": "sign", onclick: act }, `Sign with ${choice ? "the wallet" : list[0].name}`)),
      list.length === 0 ? (proposal.commands ?? []).slice(0, 8).map(command) : null, told, h("ul", { class: "signatures", id: "signatures" }),
      h("p", { class: "field" }, h("label", { for: "others" }, "Signatures of others, as files"), files));
  };

  const read = async (file) => {
    if (file.size > FILE_BYTES_MAX) throw new Error(`${file.name} is too large for a signature`);
    const one = JSON.parse(await file.text().catch(() => "null"));
    if (one?.digest !== undefined && String(one.digest).toLowerCase() !== String(state.proposal.digest).toLowerCase()) throw new Error(`${file.name} signs something else`);
    if (!/^0x[0-9a-fA-F]{40}$/.test(one?.signer) || !isSignature(one?.signature)) throw new Error(`${file.name} is no signature of a key`);
    return { signer: one.signer, signature: one.signature };
  };

  const add = (list) => {
    for (const one of list) {
      state.signatures = [...state.signatures.filter((other) => other.signer.toLowerCase() !== one.signer.toLowerCase()), one].slice(-SIGNATURES_MAX);
    }
    state.signatures.sort((a, b) => (a.signer.toLowerCase() < b.signer.toLowerCase() ? -1 : 1));
    const { proposal, signatures } = state;
    const name = String(proposal.fileName ?? `${verb}.json`).replace(/\.json$/, "");
    const shown = steps.sign.querySelector("#signatures");
    fill(shown, signatures.map((one) => h("li", {}, h("span", {}, "Signed by ", hash(one.signer)), h("code", { class: "signature", tabindex: "0" }, one.signature), h("button", { type: "button", class: "small", onclick: () => download(`${name}.${one.signer}.json`, `${JSON.stringify({ digest: proposal.digest, signer: one.signer, signature: one.signature, contract: false }, null, 2)}\n`) }, "Keep the signature"))));
    handIn();
  };

  const handIn = async () => {
    const { proposal, signatures } = state;
    const told = h("div", { role: "alert" });
    try {
      const answer = await ask("submission", { file: proposal.file, signatures });
      state.submission = answer;
      const panelAt = get("city").members.find((one) => one.peer === "adjudication")?.address ?? "";
      const payload = String(proposal.file?.override?.payload ?? "").slice(2).toLowerCase();
      const checks = [
        { what: "It goes to this city's panel", holds: String(answer.to).toLowerCase() === panelAt.toLowerCase() },
        { what: "It carries what was signed, and no money", holds: payload.length >= 64 && String(answer.data).toLowerCase().includes(payload) && answer.value === "0" && answer.digest === proposal.digest },
      ];
      const good = checks.every((one) => one.holds);
      const complete = good && (answer.missing === 0 || answer.missing === null);
      const act = async () => {
        fill(told);
        try {
          const provider = (found()[state.wallet] ?? found()[0])?.provider;
          if (!provider) throw new Error("no wallet is there any more");
          const sent = await send(provider, state.from ?? (await account(provider)), answer, get("city").chainId);
          fill(told, h("p", { class: "good" }, "Sent: ", hash(sent)));
          announce("Sent");
        } catch (error) {
          fill(told, problem(error));
        }
      };
      fill(steps.send, h("h3", {}, "4. Hand in"), h("p", {}, answer.missing === 0 ? "All signatures are there." : answer.missing === null ? "How many signatures are missing is not known." : `${count(answer.missing)} more ${answer.missing === 1 ? "signature is" : "signatures are"} needed: send the file to the others, or hand it in when theirs are here.`),
        h("p", {}, "The transaction calls ", hash(answer.to), ` and carries ${count(signatures.length)} ${signatures.length === 1 ? "signature" : "signatures"}; whoever sends it pays its gas, and nothing else.`),
        h("ul", { class: "findings" }, checks.map((one) => h("li", {}, verdict(one.holds, one.what, one.what)))),
        h("p", { class: "filters" }, h("button", { type: "button", onclick: () => download(String(proposal.fileName ?? `${verb}.json`), `${JSON.stringify(answer.file, null, 2)}\n`) }, "Keep the signed file"), found().length > 0 ? h("button", { type: "button", class: "primary", id: "send", disabled: !complete, onclick: act }, "Send with the wallet") : null), command(answer.command), told, unknown(answer));
    } catch (error) {
      fill(steps.send, h("h3", {}, "4. Hand in"), problem(error));
    }
  };

  fill(root, panel(title, { note, class: "editor", tools: h("button", { type: "button", class: "icon", "aria-label": "Close the editor", onclick: onClose }, "×") }, h("h3", {}, "1. What you want"), form, refused, steps.words, steps.sign, steps.send));
};
