/* Keys: "/" to the search over everything, "f" to the page's filter, "g" and a letter to a page of the rail, "?" for the list of keys.
   Owns the dialog #keys and the switch for single keys (WCAG 2.1.4), kept in this browser. Never acts while someone types. */

const STORE = "plumbline.single-keys";
const WAIT_MS = 1200; // how long "g" waits for its letter
const dialog = document.getElementById("keys");
let leader = 0;

function allowed() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true; // storage refused by the browser: the default holds
  }
}

function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") || dialog?.open;
}

function focusFilter() {
  const field = document.querySelector("main [data-filter], main input[type=search]");
  field?.focus();
  field?.select?.();
  return Boolean(field);
}

function focusSearch() {
  const fields = ["main [data-search]", ".rail #find"].map((selector) => document.querySelector(selector));
  const field = fields.find((one) => one?.checkVisibility());
  field?.focus();
  field?.select();
  if (!field) document.querySelector('.topbar a[href$="/search/"]')?.click(); // a narrow screen has no field
}

function goTo(letter) {
  const link = document.querySelector(`.rail a[data-key="${CSS.escape(letter)}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
}

function act(key) {
  if (Date.now() - leader < WAIT_MS) {
    leader = 0;
    return goTo(key);
  }
  if (key === "g") {
    leader = Date.now();
    return true;
  }
  if (key === "/") {
    focusSearch();
    return true;
  }
  if (key === "f") return focusFilter();
  if (key === "?" && dialog) {
    dialog.showModal();
    return true;
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key.length !== 1 || typing(event.target) || !allowed()) return;
  if (act(event.key)) event.preventDefault();
});

if (dialog) {
  const box = dialog.querySelector("[data-keys-switch]");
  box.checked = allowed();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(STORE, box.checked ? "on" : "off");
    } catch {
      box.checked = true; // it cannot be kept, so it must not look as if it were
    }
  });
  for (const opener of document.querySelectorAll("[data-opens=keys]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }
}
