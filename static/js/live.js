/* Live parts: elements with data-live that htmx polls. Owns Pause and Resume, and what a swap must not lose: focus,
   scroll and opened details. Never polls by itself: without htmx and without this file the page just stands still.

   data-live           on the element that carries hx-trigger="every 5s"; only polling may be issued by that element itself
   id                  on it too: 286 ends polling for that id, and hx-select="#id" takes nothing but the element out of an
                       answer: the white space around it would stay in the page, a little more with every swap
   data-announce="…"   inside it: a sentence, read out politely when it changed */

const announcer = document.getElementById("announcer");
const control = document.querySelector("[data-live-control]");
const said = new Map();
const ended = new Set(); // regions that can change no more
let paused = false;
let kept = null;

function busy(region) {
  const active = document.activeElement;
  const typing = region.contains(active) && active.matches("input, textarea, select");
  return typing || region.querySelector("details.menu[open], dialog[open]") !== null;
}

/* How to find the same element again after its markup was replaced. */
function describe(element, region) {
  if (!region.contains(element)) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  for (const name of ["href", "name", "aria-label"]) {
    const value = element.getAttribute(name);
    if (value) return `${element.localName}[${name}="${CSS.escape(value)}"]`;
  }
  return null;
}

function scrollers(region) {
  return [...region.querySelectorAll(".scroll-x, .diagram, .scroll, pre")];
}

function keep(region) {
  kept = {
    focus: describe(document.activeElement, region),
    open: [...region.querySelectorAll("details[open][id]")].map((details) => details.id),
    scroll: scrollers(region).map((part) => [part.scrollLeft, part.scrollTop]),
  };
}

function restore(region) {
  for (const id of kept.open) document.getElementById(id)?.setAttribute("open", "");
  scrollers(region).forEach((part, index) => {
    const [left, top] = kept.scroll[index] ?? [0, 0];
    part.scrollTo({ left, top, behavior: "instant" });
  });
  if (kept.focus) region.querySelector(kept.focus)?.focus({ preventScroll: true });
}

function announce(region) {
  const sentence = region.querySelector("[data-announce]")?.dataset.announce;
  if (!sentence || said.get(region.id) === sentence) return;
  if (said.has(region.id) && announcer) announcer.textContent = sentence;
  said.set(region.id, sentence);
}

function show(word, label) {
  if (!control) return;
  const button = control.querySelector("[data-live-toggle]");
  control.classList.toggle("paused", paused);
  control.querySelector("[data-live-word]").textContent = word;
  button.textContent = label;
  button.setAttribute("aria-label", `${label} live updates`);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const region = event.detail.elt;
  if (region.matches("[data-live]") && (paused || document.hidden || ended.has(region.id) || busy(region))) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const region = event.detail.target;
  if (event.detail.shouldSwap && region.matches?.("[data-live]")) keep(region);
});
document.addEventListener("htmx:afterSettle", (event) => {
  // with an outer swap the settled element is the new one; it has the same id
  const region = event.detail.elt.closest?.("[data-live]");
  if (!region || !kept) return;
  restore(region);
  announce(region);
  kept = null;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr?.status !== 286) return;
  // htmx stops the element that asked; an outer swap has put a new one, with a trigger of its own, in its place
  ended.add(event.detail.requestConfig.elt.id);
  const going = [...document.querySelectorAll("[data-live]")].some((region) => !ended.has(region.id));
  if (control && !going) control.hidden = true;
});

for (const region of document.querySelectorAll("[data-live]")) announce(region);
if (control && document.querySelector("[data-live]")) {
  const word = control.querySelector("[data-live-word]").textContent;
  control.hidden = false;
  control.querySelector("[data-live-toggle]").addEventListener("click", () => {
    paused = !paused;
    show(paused ? "Paused" : word, paused ? "Resume" : "Pause");
  });
}
