/* Buttons that copy a text, and say so; sources that are open on paper. */
"use strict";

const printed = [...document.querySelectorAll("details[data-print]")];
addEventListener("beforeprint", () => printed.forEach((one) => { one.dataset.was = one.open ? "open" : ""; one.open = true; }));
addEventListener("afterprint", () => printed.forEach((one) => { one.open = one.dataset.was === "open"; }));

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const said = button.nextElementSibling;
    try {
      await navigator.clipboard.writeText(source.innerText);
      said.textContent = "Copied.";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      said.textContent = "Selected; copy it with Ctrl+C.";
    }
  });
}
