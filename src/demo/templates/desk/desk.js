// A copy button for every command.
"use strict";

for (const block of document.querySelectorAll(".copyable")) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "Copy" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("pre").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  block.append(button);
}
