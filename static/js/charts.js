/* Charts: draws the figures that stand as JSON beside each .plotly-chart, in the colours of the current theme.
   A figure names a role for each mark ("series-1", "fail-mark"); the palette that comes with it gives the colour.
   Owns nothing but the drawing: the numbers are in the table behind, which stays when this fails. */

const CONFIG = { displayModeBar: false, responsive: true };
const dark = matchMedia("(prefers-color-scheme: dark)");
let loading = null;
const drawn = new Set(); // boxes that hold a chart: what a swap took away is given back to the library

function plotly(source) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("the chart library could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

function theme() {
  return document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
}

function colourTraces(traces, palette) {
  for (const trace of traces) {
    const colour = palette[trace.meta.role];
    if (trace.type === "bar") {
      trace.marker = { ...trace.marker, color: colour };
      if (trace.marker.pattern) trace.marker.pattern = { ...trace.marker.pattern, fgcolor: palette.bg, bgcolor: colour };
    } else {
      trace.line = { ...trace.line, color: colour };
      trace.marker = { ...trace.marker, color: colour };
    }
  }
}

function colourLayout(layout, palette) {
  layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
  layout.font = { ...layout.font, color: palette["ink-3"], family: getComputedStyle(document.body).fontFamily };
  layout.hoverlabel = { bgcolor: palette["bg-raised"], bordercolor: palette["line-strong"], font: { color: palette.ink } };
  for (const name of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
    Object.assign(layout[name], { gridcolor: palette.grid, linecolor: palette["line-strong"], zerolinecolor: palette["line-strong"] });
  }
  for (const shape of layout.shapes ?? []) shape.line = { ...shape.line, color: palette[shape.name] };
  for (const note of layout.annotations ?? []) note.font = { ...note.font, color: palette["ink-2"] };
}

async function draw(box) {
  const source = document.getElementById(box.dataset.figure);
  if (!source) return; // the page is being left or swapped while the script arrived
  const { figure, palette } = JSON.parse(source.textContent);
  try {
    const library = await plotly(box.dataset.plotly);
    colourTraces(figure.data, palette[theme()]);
    colourLayout(figure.layout, palette[theme()]);
    if (!box.isConnected) return;
    drawn.add(box);
    if (figure.layout.height) box.style.height = `${figure.layout.height}px`;
    await library.react(box, figure.data, figure.layout, CONFIG);
  } catch (error) {
    box.textContent = `This chart could not be drawn: ${error.message}. Its numbers are in the table below.`;
    box.classList.add("unavailable");
    box.closest("figure")?.querySelector("details.behind")?.setAttribute("open", "");
  }
}

function forget() {
  for (const box of drawn) {
    if (box.isConnected) continue;
    window.Plotly.purge(box);
    drawn.delete(box);
  }
}

function drawAll(root) {
  for (const box of root.querySelectorAll(".plotly-chart")) draw(box);
}

drawAll(document);
document.addEventListener("plumbline:theme", () => drawAll(document));
document.addEventListener("htmx:afterSettle", (event) => {
  forget();
  drawAll(event.detail.elt);
});
