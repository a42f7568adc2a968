/* The palette: Ctrl K or ⌘K opens it, typing narrows it, arrows choose, Enter does it. A combobox with a listbox (ARIA APG).
   Owns the dialog #palette. The server says what there is; nothing is known here but how a line is carried out. */

const WAIT_MS = 90; // a pause in typing
const dialog = document.getElementById("palette");
const field = document.getElementById("palette-field");
const list = document.getElementById("palette-list");
const count = document.getElementById("palette-count");
let asking = null; // the request under way, aborted by the next
let timer = 0;
let shown = null; // the text that the list is an answer to

function options() {
  return [...list.querySelectorAll("[role=option]")];
}

function chosen() {
  return list.querySelector('[aria-selected="true"]');
}

function choose(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const text = field.value;
  try {
    const answer = await fetch(`${dialog.dataset.source}?${new URLSearchParams({ q: text })}`, { signal: asking.signal });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    list.innerHTML = await answer.text();
    shown = text;
    choose(options()[0]);
    count.textContent = options().length === 1 ? "1 match" : `${options().length} matches`;
  } catch (error) {
    if (error.name === "AbortError") return;
    list.replaceChildren();
    field.removeAttribute("aria-activedescendant");
    shown = null;
    count.textContent = "The portal does not answer. Try again.";
    const said = document.createElement("li");
    said.className = "meta";
    said.textContent = count.textContent;
    list.append(said);
  }
}

function step(by) {
  const all = options();
  if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
}

const DOES = {
  keys: () => document.getElementById("keys")?.showModal(),
  "sign-out": () => document.getElementById("sign-out")?.requestSubmit(),
};

function carryOut(option) {
  if (!option) return;
  dialog.close();
  const { href, does = "" } = option.dataset;
  if (href) location.assign(href);
  else if (does.startsWith("theme:")) document.querySelector(`[data-theme-choice="${does.slice(6)}"]`)?.click();
  else DOES[does]?.();
}

function open() {
  if (dialog.open) return;
  field.value = "";
  dialog.showModal();
  field.focus();
  ask();
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault(); // Firefox would go to its own search
    if (dialog.open) dialog.close();
    else open();
  });
  for (const opener of document.querySelectorAll("[data-opens=palette]")) {
    opener.hidden = false;
    opener.addEventListener("click", open);
  }
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  field.addEventListener("keydown", async (event) => {
    if (event.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (shown !== field.value) {
        clearTimeout(timer);
        await ask(); // what is chosen must be an answer to what stands in the field
        if (shown !== field.value) return;
      }
      carryOut(chosen());
    }
  });
  list.addEventListener("mousemove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });
  list.addEventListener("click", (event) => carryOut(event.target.closest("[role=option]")));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
}
