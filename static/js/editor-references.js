/* The picker of references: after "[[" it offers what has that name; arrows choose, Enter or Tab takes, Escape closes.
   Options come from the server as markup that it made; this file only shows them and types the chosen one. */

const PAUSE_MS = 150;
const OPEN = /\[\[([a-z]*:?[^\[\]\n|]{0,60})$/;

function pick(editor) {
  const source = editor.querySelector("[data-editor-source] textarea, textarea[data-editor-source]");
  const url = editor.closest("form").dataset.referencesUrl;
  const list = document.createElement("ul");
  list.className = "picker";
  list.id = `${source.id}-picker`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "References");
  source.setAttribute("aria-autocomplete", "list");
  source.setAttribute("aria-controls", list.id);
  source.after(list);
  let chosen = -1;
  let timer = 0;
  let running = null;

  const options = () => [...list.querySelectorAll("[data-insert]")];

  function close() {
    clearTimeout(timer);
    running?.abort();
    list.hidden = true;
    source.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    const all = options();
    if (!all.length) return;
    chosen = (index + all.length) % all.length;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    source.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  }

  function take(option) {
    const end = source.selectionStart;
    const typed = source.value.slice(0, end).match(OPEN);
    if (!typed) return close();
    const rest = source.value.slice(end).startsWith("]]") ? 2 : 0;
    source.setRangeText(`[[${option.dataset.insert}]]`, end - typed[0].length, end + rest, "end");
    close();
    source.focus();
    source.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function offer(typed) {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(`${url}?${new URLSearchParams({ q: typed })}`, { signal: running.signal });
      if (!answer.ok || answer.redirected) return close();
      list.innerHTML = await answer.text();
      list.hidden = false;
      choose(0);
    } catch {
      // an older question, or no network: typing goes on
    }
  }

  source.addEventListener("input", () => {
    clearTimeout(timer);
    const typed = source.value.slice(0, source.selectionStart).match(OPEN);
    if (!typed) return close();
    timer = setTimeout(() => offer(typed[1]), PAUSE_MS);
  });
  source.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && options()[chosen]) take(options()[chosen]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  source.addEventListener("blur", () => setTimeout(close, PAUSE_MS));
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[data-insert]");
    event.preventDefault(); // the text keeps the focus
    if (option) take(option);
  });
}

for (const editor of document.querySelectorAll(".editor[data-preview-url]")) pick(editor);
