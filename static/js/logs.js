/**
 * A log that grows while it is read: it follows the end until the reader goes elsewhere in it. The
 * end of a log that is whole is one press away. Who leads the reader elsewhere sends "log:leave".
 */

const NEAR_THE_END = 48;
const WRAP = "log-wrap";
const view = document.getElementById("log-view");

if (view) {
  const toEnd = document.querySelector("[data-log-end]");
  const wrap = document.querySelector("[data-log-wrap]");
  // What has ended is read from its beginning.
  const step = () => /^#step-(\d+)$/.exec(location.hash)?.[1];
  const line = () => /^#log-(\d+)$/.exec(location.hash)?.[1];
  let follows = !step() && !line() && document.getElementById("execution_log").hasAttribute("hx-trigger");
  let lastTop = 0;

  const isAtEnd = () => view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_THE_END;

  const followEnd = () => {
    follows = true;
    view.scrollTop = view.scrollHeight;
    toEnd.hidden = true;
  };

  /** A step's title stands once above its rows, also when the rows came in several answers. */
  const foldSteps = () => {
    let last = null;
    for (const row of view.querySelectorAll(".log-row[data-step], .log-gap")) {
      row.classList.toggle("log-row-same-step", row.dataset.step === last);
      last = row.dataset.step;
    }
  };

  /** Lines that are not wrapped scroll sideways, and then the keyboard must reach them. */
  const reachLines = () => {
    const isLong = view.classList.contains("log-view-long");
    for (const output of view.querySelectorAll(".log-out")) {
      if (isLong) output.tabIndex = 0;
      else output.removeAttribute("tabindex");
    }
  };

  const refresh = () => {
    foldSteps();
    reachLines();
    if (follows) followEnd();
    else toEnd.hidden = isAtEnd();
  };

  // Only the reader moves up; what arrives moves the end down.
  view.addEventListener("scroll", () => {
    if (view.scrollTop < lastTop - 1) follows = false;
    if (isAtEnd()) follows = true;
    lastTop = view.scrollTop;
    toEnd.hidden = follows;
  });
  view.addEventListener("log:leave", () => (follows = false));
  new ResizeObserver(() => follows && followEnd()).observe(document.getElementById("log-rows"));
  toEnd.addEventListener("click", followEnd);

  const setWrap = (isWrapped) => {
    view.classList.toggle("log-view-long", !isWrapped);
    wrap.setAttribute("aria-pressed", String(isWrapped));
    reachLines();
  };
  wrap.addEventListener("click", () => {
    const isWrapped = view.classList.contains("log-view-long");
    setWrap(isWrapped);
    try {
      localStorage.setItem(WRAP, isWrapped ? "yes" : "no");
    } catch {
      // Without a place to keep it, it lasts as long as the page.
    }
  });
  try {
    setWrap(localStorage.getItem(WRAP) !== "no");
  } catch {
    setWrap(true);
  }

  /** A link to a step leads there also where its rows are not on the page yet. */
  const goToStep = async () => {
    const number = step();
    if (!number) return;
    follows = false;
    const row = () => document.getElementById(`step-${number}`);
    for (const gap of view.querySelectorAll(".log-gap")) {
      if (row()) break;
      const { first, last } = gap.dataset;
      const url = `${view.dataset.rows}?from=${first}&to=${last}&step=${number}`;
      await htmx.ajax("GET", url, { target: gap, swap: "outerHTML" });
    }
    // The first row behind what was fetched may be the step's first one.
    const found = row() ?? view.querySelector(`.log-row[data-step*="/${number}/"]`);
    found?.scrollIntoView({ block: "start" });
  };

  /** A link to a row, such as from the search in all logs, leads into a gap too. */
  const goToLine = async () => {
    const number = line();
    if (!number) return;
    follows = false;
    const gap = [...view.querySelectorAll(".log-gap")].find(
      ({ dataset }) => Number(dataset.first) <= number && number <= Number(dataset.last),
    );
    if (gap) {
      const { first, last } = gap.dataset;
      const url = `${view.dataset.rows}?from=${first}&to=${last}&row=${number}`;
      await htmx.ajax("GET", url, { target: gap, swap: "outerHTML" });
    }
    const row = document.getElementById(`log-${number}`);
    row?.scrollIntoView({ block: "center" });
    row?.focus({ preventScroll: true });
  };

  for (const tool of document.querySelectorAll(".log [data-needs-script]")) tool.hidden = false;
  view.classList.add("log-view-live");
  document.addEventListener("htmx:afterSwap", refresh);
  document.addEventListener("htmx:oobAfterSwap", refresh);
  refresh();
  window.addEventListener("hashchange", goToStep);
  window.addEventListener("hashchange", goToLine);
  goToStep();
  goToLine();
}
