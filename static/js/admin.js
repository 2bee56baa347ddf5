/**
 * Names what the Django admin's own widgets leave without a name, for who hears the page: the box
 * that select2 puts over a choice, and the magnifying glass above two lists.
 */

function nameThem() {
  for (const box of document.querySelectorAll(".select2-selection:not([data-named])")) {
    const select = box.closest(".select2-container")?.previousElementSibling;
    const label = select?.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    if (!label) continue;
    box.dataset.named = "";
    label.id ||= `${select.id}_label`;
    const shown = box.querySelector("[role=textbox]");
    // The field comes first, then what is chosen in it.
    box.setAttribute("aria-labelledby", [label.id, shown?.id].filter(Boolean).join(" "));
    shown?.setAttribute("aria-labelledby", label.id);
  }
  for (const glass of document.querySelectorAll("span.help-tooltip[aria-label]:not([role])")) {
    glass.setAttribute("role", "img");
  }
}

// Django's scripts make them when they are ready, in no order that could be relied on.
const main = document.querySelector("main");
if (main) new MutationObserver(nameThem).observe(main, { childList: true, subtree: true });
nameThem();
