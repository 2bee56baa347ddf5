/**
 * Searches within the log: marks each hit, counts them, goes from one to the next. The marks are
 * the browser's own (CSS Custom Highlight API), so the text itself is never touched; a browser
 * without them has the hit it goes to selected. What arrives later is searched as well.
 */

const MOST_HITS = 5000;
const PAUSE = 150;
const view = document.getElementById("log-view");
const field = document.getElementById("log-search");

if (view && field) {
  const said = document.getElementById("log-hits");
  const steps = document.querySelectorAll("[data-log-hit]");
  const canMark = "highlights" in CSS;
  let hits = [];
  let at = -1;
  let timer = 0;

  const textNodes = function* () {
    for (const place of view.querySelectorAll(".log-command, .log-out, .log-error")) {
      const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) yield walker.currentNode;
    }
  };

  const find = (words) => {
    const found = [];
    // A regular expression keeps the places of letters whose small form is longer.
    const sought = new RegExp(words.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi");
    for (const node of textNodes()) {
      for (const { index, 0: text } of node.data.matchAll(sought)) {
        const range = new Range();
        range.setStart(node, index);
        range.setEnd(node, index + text.length);
        found.push(range);
        if (found.length >= MOST_HITS) return found;
      }
    }
    return found;
  };

  const say = () => {
    const words = field.value;
    const isPart = view.querySelector(".log-gap, .log-fold") !== null;
    const many = hits.length >= MOST_HITS ? `${MOST_HITS}+` : String(hits.length);
    const place = at < 0 ? "" : `${at + 1} of `;
    said.textContent = "";
    if (words) {
      const count = hits.length === 0 ? "No hit" : `${place}${many} hit${hits.length === 1 ? "" : "s"}`;
      said.append(count);
      if (isPart) said.append(" in what is shown. ", whole());
    }
    for (const step of steps) step.hidden = hits.length === 0;
  };

  const whole = () => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "log-tool log-search-all";
    button.textContent = "Search all of it";
    button.addEventListener("click", () => {
      button.disabled = true;
      const then = () => search();
      view.dispatchEvent(new CustomEvent("log:whole", { detail: { then } }));
    });
    return button;
  };

  const mark = () => {
    if (!canMark) return;
    CSS.highlights.set("log-hit", new Highlight(...hits));
    const here = new Highlight(...(at < 0 ? [] : [hits[at]]));
    here.priority = 1;
    CSS.highlights.set("log-hit-here", here);
  };

  const search = () => {
    const before = at < 0 ? null : hits[at];
    hits = field.value ? find(field.value) : [];
    // What was gone to stays where it is when more arrives.
    at = before
      ? hits.findIndex(
          (hit) => hit.startContainer === before.startContainer && hit.startOffset === before.startOffset,
        )
      : -1;
    mark();
    say();
  };

  const show = (hit) => {
    view.dispatchEvent(new CustomEvent("log:leave"));
    // What is not painted yet has no place until its block is scrolled to.
    hit.startContainer.parentElement.scrollIntoView({ block: "nearest" });
    const top = view.getBoundingClientRect().top;
    const middle = top + view.clientHeight / 2;
    view.scrollTop += hit.getBoundingClientRect().top - middle;
    view.scrollTop += hit.getBoundingClientRect().top - middle;
    view.closest(".log").scrollIntoView({ block: "nearest" });
    if (!canMark) getSelection().setBaseAndExtent(hit.startContainer, hit.startOffset, hit.endContainer, hit.endOffset);
  };

  const step = (direction) => {
    if (!hits.length) return;
    at = at < 0 && direction < 0 ? hits.length - 1 : (at + direction + hits.length) % hits.length;
    mark();
    say();
    show(hits[at]);
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      search();
    }, PAUSE);
  };

  field.addEventListener("input", () => {
    at = -1;
    soon();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (timer) search();
      clearTimeout(timer);
      timer = 0;
      step(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && !field.value) {
      view.focus();
    }
  });
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") step(1);
    if (event.key === "N") step(-1);
  });
  for (const button of steps) {
    button.addEventListener("click", () => step(Number(button.dataset.logHit)));
  }
  const again = () => field.value && soon();
  document.addEventListener("htmx:afterSwap", again);
  document.addEventListener("htmx:oobAfterSwap", again);
}
