/**
 * A log that grows while it is read: it follows the end until the reader scrolls up, and finds
 * the first error. The end of a log that is whole is one press away.
 */

const NEAR_THE_END = 48;
const view = document.getElementById("log-view");

if (view) {
  const toEnd = document.querySelector("[data-log-end]");
  const toError = document.querySelector("[data-log-error]");
  const wrap = document.querySelector("[data-log-wrap]");
  // What has ended is read from its beginning.
  const isLed = location.hash.startsWith("#step-");
  let follows = !isLed && document.getElementById("execution_log").hasAttribute("hx-trigger");
  let lastTop = 0;

  const isAtEnd = () => view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_THE_END;

  const followEnd = () => {
    follows = true;
    view.scrollTop = view.scrollHeight;
    toEnd.hidden = true;
  };

  const firstError = () => view.querySelector(".log-row-bad");

  /** A step's title stands once above its rows, also when the rows came in several answers. */
  const foldSteps = () => {
    let last = null;
    for (const row of view.querySelectorAll(".log-row[data-step]")) {
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
    if (toError) toError.hidden = firstError() === null;
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
  new ResizeObserver(() => follows && followEnd()).observe(document.getElementById("log-rows"));
  toEnd.addEventListener("click", followEnd);
  toError?.addEventListener("click", () => {
    const row = firstError();
    if (!row) return;
    follows = false;
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
  });
  wrap?.addEventListener("click", () => {
    const isLong = view.classList.toggle("log-view-long");
    wrap.setAttribute("aria-pressed", String(!isLong));
    reachLines();
  });

  document.addEventListener("htmx:afterSwap", refresh);
  document.addEventListener("htmx:oobAfterSwap", refresh);
  refresh();
}
