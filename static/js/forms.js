/**
 * Forms that help: marks a field that was checked, goes to what is wrong, and offers what the chosen
 * server has where several things are typed one a line.
 */

/** Tells everybody, also who can't see it, whether the field is wrong. */
function mark(errors) {
  const field = document.getElementById(errors.dataset.errorsOf);
  if (!field) return;
  const error = errors.querySelector(".errorlist");
  field.classList.toggle("is-invalid", Boolean(error));
  const ids = (field.getAttribute("aria-describedby") ?? "").split(" ");
  const others = ids.filter((id) => id && !id.endsWith("_error"));
  if (error) {
    field.setAttribute("aria-invalid", "true");
    others.push(error.id);
  } else {
    field.removeAttribute("aria-invalid");
  }
  field.setAttribute("aria-describedby", others.join(" "));
}

/** Beside a text of one a line, makes a field that suggests and adds one. */
function adder(area) {
  const list = document.getElementById(area.dataset.suggests);
  const made = area.parentElement.querySelector(".adder");
  if (!list || made) {
    made?.toggleAttribute("hidden", !list);
    return;
  }
  const row = document.createElement("div");
  row.className = "adder";
  const input = document.createElement("input");
  input.className = "form-control";
  input.setAttribute("list", list.id);
  input.setAttribute("aria-label", `Add to ${area.dataset.parameter}`);
  input.placeholder = "Find one on the server";
  input.autocomplete = "off";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-small";
  button.textContent = "Add";
  const add = () => {
    const value = input.value.trim();
    const lines = area.value.split("\n").filter((line) => line.trim());
    if (value && !lines.includes(value)) lines.push(value);
    area.value = lines.join("\n");
    input.value = "";
    input.focus();
    area.dispatchEvent(new Event("change", { bubbles: true }));
  };
  button.addEventListener("click", add);
  input.addEventListener("change", (event) => event.stopPropagation());
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    // It would send the form.
    event.preventDefault();
    add();
  });
  row.append(input, button);
  area.after(row);
}

function prepare() {
  for (const area of document.querySelectorAll("textarea[data-suggests]")) adder(area);
  for (const part of document.querySelectorAll(".about-server [data-needs-script]")) part.hidden = false;
}

document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (target.matches?.("[data-errors-of]")) mark(target);
  prepare();
});
document.addEventListener("htmx:afterSettle", (event) => {
  event.detail.elt.querySelector?.("[data-error-summary]")?.focus();
});

document.querySelector("[data-error-summary]")?.focus();
prepare();
