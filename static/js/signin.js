/**
 * When the login has ended, asks for it over the page, so that nothing typed is lost. Signing in
 * sends nothing: the reader presses the button again, which carries what the new login needs.
 */

const box = document.getElementById("sign-in-box");
let pressed = null;

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status !== 401 || box.open) return;
  const { elt, requestConfig } = event.detail;
  pressed = requestConfig.triggeringEvent?.submitter ?? elt;
  htmx.ajax("GET", box.dataset.url, { target: "#sign_in", swap: "outerHTML" });
});

/** A new login has a new token, without which the page's forms would be refused. */
function take(token) {
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) field.value = token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
}

function say(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "good", stays: 12_000 } }));
}

document.addEventListener("htmx:afterSettle", () => {
  const answer = document.getElementById("sign_in");
  const { token, user } = answer.dataset;
  if (token) {
    take(token);
    delete answer.dataset.token;
    if (box.open) box.close();
    say(`You are signed in again as ${user}. Nothing was started: press the button once more.`);
    pressed?.focus?.();
  } else if (answer.firstElementChild && !box.open) {
    const name = answer.querySelector("[name=username]");
    name.value = box.dataset.user;
    box.showModal();
    answer.querySelector("[name=password]").focus();
  }
});
