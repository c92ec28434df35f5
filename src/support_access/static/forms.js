// What the form for a grant does by itself: a last day means the reader's own.
function tendForms(root) {
  root.addEventListener("submit", (event) => {
    const { until, offset } = event.target.elements;
    if (until && offset) offset.value = until.value ? new Date(`${until.value}T23:59`).getTimezoneOffset() : "";
  }, true);
}

