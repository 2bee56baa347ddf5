/**
 * Copies a command, one output or the whole log, and says so. What is folded is fetched first.
 */

import { fetched, say, toClipboard } from "./clipboard.js";

const SAYS_SO = 2500;
const view = document.getElementById("log-view");

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
