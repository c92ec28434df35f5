// Pages of things that are not about the reader alone are asked again from time to time, while somebody looks at them.
"use strict";

(() => {
  const EVERY = 20000;
  if (!document.querySelector("[data-polls]")) return;
  setInterval(() => {
    if (document.visibilityState === "visible") chaperone.refresh().catch(() => {});
  }, EVERY);
})();
