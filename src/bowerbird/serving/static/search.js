// Searches in place: the address is fetched (or, with the shopper's photo, posted) and <main> of the answer is
// swapped in. The server renders every answer, so nothing here knows what a card or a facet looks like.
import { ownPhoto, showPhoto, storedPhoto } from "./photo.js";

const SKELETONS_AFTER_MS = 150;
const main = document.getElementById("main");
const words = document.getElementById("q");
let running = null;
let covered = null; // the cards that skeletons stand in for
let afterSwap = () => {};

export function startSearch(hooks) {
  afterSwap = hooks.afterSwap;
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("change", (event) => {
    if (event.target.closest("form[data-auto]")) event.target.form.requestSubmit();
  });
  document.addEventListener("bowerbird:photo", onPhoto);
  window.addEventListener("popstate", (event) => restore(event.state));
  if (history.state?.photo) restore(history.state); // back from another page, or reloaded
}

// Shows the answer to `address`, with the shopper's own photo where there is one.
async function visit(address, { push = true, skeletons = true } = {}) {
  const url = new URL(address, location.href);
  const like = url.searchParams.get("like");
  if (like) showPhoto({ like });
  else if (!ownPhoto()) showPhoto(null);
  if (push) history.pushState({ photo: ownPhoto()?.key ?? null }, "", url);
  const answer = await ask(url, skeletons);
  if (!answer) return;
  covered = null;
  main.replaceChildren(...answer.main.childNodes);
  document.title = answer.title;
  words.value = url.searchParams.get("q") ?? "";
  announce(document.getElementById("figures")?.textContent ?? main.querySelector("h1")?.textContent);
  if (push) {
    window.scrollTo({ top: 0 });
    if (document.activeElement === document.body) main.focus({ preventScroll: true });
  }
  afterSwap();
}

// Shows the page at this address as it is now, where the reader is.
export const showAgain = () => visit(location.href, { push: false, skeletons: false });

// Appends the next page to the grid.
async function more(link) {
  link.setAttribute("aria-disabled", "true");
  const answer = await ask(new URL(link.href), false);
  if (!answer) return link.removeAttribute("aria-disabled");
  const cards = [...answer.main.querySelectorAll("#cards > .card")];
  const next = answer.main.querySelector("#more");
  document.getElementById("cards").append(...cards);
  if (next) link.replaceWith(next);
  else link.closest(".more-row").remove();
  cards[0]?.querySelector(".card-title a").focus({ preventScroll: true });
  announce(`${cards.length} more listings`);
}

// The parsed answer: its <main> and its title; null where it failed, or a newer question has overtaken it.
async function ask(url, skeletons) {
  running?.abort();
  const turn = (running = new AbortController());
  main.setAttribute("aria-busy", "true");
  const timer = skeletons && setTimeout(showSkeletons, SKELETONS_AFTER_MS);
  try {
    const response = await fetch(request(url), { signal: turn.signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const answer = page.getElementById("main");
    if (!answer) throw new Error(`the server answered ${response.status} without a page`);
    return { main: document.adoptNode(answer), title: page.title };
  } catch (error) {
    if (error.name !== "AbortError") complain("The search did not get through. Try again in a moment.");
    return null;
  } finally {
    clearTimeout(timer);
    if (running === turn) main.removeAttribute("aria-busy");
  }
}

function request(url) {
  const photo = ownPhoto();
  if (!photo) return new Request(url);
  const fields = new FormData();
  for (const [name, value] of url.searchParams) fields.append(name, value);
  fields.append("photo", photo.blob, "photo.jpg");
  return new Request("/", { method: "POST", body: fields });
}

function onClick(event) {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const href = link.getAttribute("href");
  if (!href.startsWith("/?")) return;
  event.preventDefault();
  if (link.id !== "more") visit(href);
  else if (!link.hasAttribute("aria-disabled")) more(link);
}

function onSubmit(event) {
  const form = event.target;
  if (form.method !== "get") return;
  event.preventDefault();
  document.getElementById("filters")?.hidePopover();
  const given = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) given.append(name, value.trim());
  visit(`/?${given}`);
}

// A photo was given or taken away, or cannot be read.
function onPhoto(event) {
  if (event.detail === "unreadable") {
    return complain("That file is not a photo that this browser can read. Try a JPEG or a PNG.");
  }
  const url = new URL(location.pathname === "/" ? location.href : "/", location.href);
  for (const name of ["like", "cursor", "q"]) url.searchParams.delete(name);
  if (words.value.trim()) url.searchParams.set("q", words.value.trim());
  return visit(url);
}

// Back or forward: the shopper's photo comes out of the session's store.
function restore(state) {
  showPhoto(state?.photo ? { blob: storedPhoto(state.photo), key: state.photo } : null);
  return visit(location.href, { push: false });
}

function showSkeletons() {
  const cards = document.getElementById("cards");
  if (!cards || covered) return;
  covered = [...cards.childNodes];
  cards.replaceChildren(document.getElementById("skeletons").content.cloneNode(true));
}

function complain(message) {
  if (covered) document.getElementById("cards").replaceChildren(...covered);
  covered = null;
  main.querySelector(".failure")?.remove();
  main.prepend(
    Object.assign(document.createElement("p"), { className: "notice failure", textContent: message }),
  );
  announce(message);
}

function announce(message) {
  document.getElementById("announcement").textContent = (message ?? "").replace(/\s+/g, " ").trim();
}
