/**
 * Choosing many servers: filters the list, ticks what is shown, counts, and says what has to be
 * typed for production. The server's own check stays the one that counts.
 */

const CHOICE = "form[data-choose-servers]";

const boxes = (form) => [...form.querySelectorAll("input[name=servers]")];
const groupOf = (form) => form.querySelector("[data-group-choice]")?.selectedOptions[0];
const several = (number) => `${number} server${number === 1 ? "" : "s"}`;

/** How many are chosen, and which of them are in production. */
function chosen(form) {
  const group = groupOf(form);
  if (group?.value) {
    const count = Number(group.dataset.production);
    const phrase = count === 1 ? group.dataset.productionName : `${count} production servers`;
    return { total: Number(group.dataset.count), production: count, phrase, names: [] };
  }
  const ticked = boxes(form).filter((box) => box.checked);
  const names = ticked
    .filter((box) => box.dataset.environment === "PRODUCTION")
    .map((box) => box.dataset.name);
  const phrase = names.length === 1 ? names[0] : `${names.length} production servers`;
  return { total: ticked.length, production: names.length, phrase, names };
}

function refresh(form) {
  const found = chosen(form);
  form.querySelector("[data-chosen-count]").textContent = found.total
    ? `${several(found.total)} chosen`
    : "None chosen";
  form.querySelector("[data-choose-list]").disabled = Boolean(groupOf(form)?.value);

  const confirm = form.querySelector("[data-confirm-phrase]");
  const typed = confirm.querySelector("input").value.trim().split(/\s+/).join(" ");
  confirm.hidden = found.production === 0;
  confirm.querySelector("[data-phrase]").textContent = found.phrase;
  confirm.querySelector("[data-production-names]").textContent =
    found.names.length > 1 ? found.names.join(", ") : "";

  const run = form.querySelector("[data-runs-batch]");
  if (run.dataset.off === undefined) run.dataset.off = String(run.disabled);
  const matches = found.production === 0 || typed === found.phrase;
  run.disabled = run.dataset.off === "true" || !matches;
  run.title = matches ? "" : `Type ${found.phrase} first`;
  const danger = run.hasAttribute("data-dangerous") ? "It is marked dangerous. " : "";
  // With nothing chosen there is nothing to ask: the form says so.
  run.dataset.confirm = found.total
    ? `${danger}Run “${form.dataset.title}” on ${several(found.total)} now?`
    : "";
  run.dataset.confirmWord = "Run it";
}

function filter(form) {
  const wanted = form.querySelector("[data-choose-filter]").value.trim().toLowerCase();
  const words = wanted.split(/\s+/);
  let shown = 0;
  for (const row of form.querySelectorAll("[data-words]")) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
    if (!row.hidden) shown += 1;
  }
  form.querySelector("[data-choose-empty]").hidden = shown > 0;
}

function tick(form, isTicked) {
  for (const box of boxes(form)) {
    if (!isTicked || !box.closest("[data-words]").hidden) box.checked = isTicked;
  }
  refresh(form);
}

function prepare() {
  for (const form of document.querySelectorAll(CHOICE)) {
    for (const part of form.querySelectorAll("[data-needs-script]")) part.hidden = false;
    refresh(form);
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest(CHOICE);
  if (form) refresh(form);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest(CHOICE);
  if (!form) return;
  if (event.target.matches("[data-choose-filter]")) filter(form);
  else if (event.target.name === "confirm_server") refresh(form);
});
document.addEventListener("click", (event) => {
  const form = event.target.closest(CHOICE);
  if (!form) return;
  if (event.target.closest("[data-choose-all]")) tick(form, true);
  else if (event.target.closest("[data-choose-none]")) tick(form, false);
});
document.addEventListener("keydown", (event) => {
  // Enter in the filter would send the form.
  if (event.key === "Enter" && event.target.matches("[data-choose-filter]")) event.preventDefault();
});

document.addEventListener("htmx:afterSwap", prepare);
prepare();
