/* Copy buttons: <button class="copy" data-copy="text">. Owns the clipboard; says what it did in words.
   Hidden where the browser offers no clipboard (plain http on another machine): the text can still be selected. */

const announcer = document.getElementById("announcer");

if (navigator.clipboard) {
  document.documentElement.classList.add("can-copy");
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    let word = "Copied";
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      word = "Copying was refused by the browser: select the text instead";
    }
    button.title = word;
    button.classList.toggle("done", word === "Copied");
    if (announcer) announcer.textContent = word;
    setTimeout(() => button.classList.remove("done"), 1500);
  });
}
