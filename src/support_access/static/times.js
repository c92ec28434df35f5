// Times in the reader's own words: <time data-shows="moment|distance">.
const UNITS = [["day", 86400, 172800], ["hour", 3600, 7200], ["minute", 60, 60], ["second", 1, 0]];
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function distance(seconds) {
  const length = Math.abs(seconds);
  const [unit, size] = UNITS.find(([, , least]) => length >= least);
  const number = Math.max(1, Math.floor(length / size));
  const words = `${number} ${unit}${number === 1 ? "" : "s"}`;
  return seconds > 0 ? `in ${words}` : `${words} ago`;
}

function tellTimes(root) {
  for (const time of root.querySelectorAll("time[data-shows]")) {
    const at = new Date(time.dateTime);
    const text = time.dataset.shows === "distance" ? distance((at - Date.now()) / 1000) : MOMENT.format(at);
    if (time.textContent !== text) time.textContent = text;
    time.title = MOMENT.format(at);
  }
}

