/* Menus made of <details class="menu"> and toasts: closes them. They open without script.
   A toast that says that all went well leaves by itself, unless someone is at it; one that reports a failure stays. */

const STAYS_MS = 12_000;

function close(menu, refocus) {
  menu.open = false;
  if (refocus) menu.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".toast")?.remove();
  for (const menu of document.querySelectorAll("details.menu[open], details.who[open]")) {
    if (!menu.contains(event.target)) close(menu, false);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = [...document.querySelectorAll("details.menu[open], details.who[open]")].at(-1);
  if (!open) return;
  event.preventDefault(); // the drawer behind the menu stays open
  close(open, open.contains(document.activeElement));
});

function leave(toast) {
  if (toast.matches(":hover, :focus-within")) setTimeout(() => leave(toast), STAYS_MS);
  else toast.remove();
}

for (const toast of document.querySelectorAll(".toast.s-ok, .toast.s-unk")) setTimeout(() => leave(toast), STAYS_MS);
