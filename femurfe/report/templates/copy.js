/* Buttons that copy a text, and say so. */
"use strict";

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
