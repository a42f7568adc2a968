/* Drafts: what is typed goes to the server every few seconds, so that a closed browser loses nothing.
   Says when it was kept. Never sends what did not change, and nothing any more once the form is sent. */

const EVERY_MS = 4000;

function keep(form) {
  const status = form.querySelector("[data-editor-status]");
  const written = () => new URLSearchParams(new FormData(form)).toString();
  let known = written();
  let timer = 0;
  let sent = false;

  async function send() {
    timer = 0;
    const now = written();
    if (sent || now === known) return;
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    try {
      const answer = await fetch(form.dataset.draftUrl, {
        method: "POST", body: new URLSearchParams(now), headers: { "X-CSRFToken": token, Accept: "application/json" },
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.redirected ? "you were signed out" : `the server answered ${answer.status}`);
      known = now;
      const at = new Date((await answer.json()).saved_at);
      if (status && !sent) status.textContent = `Draft kept at ${at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })}.`;
    } catch (error) {
      timer ||= setTimeout(send, EVERY_MS * 4);
      if (status) status.textContent = `No draft could be kept: ${error.message}. Your text is untouched.`;
    }
  }

  form.addEventListener("input", () => {
    timer ||= setTimeout(send, EVERY_MS);
  });
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(timer);
  });
  addEventListener("pageshow", () => {
    sent = false;
  });
}

for (const form of document.querySelectorAll("form[data-draft-url]")) keep(form);
