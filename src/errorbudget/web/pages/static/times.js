// Moments in the reader's own zone; UTC stays in the title, and in the page where no script runs.
const shown = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.textContent = shown.format(moment);
    time.dataset.local = "";
  }
}

localise(document);
