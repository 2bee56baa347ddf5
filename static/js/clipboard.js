/** What pages that copy have in common. */

const STAYS = 5000;

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
export async function toClipboard(coming) {
  if (navigator.clipboard?.write && window.ClipboardItem) {
    const blob = coming.then((text) => new Blob([text], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } else {
    copyByField(await coming);
  }
}

export async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`);
  return answer.text();
}

export function say(text, tone) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone, stays: STAYS } }));
}
