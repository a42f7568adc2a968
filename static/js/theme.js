/* The reader's theme: light, dark or the system's. Owns the cookie "theme" and <html data-theme>, which the server
   writes from that cookie on the next page. Never touches anything else; tells others by the event "plumbline:theme". */

const YEAR = 31_536_000;
const root = document.documentElement;

function mark() {
  const chosen = root.dataset.theme ?? "";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

function choose(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=${theme ? YEAR : 0}; SameSite=Lax${secure}`;
  mark();
  document.dispatchEvent(new CustomEvent("plumbline:theme"));
}

for (const part of document.querySelectorAll("[data-theme-switch]")) part.hidden = false;
mark();

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (button) choose(button.dataset.themeChoice);
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (!root.dataset.theme) document.dispatchEvent(new CustomEvent("plumbline:theme"));
});
