// Elements out of data. Whatever a keeper or a chain says goes in as text nodes and checked attributes: there is no way in here by which
// text becomes markup, and none by which a link leads elsewhere than to this page or a file made in it.

const SVG = "http://www.w3.org/2000/svg";
const ALLOWED_LINK = /^(#|blob:|\.\/|\/)/;

const put = (node, child) => {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) child.forEach((one) => put(node, one));
  else node.append(child instanceof Node ? child : document.createTextNode(String(child)));
};

const make = (node, props, children) => {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) {
      if (typeof value !== "function") throw new TypeError(`${name} is no function`);
      node.addEventListener(name.slice(2), value);
    } else if (name === "css") {
      for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    } else if (name === "style" || name === "innerHTML" || name === "srcdoc") {
      throw new TypeError(`${name} is not set here`);
    } else if (name === "href" && !ALLOWED_LINK.test(String(value))) {
      throw new TypeError("a link that leads away");
    } else node.setAttribute(name, value === true ? "" : String(value));
  }
  put(node, children);
  return node;
};

/** An element. `props` are attributes; `on…` are listeners; `css` are properties of its style. */
export const h = (tag, props, ...children) => make(document.createElement(tag), props, children);

/** The same for SVG. */
export const s = (tag, props, ...children) => make(document.createElementNS(SVG, tag), props, children);

const keyed = (node, key) => [...node.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)];

/**
 * Replaces what is in a node. Focus stays on the element with the same `data-key`, and what was unfolded stays so: an update throws no keyboard out.
 */
export const fill = (node, ...children) => {
  const active = node.contains(document.activeElement) ? document.activeElement : null;
  const key = active?.dataset?.key;
  const which = key === undefined ? 0 : keyed(node, key).indexOf(active);
  const open = new Set([...node.querySelectorAll("details[open] > summary[data-key]")].map((one) => one.dataset.key));
  const [top, left] = [node.scrollTop, node.scrollLeft];
  node.replaceChildren();
  put(node, children);
  for (const one of open) for (const summary of keyed(node, one)) summary.parentElement.open = true;
  if (key !== undefined) keyed(node, key).at(which)?.focus({ preventScroll: true });
  node.scrollTop = top;
  node.scrollLeft = left;
  return node;
};

/** Text that only readers of screens get. */
export const unseen = (text) => h("span", { class: "unseen" }, text);

/** Says something to readers of screens; `urgent` interrupts them. */
export const announce = (text, urgent = false) => {
  const region = document.getElementById(urgent ? "says-now" : "says");
  if (region) region.textContent = text;
};

/** A file that the person keeps. */
export const download = (name, text, type = "application/json") => {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};
