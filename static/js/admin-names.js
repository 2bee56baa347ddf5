/**
 * Gives names to what Django's admin makes by script and leaves nameless for a screen reader.
 */

/** The box that select2 lays over a list is called as the list is. */
function nameSelects() {
  for (const list of document.querySelectorAll("select.select2-hidden-accessible")) {
    const name = list.labels?.[0]?.textContent.trim().replace(/:$/, "");
    const parts = list.nextElementSibling?.querySelectorAll('[role="combobox"], [role="textbox"]');
    for (const part of (name && parts) || []) part.setAttribute("aria-label", name);
  }
}

/** A sign with a name is an image. */
function nameSigns() {
  for (const sign of document.querySelectorAll(".help-tooltip[aria-label]")) {
    sign.setAttribute("role", "img");
  }
}

// The widgets are made when the page is loaded, by handlers registered earlier or later than this.
window.addEventListener("load", () =>
  setTimeout(() => {
    nameSelects();
    nameSigns();
  }),
);
