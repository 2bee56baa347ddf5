/**
 * Keeps the times on the page true between two answers of the server: "3 min ago", the elapsed
 * time of what runs, the countdown of what waits. One timer for all of them.
 */

const SECOND = 1000;
const UNITS = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

const two = (number) => String(number).padStart(2, "0");

/** The same words as the template filter `duration`, in whole seconds. */
function duration(milliseconds) {
  const s = Math.max(0, Math.floor(milliseconds / SECOND));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

function distance(milliseconds) {
  const s = Math.round(Math.abs(milliseconds) / SECOND);
  if (s < 5) return "just now";
  const [size, unit] = UNITS.find(([seconds]) => s >= seconds);
  // What was to last 90 days is not said to last 89 a second later.
  return milliseconds > 0
    ? `${Math.floor(s / size)} ${unit} ago`
    : `in ${Math.floor((s + size / 2) / size)} ${unit}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-ago]")) {
    write(element, distance(now - Date.parse(element.dateTime)));
  }
  for (const element of document.querySelectorAll("time[data-elapsed]")) {
    write(element, duration(now - Date.parse(element.dateTime)));
  }
  for (const element of document.querySelectorAll("[data-pace]")) pace(element, now);
  for (const element of document.querySelectorAll("time[data-countdown]")) {
    const left = Date.parse(element.dateTime) - now;
    write(element, duration(left));
    if (left <= 0) over(element);
  }
}

/** Elapsed against usual: the bar, and by how much it takes longer. */
function pace(element, now) {
  const elapsed = now - Date.parse(element.dataset.pace);
  const longer = elapsed - Number(element.dataset.usual);
  const isLonger = longer >= SECOND;
  element.querySelector("progress").value = Math.max(0, elapsed);
  element.classList.toggle("tone-warn", isLonger);
  element.classList.toggle("tone-run", !isLonger);
  const words = isLonger ? `${duration(longer)} longer than usual,` : "";
  write(element.querySelector("[data-pace-longer]"), words);
}

/** Tells the region round a countdown that its time has come, once. */
function over(element) {
  element.removeAttribute("data-countdown");
  for (const region of document.querySelectorAll("[data-while-counting]")) region.hidden = true;
}

setInterval(tick, SECOND);
document.addEventListener("htmx:afterSwap", tick);
