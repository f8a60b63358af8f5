/* Niceties only: every page works without this file. */
"use strict";

// Selection: a select-all box, and words that carry the number of chosen rows.
// <form data-selection> … <input type=checkbox data-all> … <input type=checkbox data-row>
// … <button data-none="Choose audiences" data-one="Activate 1 audience" data-many="Activate {n} audiences">
const boxes = (scope) => [...scope.querySelectorAll("[data-row]:not(:disabled)")];

function count(scope) {
  const rows = boxes(scope), chosen = rows.filter((box) => box.checked).length;
  for (const all of scope.querySelectorAll("[data-all]")) {
    all.checked = chosen > 0 && chosen === rows.length;
    all.indeterminate = chosen > 0 && chosen < rows.length;
  }
  for (const word of scope.querySelectorAll("[data-many]")) {
    const said = chosen === 0 ? word.dataset.none : chosen === 1 ? word.dataset.one : word.dataset.many;
    (word.querySelector("[data-word]") || word).textContent = said.replace("{n}", chosen.toLocaleString(document.documentElement.lang));
    if (word.tagName === "BUTTON") word.disabled = chosen === 0;
  }
}

document.addEventListener("change", (event) => {
  const scope = event.target.closest("[data-selection]");
  if (!scope) return;
  if (event.target.matches("[data-all]")) for (const box of boxes(scope)) box.checked = event.target.checked;
  count(scope);
});

const countAll = () => document.querySelectorAll("[data-selection]").forEach(count);

document.addEventListener("click", (event) => {
  // A menu made of <details> closes when the click is elsewhere.
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details[data-menu][open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

// A pressed form is pressed once; the server knows it too.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-once]");
  if (form) setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
});
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-once] button").forEach((button) => { button.disabled = false; });
  countAll();
});

// Whether this page follows by itself: what it says about that depends on it.
document.documentElement.dataset.alive = "";

// Polling rests while nobody looks; when the server does not answer, the page says so.
let heard = Date.now();
const silence = (hidden) => { const note = document.getElementById("silence"); if (note) note.hidden = hidden; };
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.hasAttribute("data-poll")) event.preventDefault();
});
document.addEventListener("htmx:sendError", () => silence(false));
document.addEventListener("htmx:responseError", () => silence(false));
document.addEventListener("htmx:afterOnLoad", (event) => { if (event.detail.successful) { heard = Date.now(); silence(true); } });
document.addEventListener("htmx:afterSettle", countAll);
document.addEventListener("DOMContentLoaded", countAll);

// Of a file that is only looked at, only its beginning travels.
document.addEventListener("change", (event) => {
  const input = event.target, most = Number(input.dataset?.first), file = input.files?.[0];
  if (!most || !file || file.size <= most) return;
  const part = new DataTransfer();
  part.items.add(new File([file.slice(0, most)], file.name, { type: file.type }));
  input.files = part.files;
});

// Clocks that count down, and what says that no answer came for so many seconds: <time datetime=… data-until="in {left}" data-over="allowed now">.
setInterval(() => {
  for (const note of document.querySelectorAll("[data-stale]")) note.hidden = Date.now() - heard < 1000 * note.dataset.stale;
  for (const clock of document.querySelectorAll("time[data-until]")) {
    const left = Math.round((Date.parse(clock.dateTime) - Date.now()) / 1000), [h, min, s] = [left / 3600, left / 60 % 60, left % 60].map(Math.floor);
    const said = h ? `${h} h ${min} min` : min ? `${min} min ${s} s` : `${s} s`;
    clock.textContent = left > 0 ? clock.dataset.until.replace("{left}", said) : clock.dataset.over;
  }
}, 1000);
