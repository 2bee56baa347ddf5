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

// Buttons that ask first: data-confirm holds the question, which names what and where.
document.addEventListener(
  "submit",
  (event) => {
    const question = event.submitter?.dataset.confirm;
    if (!question || event.submitter.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(question, event.submitter);
  },
  true,
);

function ask(question, submitter) {
  const box = document.getElementById("confirm-box");
  box.querySelector("[data-question]").textContent = question;
  box.querySelector("[data-yes]").textContent = submitter.dataset.confirmWord ?? "Yes";
  box.returnValue = "";
  const action = submitter.form.getAttribute("action");
  box.addEventListener(
    "close",
    () => {
      const button = submitter.isConnected ? submitter : twin(submitter, action);
      if (box.returnValue !== "yes") button?.focus();
      if (box.returnValue !== "yes" || !button || button.disabled) return;
      button.dataset.confirmed = "yes";
      button.form.requestSubmit(button);
      delete button.dataset.confirmed;
    },
    { once: true },
  );
  box.showModal();
}

/** The same button of a region that came anew while the reader was asked. */
function twin(submitter, action) {
  const form = [...document.forms].find((each) => each.getAttribute("action") === action);
  const buttons = [...(form?.querySelectorAll("button[data-confirm]") ?? [])];
  return buttons.find((each) => each.value === submitter.value);
}

document.addEventListener("htmx:afterSwap", prepare);
prepare();
