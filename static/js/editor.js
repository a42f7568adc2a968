/* The editor of documents: live preview and a warning before typed text is lost.
   <div class="editor" data-preview-url="…"> holds [data-editor-source] and [data-editor-preview] and stands in its form.
   The preview is rendered and sanitised by the server; this file never turns text into markup itself. */

const PAUSE_MS = 350;

function watch(editor) {
  const source = editor.querySelector("[data-editor-source] textarea, textarea[data-editor-source]");
  const preview = editor.querySelector("[data-editor-preview]");
  const status = editor.querySelector("[data-editor-status]");
  const form = editor.closest("form");
  const initial = source.value;
  let timer = 0;
  let running = null;
  let sending = false;

  async function render() {
    running?.abort(); // an old answer must not overwrite a newer one
    running = new AbortController();
    const { signal } = running;
    const body = new URLSearchParams({ text: source.value });
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    preview.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(editor.dataset.previewUrl, { method: "POST", body, signal, headers: { "X-CSRFToken": token } });
      if (!answer.ok || answer.redirected) throw new Error(answer.redirected ? "you were signed out" : `the server answered ${answer.status}`);
      preview.innerHTML = await answer.text();
      if (status) status.textContent = "";
    } catch (error) {
      if (signal.aborted) return;
      if (status) status.textContent = `The preview could not be drawn: ${error.message}. Your text is untouched.`;
    }
    preview.removeAttribute("aria-busy");
  }

  source.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(render, PAUSE_MS);
  });
  form.addEventListener("submit", () => {
    sending = true;
  });
  addEventListener("pageshow", () => {
    sending = false; // back from a refused submit: the warning is armed again
  });
  addEventListener("beforeunload", (event) => {
    if (!sending && source.value !== initial) event.preventDefault();
  });
  render();
}

for (const editor of document.querySelectorAll(".editor[data-preview-url]")) watch(editor);
