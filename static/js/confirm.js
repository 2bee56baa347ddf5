/**
 * Asks once more before what can't be taken back. On a production server the reader types the
 * server's name; the server's own check stays the one that counts.
 */

/** Shows and wants the name field only while a production server is chosen. */
function askForName(form) {
  const choice = form.querySelector("[data-server-choice]");
  const box = form.querySelector("[data-confirm-server]");
  if (!choice || !box) return;
  const input = box.querySelector("input");
  const option = choice.selectedOptions?.[0];
  const isProduction = option?.dataset.environment === "PRODUCTION";
  const name = option?.dataset.name ?? "";
  box.hidden = !isProduction;
  for (const place of box.querySelectorAll("[data-server-name]")) place.textContent = name;
  input.dataset.expected = isProduction ? name : "";
  check(input);
}

/** A dry run changes nothing and needs no name; the browser checks it for *Run* alone. */
function check(input) {
  const expected = input.dataset.expected;
  const matches = !expected || input.value.trim() === expected;
  for (const button of input.form.querySelectorAll("[data-needs-name]")) {
    button.disabled = !matches;
    button.title = matches ? "" : `Type ${expected} first`;
  }
}

function prepare() {
  for (const form of document.querySelectorAll("form[data-confirm-production]")) askForName(form);
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-server-choice]")) askForName(event.target.form);
});
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-confirm-server] input")) check(event.target);
});

// Buttons that ask first: data-confirm holds the question, which names what and where;
// data-confirm-run has it made from the form.
document.addEventListener(
  "submit",
  (event) => {
    const button = event.submitter;
    if (!button || button.dataset.confirmed) return;
    const question = button.dataset.confirm || questionOf(button);
    if (!question) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(question, button);
  },
  true,
);

/** What a run would do, and where; nothing where the form is not whole, as the server will say. */
function questionOf(button) {
  const { form } = button;
  if (!("confirmRun" in button.dataset)) return "";
  if ([...form.elements].some((field) => field.validity?.valueMissing)) return "";
  const server = form.querySelector("[data-server-choice]")?.selectedOptions[0];
  if (!server?.value) return "";
  const danger = "dangerous" in form.dataset ? "It is marked dangerous. " : "";
  const { name, environment } = server.dataset;
  return `${danger}Run “${form.dataset.title}” on ${name} (${environment.toLowerCase()})?`;
}

/** The parameters that are not as they would be unasked, and why it is run. */
function factsOf(form) {
  const facts = form.dataset.where ? [["Where", form.dataset.where]] : [];
  for (const field of form.querySelectorAll("[data-parameter]")) {
    const { parameter, unit } = field.dataset;
    let value = field.value;
    if (field.type === "checkbox") value = field.checked ? "yes" : "no";
    if (value.trim() === field.dataset.default.trim()) continue;
    if ("secret" in field.dataset) value = "as typed, not shown";
    facts.push([parameter, value.trim() ? `${lines(value)} ${unit ?? ""}` : "nothing"]);
  }
  if (form.querySelector("[data-parameter]") && facts.length === (form.dataset.where ? 1 : 0)) {
    facts.push(["Parameters", "all as they are by default"]);
  }
  const reason = form.querySelector("[name=reason]")?.value.trim();
  return reason ? [...facts, ["Reason", reason]] : facts;
}

const lines = (text) => text.trim().split("\n").join(", ");

function ask(question, submitter) {
  const { form } = submitter;
  const box = document.getElementById("confirm-box");
  box.querySelector("[data-question]").textContent = question;
  const yes = box.querySelector("[data-yes]");
  yes.textContent = submitter.dataset.confirmWord ?? "Run it";
  const isRun = "title" in form.dataset;
  const facts = isRun ? factsOf(form) : [];
  const list = box.querySelector("[data-facts]");
  list.hidden = !facts.length;
  list.replaceChildren(...facts.flatMap(([name, value]) => [word("dt", name), word("dd", value)]));
  const lasting = box.querySelector("[data-lasting]");
  lasting.textContent = isRun && form.dataset.lasting ? `Can’t be taken back. ${form.dataset.lasting}` : "";
  lasting.hidden = !lasting.textContent;
  box.returnValue = "";
  const action = submitter.form.getAttribute("action");
  box.addEventListener(
    "close",
    () => {
      const button = submitter.isConnected ? submitter : twin(submitter, action);
      if (box.returnValue !== "yes") {
        button?.focus();
        return;
      }
      if (!button || button.disabled) return;
      button.dataset.confirmed = "yes";
      button.form.requestSubmit(button);
      delete button.dataset.confirmed;
    },
    { once: true },
  );
  box.showModal();
  box.querySelector("[data-no]").focus();
}

function word(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

/** The same button of a region that came anew while the reader was asked. */
function twin(submitter, action) {
  const form = [...document.forms].find((each) => each.getAttribute("action") === action);
  const buttons = [...(form?.querySelectorAll("button[data-confirm]") ?? [])];
  return buttons.find((each) => each.value === submitter.value);
}

document.addEventListener("htmx:afterSwap", prepare);
prepare();
