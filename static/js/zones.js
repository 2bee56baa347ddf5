/**
 * Puts the browser's own time zone first where one is chosen: it is the one that most want.
 */

for (const select of document.querySelectorAll("select[data-zones]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = [...select.options].find(({ value }) => value === zone);
  if (known && zone !== "UTC") {
    const first = document.createElement("optgroup");
    first.label = "This browser";
    const rest = document.createElement("optgroup");
    rest.label = "Everywhere";
    // What moves loses its choice.
    const chosen = select.value;
    rest.append(...[...select.options].filter((option) => option !== known));
    first.append(known);
    select.append(first, rest);
    select.value = chosen;
  }
}
