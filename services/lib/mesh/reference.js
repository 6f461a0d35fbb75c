// The search of the API reference: it hides the entries whose name has not all words of the text.
const search = document.getElementById("search");
const found = document.getElementById("found");
const entries = [...document.querySelectorAll("details[data-name]")];

function apply() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const entry of entries) entry.hidden = !words.every((word) => entry.dataset.name.includes(word));
  for (const section of document.querySelectorAll("section")) {
    const own = [...section.querySelectorAll("details[data-name]")];
    section.hidden = own.length > 0 && own.every((entry) => entry.hidden);
  }
  const count = entries.filter((entry) => !entry.hidden && entry.classList.contains("operation")).length;
  found.textContent = words.length === 0 ? "" : `${count} ${count === 1 ? "operation" : "operations"}`;
}

/** Opens the entry that the address names: its content is hidden until then. */
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const entry = target?.closest("details");
  if (!entry) return;
  entry.open = true;
  entry.hidden = false;
  target.scrollIntoView();
}

search.addEventListener("input", apply);
search.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  search.value = "";
  apply();
});
addEventListener("hashchange", open);
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
  event.preventDefault();
  search.focus();
});
apply();
open();
