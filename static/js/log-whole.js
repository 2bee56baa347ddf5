/**
 * Brings the whole of a log onto the page, for a search or for paper: the rows that were left out,
 * and of long output all that is folded. "log:whole" on the view asks for it and carries `then`.
 */

const view = document.getElementById("log-view");

if (view) {
  const missing = () => view.querySelectorAll(".log-gap, .log-fold").length;

  /** Returns whether all of it is there now. */
  const whole = async () => {
    for (let left = missing(); left > 0; left = missing()) {
      const gap = view.querySelector(".log-gap");
      const output = gap ? null : view.querySelector(".log-output:has(.log-fold)");
      const button = (gap ?? output)?.querySelector("[data-log-gap], [data-log-unfold]");
      if (!button) return false;
      await htmx.ajax("GET", button.getAttribute("hx-get"), {
        target: gap ?? output,
        swap: "outerHTML",
      });
      if ((gap ?? output).isConnected) return false; // it was refused, which a toast tells
    }
    return true;
  };

  view.addEventListener("log:whole", async (event) => {
    view.setAttribute("aria-busy", "true");
    const isWhole = await whole();
    view.removeAttribute("aria-busy");
    event.detail.then?.(isWhole);
  });

  const print = document.querySelector("[data-log-print]");
  print?.addEventListener("click", () => {
    print.disabled = true;
    const then = () => {
      print.disabled = false;
      window.print();
    };
    view.dispatchEvent(new CustomEvent("log:whole", { detail: { then } }));
  });
}
