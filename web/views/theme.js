/**
 * Light or dark: as the visitor's system is, until the visitor says otherwise.
 *
 * @import { Store } from "../state/store.js"
 */

const KEPT = "diffuscope: theme";

/** @param {Store} store */
export function wearTheme(store) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const wear = () => {
    const { theme } = store.state.view;
    const worn = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
    document.documentElement.dataset.theme = worn;
    store.set({ view: { worn } }); // what is painted in the theme's colours is painted anew
  };
  const kept = read();
  if (kept === "light" || kept === "dark") store.set({ view: { theme: kept } });
  wear();
  store.subscribe(
    ({ view }) => [view.theme],
    () => {
      wear();
      write(store.state.view.theme);
    },
  );
  dark.addEventListener("change", wear);
}

// A private window may refuse to remember; the theme then lasts as long as the page.
function read() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** @param {string} theme */
function write(theme) {
  try {
    localStorage.setItem(KEPT, theme);
  } catch {
    /* see above */
  }
}
