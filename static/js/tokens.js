/**
 * Making an API token: what is ticked fits what was chosen, and the token has a button that copies
 * it. Without scripts it is marked and copied by hand.
 */

/** Chooses "What I tick" as soon as a permission is ticked, and the other way round opens the list. */
const permissions = document.getElementById("permissions");
permissions?.addEventListener("change", (event) => {
  if (!event.target.checked) return;
  document.querySelector("input[name=access][value=CHOSEN]").checked = true;
});
document.addEventListener("change", (event) => {
  if (event.target.name !== "access") return;
  const isChoosing = event.target.value === "CHOSEN";
  permissions.open = isChoosing;
  if (isChoosing) return;
  for (const box of permissions.querySelectorAll("input:checked")) box.checked = false;
});

/** Copies the token. Over plain HTTP browsers have no clipboard to write to: then it is marked. */
async function copy(input) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    return "Copied";
  } catch {
    return "Press Ctrl+C";
  }
}

for (const row of document.querySelectorAll("[data-copies]")) {
  const button = row.querySelector("[data-copy]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = await copy(row.querySelector("input"));
    button.querySelector("[data-copy-word]").textContent = said;
  });
}
