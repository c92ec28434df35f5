// What somebody does inside is no event: it is looked at while it is shown.
tendForms(document);
setInterval(() => {
  if (!document.hidden && document.querySelector("[data-busy]")) chaperone.refresh().catch(() => {});
}, 3000);
