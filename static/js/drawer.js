/* The drawer beside a page: <aside class="drawer"> with a link [data-drawer-close]. Owns its focus and Esc.
   A drawer is a page of its own with a URL: closing it goes to the URL without it. Never opens one. */

function closeLink() {
  return document.querySelector(".drawer [data-drawer-close]");
}

function focusHeading() {
  const heading = document.querySelector(".drawer h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: matchMedia("(min-width: 1280px)").matches });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (document.querySelector("dialog[open], :popover-open")) return; // Esc closes those first
  if (event.target.closest?.("input, textarea, select")) return; // Esc in a field must not lose what was typed
  closeLink()?.click();
});

// Focus moves when the drawer was opened from this site, not when someone follows a link to it from elsewhere.
if (document.referrer.startsWith(location.origin)) focusHeading();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.closest?.(".drawer") && !event.detail.elt.closest("[data-live]")) focusHeading();
});
