/**
 * Draws a chart from the table beside it, so that both say the same and the table is there without
 * JavaScript. A column with `data-series` is a series; its cells carry the number in `data-value`,
 * none where there was nothing to count, which stays a gap. Series differ by pattern, dash and
 * point as well as by colour. Colours are the style sheet's, read anew when the theme changes.
 */

const LOOKS = {
  good: { fill: "solid", bar: "--chart-good", dash: [], point: "circle" },
  bad: { fill: "hatch", dash: [2, 3], point: "crossRot" },
  idle: { fill: "dots", dash: [2, 3], point: "rect" },
  run: { fill: "rings", dash: [], point: "circle" },
  odd: { fill: "solid", dash: [7, 4], point: "triangle" },
  warn: { fill: "solid", dash: [7, 4], point: "rectRot" },
};
const SECOND = 1000;
const UNITS = [
  ["h", 3600 * SECOND],
  ["min", 60 * SECOND],
  ["s", SECOND],
  ["ms", 1],
];

const root = document.documentElement;
const drawn = new Map();
let unfolded = new Set();

/** A colour of the style sheet as canvas and Chart.js read it: red, green, blue. */
const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function colour(variable) {
  const probe = document.createElement("span");
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  pixel.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}

/** What fills a bar, so that it is known without its colour. */
function pattern(kind, tone, ground) {
  if (kind === "solid") return tone;
  const size = kind === "hatch" ? 8 : 6;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const ink = tile.getContext("2d");
  ink.fillStyle = ground;
  ink.fillRect(0, 0, size, size);
  ink.fillStyle = ink.strokeStyle = tone;
  ink.lineWidth = 3;
  ink.beginPath();
  if (kind === "hatch") {
    for (const start of [-size, 0, size]) {
      ink.moveTo(start - 1, size + 1);
      ink.lineTo(start + size + 1, -1);
    }
    ink.stroke();
  } else if (kind === "dots") {
    ink.arc(size / 2, size / 2, 1.6, 0, 2 * Math.PI);
    ink.fill();
  } else {
    ink.fillRect(0, 0, size, 2);
  }
  return ink.createPattern(tile, "repeat");
}

const words = (cell) => cell.textContent.trim().replace(/\s+/g, " ");

function read(table) {
  const rows = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  const series = heads.flatMap((head, column) => {
    if (!head.dataset.series) return [];
    const cells = rows.map((row) => row.cells[column]);
    const values = cells.map(({ dataset }) => (dataset.value ? Number(dataset.value) : null));
    return [{ name: words(head), tone: head.dataset.series, cells, values }];
  });
  const names = rows.map((row) => row.cells[0]);
  return { series, labels: names.map((name) => name.dataset.label), titles: names.map(words) };
}

/** The unit in which the longest of the times is a number of two or three digits, and its size. */
function unitOf(series) {
  const longest = Math.max(...series.flatMap(({ values }) => values));
  return UNITS.find(([, size]) => longest >= 2 * size) ?? UNITS.at(-1);
}

/** How values are measured: what they are divided by, and the axis that shows them. */
const MEASURES = {
  stack: () => ({ size: 1, axis: { stacked: true, beginAtZero: true }, ticks: { precision: 0 } }),
  share: () => ({
    size: 0.01,
    axis: { min: 0, max: 100 },
    ticks: { stepSize: 25, callback: (value) => `${value} %` },
  }),
  time: (series) => {
    const [unit, size] = unitOf(series);
    return { size, axis: { beginAtZero: true }, ticks: { callback: (value) => `${value} ${unit}` } };
  },
};

function dataset({ name, tone, values }, isStack, size) {
  const look = LOOKS[tone];
  const line = colour((isStack && look.bar) || `--${tone}`);
  const ground = colour("--surface");
  const common = { label: name, data: values.map((value) => value === null ? null : value / size) };
  if (isStack) {
    const fill = pattern(look.fill, line, colour(`--${tone}-soft`));
    return { ...common, backgroundColor: fill, hoverBackgroundColor: fill, borderColor: line, borderWidth: 1 };
  }
  return {
    ...common,
    borderColor: line,
    backgroundColor: ground,
    borderWidth: 2,
    borderDash: look.dash,
    pointStyle: look.point,
    pointRadius: values.length > 40 ? 2 : 4,
    pointHoverRadius: 6,
    pointBackgroundColor: ground,
    pointBorderWidth: 2,
    spanGaps: false,
    clip: 8,
  };
}

