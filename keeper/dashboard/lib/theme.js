// Light, dark, or as the system has it. The choice stays in this browser.

const KEY = "agentcity.theme";
const ALL = ["auto", "light", "dark"];

const read = () => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
};

let is = ALL.includes(read()) ? read() : "auto";

/** `auto`, `light` or `dark`. */
export const theme = () => is;

/** What a press changes to. */
export const nextTheme = () => ALL[(ALL.indexOf(is) + 1) % ALL.length];

/** Puts it on, and tells who draws by hand. */
export const wear = (choice) => {
  is = choice;
  if (choice === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // A browser that keeps nothing forgets the choice, and nothing else.
  }
  document.dispatchEvent(new Event("themechange"));
};

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("themechange")));
