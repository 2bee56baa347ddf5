/**
 * From error to error in a log: the first, the next, the one before. An error among rows that are
 * not on the page yet is fetched when somebody goes there.
 */

const view = document.getElementById("log-view");
const group = document.querySelector("[data-log-errors]");

if (view && group) {
  const word = group.querySelector("[data-log-error-word]");
  const SPOTS = ".log-row-bad, .log-gap:not([data-bad='0'])";
  let at = null; // the id of the row where the reader is

  const spots = () => [...view.querySelectorAll(SPOTS)];
  const count = () =>
    spots().reduce((sum, spot) => sum + Number(spot.dataset.bad ?? 1), 0);

  const refresh = () => {
    const errors = count();
    group.hidden = errors === 0;
    word.textContent = errors > 1 ? `${errors} errors` : "First error";
    word.parentElement.title = "Go to the first error";
    for (const button of group.querySelectorAll("[data-log-error='1'], [data-log-error='-1']")) {
      button.hidden = errors < 2;
    }
  };

  /** Returns the spot to go to; beyond the last one is the first again. */
  const target = (direction) => {
    const all = spots();
    const here = all.findIndex((spot) => spot.id === at);
    if (!direction || here < 0) return direction < 0 ? all.at(-1) : all[0];
    return all[(here + direction + all.length) % all.length];
  };

  const show = (row) => {
    at = row.id;
    view.dispatchEvent(new CustomEvent("log:leave"));
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
  };

  const fetched = async (gap, direction) => {
    const { first, last } = gap.dataset;
    const seek = direction < 0 ? "last-bad" : "bad";
    const url = `${view.dataset.rows}?from=${first}&to=${last}&seek=${seek}`;
    await htmx.ajax("GET", url, { target: gap, swap: "outerHTML" });
    const rows = [...view.querySelectorAll(".log-row-bad")].filter((row) => {
      const seq = Number(row.id.slice("log-".length));
      return seq >= Number(first) && seq <= Number(last);
    });
    return direction < 0 ? rows.at(-1) : rows[0];
  };

  const go = async (direction) => {
    const spot = target(direction);
    const row = spot?.matches(".log-gap") ? await fetched(spot, direction) : spot;
    if (row) show(row);
  };

  group.addEventListener("click", (event) => {
    const button = event.target.closest("[data-log-error]");
    if (button) go(Number(button.dataset.logError));
  });
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
    if (event.key === "e") go(1);
    if (event.key === "E") go(-1);
  });
  document.addEventListener("htmx:afterSwap", refresh);
  document.addEventListener("htmx:oobAfterSwap", refresh);
  refresh();
}
