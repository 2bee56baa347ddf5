/**
 * The small manners of every page: toasts that leave, menus that close, forms that are sent once.
 */

const TOAST_STAYS = 8000;

/** Who has something to say sends "toast" with its text, tone and, where it leaves, for how long it stays. */
document.addEventListener("toast", ({ detail }) => {
  const note = document.createElement("div");
  note.className = `toast-note tone-${detail.tone}`;
  const words = document.createElement("p");
  words.textContent = detail.text;
  note.append(words);
  document.getElementById("toasts").append(note);
  if (detail.stays) setTimeout(() => note.remove(), detail.stays);
});

function fadeToasts() {
  for (const note of document.querySelectorAll(".toast-note[data-fades]")) {
    note.removeAttribute("data-fades");
    setTimeout(() => note.remove(), TOAST_STAYS);
  }
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".toast-note")?.remove();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A second press while the first is on its way would send a form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.method === "dialog") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target instanceof HTMLFormElement) delete event.target.dataset.sent;
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// What the reader has folded out stays so when its region comes anew.
let folded = [];
document.addEventListener("htmx:beforeSwap", () => {
  folded = [...document.querySelectorAll("details[id][open]")].map((each) => each.id);
});
function foldOut() {
  for (const id of folded) document.getElementById(id)?.setAttribute("open", "");
}
document.addEventListener("htmx:afterSwap", foldOut);
document.addEventListener("htmx:oobAfterSwap", foldOut);

document.addEventListener("htmx:oobAfterSwap", fadeToasts);
fadeToasts();
