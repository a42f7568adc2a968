/* The editor's toolbar: marks around what is selected, and images by button, paste or drop.
   Owns the toolbar, which it makes: without script there is none and Markdown is typed. Never renders anything. */

const MARKS = [
  ["Bold", "**", "**", "b"],
  ["Italic", "*", "*", "i"],
  ["Code", "`", "`", "e"],
  ["Link", "[", "](https://)", "k"],
  ["Reference", "[[", "]]", ""],
];
const LINES = [["Heading", "## "], ["List", "* "], ["Steps", "1. "], ["Quote", "> "]];

function replace(source, from, to, text, select = [text.length, text.length]) {
  source.focus();
  source.setSelectionRange(from, to);
  // keeps the browser's own undo, which setRangeText loses
  if (!document.execCommand("insertText", false, text)) source.setRangeText(text, from, to, "end");
  source.setSelectionRange(from + select[0], from + select[1]);
  source.dispatchEvent(new Event("input", { bubbles: true }));
}

function wrap(source, before, after) {
  const { selectionStart: from, selectionEnd: to, value } = source;
  const chosen = value.slice(from, to);
  replace(source, from, to, before + chosen + after, [before.length, before.length + chosen.length]);
}

function prefix(source, mark) {
  const { selectionStart, selectionEnd, value } = source;
  const from = value.slice(0, selectionStart).lastIndexOf("\n") + 1;
  const lines = value.slice(from, selectionEnd).split("\n");
  replace(source, from, selectionEnd, lines.map((line) => mark + line).join("\n"));
}

// Puts the image where it was dropped, wherever the caret has gone since.
function settle(source, held, text) {
  const at = source.value.indexOf(held);
  if (at < 0) return;
  source.setRangeText(text, at, at + held.length, "preserve");
  source.dispatchEvent(new Event("input", { bubbles: true }));
}

async function upload(source, form, file, status) {
  const held = `![sending ${(file.name || "image").replace(/[[\]()]/g, "")}…]()`;
  replace(source, source.selectionStart, source.selectionStart, held);
  status.textContent = `Sending ${file.name || "the image"}…`;
  const body = new FormData();
  body.append("image", file);
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  try {
    const answer = await fetch(form.dataset.imageUrl, { method: "POST", body, headers: { "X-CSRFToken": token, Accept: "application/json" } });
    const told = (answer.headers.get("content-type") ?? "").includes("json") ? await answer.json() : {};
    if (answer.redirected) throw new Error("you were signed out");
    if (!answer.ok) throw new Error(told.detail ?? (answer.status === 413 ? "it is too large" : `the server answered ${answer.status}`));
    settle(source, held, `![${(file.name || "image").replace(/\.[a-z0-9]+$/i, "").replace(/[[\]]/g, "")}](${told.url})`);
    status.textContent = "";
  } catch (error) {
    settle(source, held, "");
    status.textContent = `The image was not taken: ${error.message}.`;
  }
}

function button(label, act, key = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-tool";
  made.textContent = label;
  if (key) made.title = `${label} (Ctrl ${key.toUpperCase()})`;
  made.addEventListener("click", act);
  return made;
}

function equip(editor) {
  const source = editor.querySelector("[data-editor-source] textarea, textarea[data-editor-source]");
  const status = editor.querySelector("[data-editor-status]");
  const form = editor.closest("form");
  const bar = document.createElement("div");
  bar.className = "toolbar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Text");
  bar.setAttribute("aria-controls", source.id);
  for (const [label, mark] of LINES) bar.append(button(label, () => prefix(source, mark)));
  for (const [label, before, after, key] of MARKS) bar.append(button(label, () => wrap(source, before, after), key));
  const picker = document.createElement("input");
  picker.type = "file";
  picker.accept = "image/png,image/jpeg,image/gif,image/webp";
  picker.hidden = true;
  picker.addEventListener("change", () => {
    if (picker.files[0]) upload(source, form, picker.files[0], status);
    picker.value = "";
  });
  bar.append(button("Image", () => picker.click()), picker);
  source.before(bar);
  source.addEventListener("keydown", (event) => {
    const mark = MARKS.find(([, , , key]) => key && key === event.key.toLowerCase());
    if (!mark || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    wrap(source, mark[1], mark[2]);
  });
  for (const [kind, files] of [["paste", (event) => event.clipboardData?.files], ["drop", (event) => event.dataTransfer?.files]]) {
    source.addEventListener(kind, (event) => {
      const image = [...(files(event) ?? [])].find((file) => file.type.startsWith("image/"));
      if (!image) return;
      event.preventDefault();
      upload(source, form, image, status);
    });
  }
}

for (const editor of document.querySelectorAll(".editor[data-preview-url]")) equip(editor);
