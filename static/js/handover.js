/**
 * Copies the handover as Markdown, and prints it. Without scripts there are the download and the
 * browser's own menu.
 */
import { fetched, say, toClipboard } from "./clipboard.js";

for (const button of document.querySelectorAll("[data-copy-text]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await toClipboard(fetched(button.dataset.copyText));
      say("The handover is copied.", "good");
    } catch {
      say("It could not be copied. Download it instead.", "bad");
    }
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
