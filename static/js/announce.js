/**
 * Tells a screen reader what changed by itself, and only what matters: the words that a region
 * carries in data-announce, when they become others. Clocks and lines of a log say nothing.
 */

const said = new Map();
const announcer = document.getElementById("announcer");

function listen(isNews) {
  for (const region of document.querySelectorAll("[data-announce][id]")) {
    const words = region.dataset.announce;
    if (isNews && said.get(region.id) !== words) announcer.textContent = words;
    said.set(region.id, words);
  }
}

listen(false);
document.addEventListener("htmx:afterSwap", () => listen(true));
document.addEventListener("htmx:oobAfterSwap", () => listen(true));
