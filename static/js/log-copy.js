/**
 * Copies a command, one output or the whole log, and says so. What is folded is fetched first.
 */

const SAYS_SO = 2500;
const view = document.getElementById("log-view");

/** Over plain HTTP browsers have no clipboard to write to: then a marked field is copied. */
function copyByField(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  if (!isCopied) throw new Error("The browser did not copy.");
}

/** Writes text that may still be on its way: the browser wants to be asked at the press itself. */
async function toClipboard(coming) {
  if (navigator.clipboard?.write && window.ClipboardItem) {
    const blob = coming.then((text) => new Blob([text], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } else {
    copyByField(await coming);
  }
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`);
  return answer.text();
}

async function textOf(button) {
  const kind = button.dataset.logCopy;
  if (kind === "all") return fetched(button.dataset.text);
  if (kind === "command") {
    const command = button.closest(".log-row").querySelector(".log-command").cloneNode(true);
    command.querySelector(".log-prompt")?.remove();
    return command.textContent;
  }
  const output = button.closest(".log-output");
  if (output.querySelector(".log-fold")) return fetched(output.dataset.text);
  return output.querySelector(".log-out").textContent;
}

const WORDS = { all: "The whole log is copied.", command: "The command is copied.", output: "The output is copied." };

function say(text, tone) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone, stays: SAYS_SO * 2 } }));
}

async function copy(button) {
  try {
    await toClipboard(textOf(button));
    say(WORDS[button.dataset.logCopy], "good");
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), SAYS_SO);
  } catch {
    say("It could not be copied. Mark it and press Ctrl+C, or download the log.", "bad");
  }
}

document.querySelector(".log")?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-log-copy]");
  if (button && view) copy(button);
});
