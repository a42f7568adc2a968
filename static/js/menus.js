/* Menus made of <details class="menu"> and toasts: closes them. They open without script.
   Owns no state; never keeps a menu open. */

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
