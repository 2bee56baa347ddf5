/**
 * Says when the page is no longer true: while polls fail, a bar tells since when, and the polls go
 * on. A request that a person made and that failed says so in a toast.
 */

const bar = document.getElementById("stale");
let lastAnswer = new Date();

const isPoll = (event) => event.detail.elt?.getAttribute("hx-trigger")?.includes("every") ?? false;

function stale() {
  if (!bar.hidden) return;
  const since = bar.querySelector("[data-stale-since]");
  since.dateTime = lastAnswer.toISOString();
  since.textContent = lastAnswer.toLocaleTimeString();
  bar.hidden = false;
}

function current() {
  lastAnswer = new Date();
  bar.hidden = true;
}

function say(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
}

function failed(event) {
  const status = event.detail.xhr?.status ?? 0;
  if (isPoll(event)) {
    stale();
  } else if (status === 401) {
    // signin.js asks for the login.
  } else if (status === 403) {
    say("That was refused. You may lack the permission, or the page is too old: reload it.");
  } else if (status === 404) {
    say("That is no longer there. Reload the page to see what is.");
  } else if (status === 413) {
    say("That is more than OpsManager takes at once. Send less.");
  } else if (status === 429) {
    say("That was too soon. Wait a moment, then try again.");
  } else if (status === 503) {
    say("The database does not answer. Wait a few seconds, look whether it was done, and try again.");
  } else if (status >= 500) {
    say("OpsManager failed at that and has written down why. Nothing may have happened: look first, then try again.");
  } else if (status >= 400) {
    say("OpsManager could not read that. Reload the page and try again.");
  } else {
    say("OpsManager does not answer. Nothing may have happened: look first, then try again.");
  }
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) current();
});
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, failed);
}

// A page that polls keeps nobody signed in: it says when it is long since anybody touched it.
const UNATTENDED_AFTER = 60_000;
let touched = Date.now();
for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  document.addEventListener(name, () => (touched = Date.now()), { passive: true });
}
document.addEventListener("htmx:configRequest", (event) => {
  if (Date.now() - touched > UNATTENDED_AFTER) event.detail.headers["HX-Unattended"] = "true";
});
