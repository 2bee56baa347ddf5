/**
 * What the reader is doing in a region that renews itself is not lost: the focus goes to the same
 * thing in the new region, and what was typed stays typed.
 */

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
/** By the id of a region: what the reader was doing in it. */
const kept = new Map();

const isPoll = (element) => element?.getAttribute("hx-trigger")?.includes("every") ?? false;

/** What makes a thing the same one after the region came anew. */
function signature(element) {
  const form = element.form?.getAttribute("action") ?? "";
  const place = element.getAttribute("href") ?? element.getAttribute("name") ?? "";
  const words = element.matches("input, select, textarea") ? "" : element.textContent.trim();
  return element.id || [element.tagName, form, place, words].join("\n");
}

const fieldKey = (field) => [signature(field), field.type, field.type === "radio" ? field.value : ""].join("\n");

function isTouched(field) {
  if (field.matches("[type=radio], [type=checkbox]")) return field.checked !== field.defaultChecked;
  if (field.matches("select")) return [...field.options].some((each) => each.selected !== each.defaultSelected);
  return field.matches("input, textarea") && field.value !== field.defaultValue;
}

function typedIn(region) {
  const fields = [...region.querySelectorAll("input:not([type=hidden]), select, textarea")];
  return fields.filter(isTouched).map((field) => [fieldKey(field), field.value, field.checked]);
}

function typeAgain(region, { typed: all }) {
  const typed = new Map(all.map(([key, ...state]) => [key, state]));
  for (const field of region.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const state = typed.get(fieldKey(field));
    if (!state) continue;
    const [value, checked] = state;
    if (field.matches("[type=radio], [type=checkbox]")) field.checked = checked;
    else field.value = value;
  }
}

/** Focus the same thing; where it is gone, the region, so that Tab goes on from there. */
function focusAgain(region, { focused, nth, caret }) {
  // Focus that went elsewhere meanwhile was moved there by the reader.
  if (focused === null || document.activeElement !== document.body) return;
  const same = [...region.querySelectorAll(FOCUSABLE)].filter((each) => signature(each) === focused);
  const found = same[nth] ?? same[0];
  if (found && !found.disabled) {
    found.focus({ preventScroll: true });
    if (caret !== null) found.setSelectionRange?.(...caret);
    return;
  }
  // A region that is laid out as if it were not there (display: contents) can't have the focus.
  const place = [region, ...region.querySelectorAll("*")].find((each) => each.getClientRects().length);
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

function caretOf(element) {
  try {
    return element.selectionStart == null ? null : [element.selectionStart, element.selectionEnd];
  } catch {
    return null; // some kinds of fields have none
  }
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const region = event.detail.target;
  if (!event.detail.shouldSwap || !region?.id) return;
  const focus = document.activeElement;
  const isInside = region.contains(focus);
  const focused = isInside ? signature(focus) : null;
  const same = isInside
    ? [...region.querySelectorAll(FOCUSABLE)].filter((each) => signature(each) === focused)
    : [];
  kept.set(region.id, {
    focused,
    nth: same.indexOf(focus),
    caret: isInside ? caretOf(focus) : null,
    // What a form answers is the server's word, and stays as it is.
    typed: isPoll(event.detail.requestConfig?.elt) ? typedIn(region) : [],
  });
});

document.addEventListener("htmx:afterSwap", ({ target }) => {
  const state = kept.get(target.id);
  if (!state) return;
  typeAgain(target, state);
  focusAgain(target, state);
});

// Settling takes attributes away that came meanwhile, and with them the focus.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  const state = kept.get(target.id);
  if (!state) return;
  focusAgain(target, state);
  kept.delete(target.id);
});