function options(told, { axis, ticks }, isStack) {
  const ink = colour("--ink-soft");
  const line = colour("--line");
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  const linkAt = (chart, event) => {
    const [hit] = chart.getElementsAtEventForMode(event, "nearest", { intersect: true }, true);
    return hit && told.series[hit.datasetIndex].cells[hit.index].querySelector("a");
  };
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false, // numbers are there at once, and nobody has asked for motion
    interaction: { mode: "index", intersect: false },
    onClick: (event, _hits, chart) => linkAt(chart, event)?.click(),
    onHover: (event, _hits, chart) => {
      chart.canvas.style.cursor = linkAt(chart, event) ? "pointer" : "default";
    },
    scales: {
      x: {
        stacked: isStack,
        grid: { display: false },
        border: { color: line },
        ticks: { color: ink, font, maxRotation: 0, autoSkipPadding: 16 },
      },
      y: { ...axis, border: { display: false }, grid: { color: line }, ticks: { color: ink, font, maxTicksLimit: 6, ...ticks } },
    },
    plugins: {
      legend: {
        align: "start",
        labels: { color: ink, font, usePointStyle: !isStack, boxWidth: isStack ? 22 : 9, boxHeight: isStack ? 12 : 9, padding: 14 },
      },
      tooltip: {
        backgroundColor: colour("--surface-raised"),
        borderColor: colour("--line-strong"),
        borderWidth: 1,
        titleColor: colour("--ink-strong"),
        bodyColor: colour("--ink"),
        titleFont: font,
        bodyFont: font,
        padding: 10,
        usePointStyle: !isStack,
        filter: ({ raw }) => (isStack ? raw > 0 : raw !== null),
        callbacks: {
          title: ([first]) => (first ? told.titles[first.dataIndex] : ""),
          label: ({ datasetIndex, dataIndex }) => {
            const { name, cells } = told.series[datasetIndex];
            return ` ${name}: ${words(cells[dataIndex])}`;
          },
        },
      },
    },
  };
}

function draw(box) {
  const canvas = box.querySelector("canvas");
  const told = read(box.parentElement.querySelector("[data-chart-table] table"));
  const isStack = box.dataset.chart === "stack";
  // What never happened needs no place in the legend of a stack.
  if (isStack) told.series = told.series.filter(({ values }) => values.some(Boolean));
  const measure = MEASURES[box.dataset.chart](told.series);
  drawn.get(canvas)?.destroy();
  drawn.set(
    canvas,
    new window.Chart(canvas, {
      type: isStack ? "bar" : "line",
      data: {
        labels: told.labels,
        datasets: told.series.map((each) => dataset(each, isStack, measure.size)),
      },
      options: options(told, measure, isStack),
    }),
  );
  box.dataset.drawn = root.dataset.bsTheme;
}

const tables = () => [...document.querySelectorAll("[data-chart-table]")];
const nameOf = (table) => table.closest("section").id;

/** Draws what is on the page; its tables fold, but those that the reader has folded out. */
function drawAll() {
  for (const [canvas, chart] of drawn) {
    if (canvas.isConnected) continue;
    chart.destroy();
    drawn.delete(canvas);
  }
  for (const box of document.querySelectorAll("[data-chart]")) draw(box);
  for (const table of tables()) table.open = unfolded.has(nameOf(table));
}

function redraw() {
  unfolded = new Set(tables().filter(({ open }) => open).map(nameOf));
  drawAll();
}

drawAll();
new MutationObserver(redraw).observe(root, { attributeFilter: ["data-bs-theme"] });
document.addEventListener("htmx:beforeSwap", () => {
  unfolded = new Set(tables().filter(({ open }) => open).map(nameOf));
});
document.addEventListener("htmx:afterSwap", drawAll);
