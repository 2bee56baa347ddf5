/**
 * The page by keyboard: "/" searches, "g" and a letter goes to the page whose link in the
 * navigation carries that letter, "?" lists the keys.
 */

const WAIT_FOR_SECOND_KEY = 1500;
const help = document.getElementById("keyboard-help");
let goPressedAt = 0;

const isTyping = (target) =>
  target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;

function search() {
  const field = document.querySelector("[data-search]");
  if (field) {
    field.focus();
    field.select();
  } else {
    go("r");
  }
}

function go(letter) {
  document.querySelector(`[data-go="${CSS.escape(letter)}"]`)?.click();
}

/** The list of keys is what the navigation offers to this reader. */
function explain() {
  const list = document.querySelector("[data-keys]");
  for (const link of document.querySelectorAll("[data-go]")) {
    const keys = document.createElement("dt");
    const words = document.createElement("dd");
    for (const key of ["g", link.dataset.go]) {
      keys.append(Object.assign(document.createElement("kbd"), { textContent: key }), " ");
    }
    words.textContent = link.textContent.trim();
    list.append(keys, words);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;

  const isSecondKey = Date.now() - goPressedAt < WAIT_FOR_SECOND_KEY;
  goPressedAt = 0;
  if (isSecondKey && /^[a-z]$/.test(event.key)) {
    go(event.key);
  } else if (event.key === "g") {
    goPressedAt = Date.now();
  } else if (event.key === "/") {
    event.preventDefault();
    search();
  } else if (event.key === "?") {
    help?.showModal();
  }
});

explain();
for (const button of document.querySelectorAll("[data-keyboard-help]")) {
  button.addEventListener("click", () => help?.showModal());
}
