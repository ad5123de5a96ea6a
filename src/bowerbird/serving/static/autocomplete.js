// Completions under the search box: the combobox pattern of the ARIA authoring practices.

const WAIT_MS = 90;
const box = document.getElementById("search");
const input = document.getElementById("q");
const list = document.getElementById("completions");
let timer = 0;
let turn = null;
let active = -1;

export function startAutocomplete() {
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(complete, WAIT_MS);
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault(); // the input keeps the focus
    if (option) choose(option);
  });
  box.addEventListener("submit", close);
}

async function complete() {
  const typed = input.value.trim();
  turn?.abort();
  turn = new AbortController();
  if (!typed) return close();
  try {
    const response = await fetch(`/v1/autocomplete?q=${encodeURIComponent(typed)}`, { signal: turn.signal });
    if (response.ok) show(typed, await response.json());
  } catch (error) {
    if (error.name !== "AbortError") close(); // a page without completions is still a page
  }
}

function show(typed, { completions, did_you_mean: meant }) {
  const isCompleted = completions.some(({ text }) => text.startsWith(meant)); // what it says, and more
  const entries = meant && !isCompleted ? [{ text: meant, corrected: true }, ...completions] : completions;
  active = -1;
  input.removeAttribute("aria-activedescendant");
  list.replaceChildren(...entries.map((entry, position) => option(typed, entry, position)));
  const open = entries.length > 0 && document.activeElement === input;
  list.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
}

function option(typed, { text, count, corrected }, position) {
  const row = document.createElement("li");
  row.id = `completion-${position}`;
  row.role = "option";
  row.dataset.text = text;
  row.ariaSelected = "false";
  const label = document.createElement("span");
  if (corrected) label.append("Did you mean ", strong(text));
  else if (text.toLowerCase().startsWith(typed.toLowerCase()))
    label.append(text.slice(0, typed.length), strong(text.slice(typed.length)));
  else label.append(text);
  row.append(label);
  if (count) row.append(Object.assign(document.createElement("span"), { className: "n", textContent: count.toLocaleString("en-GB") }));
  return row;
}

const strong = (text) => Object.assign(document.createElement("strong"), { textContent: text });

function onKey(event) {
  const options = list.children;
  if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    close();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    mark((active + step + options.length + (active < 0 && step < 0 ? 1 : 0)) % options.length);
  } else if (event.key === "Enter" && active >= 0) {
    event.preventDefault();
    choose(options[active]);
  }
}

function mark(position) {
  list.children[active]?.setAttribute("aria-selected", "false");
  active = position;
  list.children[active].setAttribute("aria-selected", "true");
  input.setAttribute("aria-activedescendant", list.children[active].id);
}

function choose(row) {
  input.value = row.dataset.text;
  close();
  box.requestSubmit();
}

function close() {
  clearTimeout(timer);
  turn?.abort();
  active = -1;
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}
