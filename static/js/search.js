/* Results of search by keyboard: arrows move from the field through the results, Enter opens, Escape goes back to the field.
   Owns the moving of focus on that page. The page works without it: results are links. */

const field = document.querySelector("[data-search]");
const links = [...document.querySelectorAll("[data-results] .what > a")];

function move(step) {
  const at = links.indexOf(document.activeElement);
  if (at === -1 && document.activeElement !== field) return false;
  const next = at + step;
  if (next < 0) field.focus();
  else links[Math.min(next, links.length - 1)]?.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && links.length && move(step)) event.preventDefault();
  if (event.key === "Escape" && links.includes(document.activeElement)) field.focus();
});
