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

// Closing is a new page: it gives the focus back to the link that the drawer was opened by.
const CLOSED = "plumbline.closed-drawer";

function remember() {
  try {
    sessionStorage.setItem(CLOSED, location.pathname);
  } catch {
    // storage refused by the browser: the focus starts at the top, as on any page
  }
}

function focusOpener() {
  try {
    const closed = sessionStorage.getItem(CLOSED);
    sessionStorage.removeItem(CLOSED);
    if (closed) [...document.querySelectorAll("main a")].find((link) => link.pathname === closed)?.focus();
  } catch {
    // as above
  }
}

closeLink()?.addEventListener("click", remember);
if (!closeLink()) focusOpener();

// Focus moves when the drawer was opened from this site, not when someone follows a link to it from elsewhere.
if (document.referrer.startsWith(location.origin)) focusHeading();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.closest?.(".drawer") && !event.detail.elt.closest("[data-live]")) focusHeading();
});
