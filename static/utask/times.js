// Relative moments stay true while one looks.
const UNITS = [["d", 86400, 86400], ["h", 3600, 3600], ["min", 60, 60], ["s", 1, 5]];

export function startTimes() {
  setInterval(refreshTimes, 10000);
}

export function refreshTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const text = said((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

function said(passed) {
  const seconds = Math.abs(passed);
  for (const [unit, size, least] of UNITS) {
    if (seconds >= least) {
      const amount = `${Math.floor(seconds / size)} ${unit}`;
      return passed > 0 ? `${amount} ago` : `in ${amount}`;
    }
  }
  return "just now";
}
