/**
 * The pace of polls. Each beats as its region says; where nothing was new for a while, it leaves
 * beats out: `data-quiet` is how many seconds lie between two questions then. News brings all of
 * them back to their beat. A page that nobody looks at asks rarely.
 */

const QUIET_AFTER = 30_000;
const HIDDEN_PAUSE = 30_000;
const SLACK = 250; // a beat that comes a little early counts
const asked = new Map();
let newsAt = Date.now();

const isPoll = (element) => element?.getAttribute("hx-trigger")?.includes("every") ?? false;

function pause(element, now) {
  if (document.hidden) return HIDDEN_PAUSE;
  return now - newsAt > QUIET_AFTER ? Number(element.dataset.quiet ?? 0) * 1000 : 0;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const element = event.detail.elt;
  if (!isPoll(element)) return;
  const now = Date.now();
  if (now - (asked.get(element.id) ?? 0) < pause(element, now) - SLACK) event.preventDefault();
  else asked.set(element.id, now);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (isPoll(event.detail.elt) && event.detail.xhr?.status === 200) newsAt = Date.now();
});

// Nothing is changed by a GET: it needs no proof of where it comes from.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb === "get") delete event.detail.headers["X-CSRFToken"];
});
