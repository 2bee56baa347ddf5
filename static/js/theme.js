/**
 * Light, dark or as the system says, without a flash: this runs in the head, before the first
 * paint, and so is no module. The choice stays in this browser.
 */
(() => {
  "use strict";

  const KEY = "opsmanager-theme";
  const CHOICES = ["system", "light", "dark"];
  const root = document.documentElement;
  const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

  function read() {
    try {
      const choice = localStorage.getItem(KEY);
      return CHOICES.includes(choice) ? choice : "system";
    } catch {
      return "system"; // storage may be forbidden; the page works without
    }
  }

  function keep(choice) {
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // the choice holds for this page then
    }
  }

  function apply(choice) {
    const dark = choice === "dark" || (choice === "system" && systemIsDark.matches);
    root.dataset.themeChoice = choice;
    root.dataset.bsTheme = dark ? "dark" : "light";
  }

  function describe(button) {
    const choice = root.dataset.themeChoice;
    const word = choice[0].toUpperCase() + choice.slice(1);
    button.querySelector("[data-theme-word]").textContent = word;
    button.setAttribute("aria-label", `Colours: ${choice === "system" ? "as the system" : choice}`);
  }

  apply(read());
  systemIsDark.addEventListener("change", () => apply(root.dataset.themeChoice));

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      describe(button);
      button.addEventListener("click", () => {
        const next = CHOICES[(CHOICES.indexOf(root.dataset.themeChoice) + 1) % CHOICES.length];
        apply(next);
        keep(next);
        describe(button);
      });
    }
  });
})();
