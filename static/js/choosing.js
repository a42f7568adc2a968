/* Choosing rows of a list: <form data-choosing> with boxes .choose, one box for all, and a line that says how many.
   Owns ticking all and counting. Without it the form works too: the server reads the box for all by itself. */

const most = 100;

function refresh(form) {
  const boxes = [...form.querySelectorAll(".choose")];
  const ticked = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-choose-all]");
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  const count = form.querySelector("[data-choosing-count]");
  const text = ticked > most ? `${ticked} chosen: at most ${most} at once` : `${ticked} chosen`;
  if (count.textContent !== text) count.textContent = text;
}

for (const form of document.querySelectorAll("[data-choosing]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-choose-all]")) {
      for (const box of form.querySelectorAll(".choose")) box.checked = event.target.checked;
    }
    if (event.target.matches(".choose, [data-choose-all]")) refresh(form);
  });
  // A browser that comes back to the page ticks again what was ticked.
  addEventListener("pageshow", () => refresh(form));
}
