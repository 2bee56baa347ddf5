/**
 * Lists of boxes to tick: filters them, and ticks what is shown or unticks all. Whoever needs to
 * know hears a change.
 */

const LIST = "[data-ticks]";

function filter(list) {
  const typed = list.querySelector("[data-ticks-filter]").value.trim().toLowerCase();
  const words = typed.split(/\s+/);
  let shown = 0;
  for (const row of list.querySelectorAll("[data-words]")) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
    if (!row.hidden) shown += 1;
  }
  list.querySelector("[data-ticks-empty]").hidden = shown > 0;
}

function tick(list, isTicked) {
  for (const box of list.querySelectorAll("[data-words] input[type=checkbox]")) {
    if (!isTicked || !box.closest("[data-words]").hidden) box.checked = isTicked;
  }
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-ticks-filter]")) filter(event.target.closest(LIST));
});
document.addEventListener("keydown", (event) => {
  // Enter in the filter would send the form.
  if (event.key === "Enter" && event.target.matches("[data-ticks-filter]")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const list = event.target.closest(LIST);
  if (!list) return;
  if (event.target.closest("[data-ticks-all]")) tick(list, true);
  else if (event.target.closest("[data-ticks-none]")) tick(list, false);
});

function prepare() {
  for (const tools of document.querySelectorAll(`${LIST} [data-needs-script]`)) tools.hidden = false;
}
document.addEventListener("htmx:afterSwap", prepare);
prepare();
