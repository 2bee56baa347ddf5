/**
 * Choosing many servers: counts, says what has to be typed for production, and what will be asked. The server's own check stays the one that counts.
 */

const MOST_NAMED = 20;
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
    const where = `the group ${group.dataset.name}`;
    return { total: Number(group.dataset.count), production: count, phrase, names: [], where };
  }
  const ticked = boxes(form).filter((box) => box.checked);
  const names = ticked
    .filter((box) => box.dataset.environment === "PRODUCTION")
    .map((box) => box.dataset.name);
  const phrase = names.length === 1 ? names[0] : `${names.length} production servers`;
  const all = ticked.map((box) => box.dataset.name);
  const where = [...all.slice(0, MOST_NAMED), ...(all.length > MOST_NAMED ? ["…"] : [])].join(", ");
  return { total: ticked.length, production: names.length, phrase, names, where };
}

const inProduction = ({ total, production }) =>
  production ? ` (${production === total ? "all" : production} in production)` : "";

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
  const matches = found.production === 0 || typed === found.phrase;
  run.disabled = !matches;
  run.title = matches ? "" : `Type ${found.phrase} first`;
  const danger = "dangerous" in form.dataset ? "It is marked dangerous. " : "";
  // With nothing chosen there is nothing to ask: the form says so.
  run.dataset.confirm = found.total
    ? `${danger}Run “${form.dataset.title}” on ${several(found.total)}${inProduction(found)}?`
    : "";
  form.dataset.where = found.where;
  run.dataset.confirmWord = "Run it";
}

function prepare() {
  for (const form of document.querySelectorAll(CHOICE)) {
    refresh(form);
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest(CHOICE);
  if (form) refresh(form);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest(CHOICE);
  if (form && event.target.name === "confirm_server") refresh(form);
});

document.addEventListener("htmx:afterSwap", prepare);
prepare();
