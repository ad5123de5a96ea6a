// Sells in place: the form is posted at every pause, and the suggestions of the answer are swapped in. The server
// renders them, so nothing here knows what a category or a price looks like. Photos are kept in this page.
import { shrink } from "./photo.js";

const PAUSE_MS = 350;
const SMALL_FILE = 400_000; // bytes; a JPEG up to this is sent as it is, and may then be known by its bytes
// By its id: the guesses that can be pressed have its name too.
const list = () => document.getElementById("sell-category");
let shots = []; // {blob, url}
let picked = false; // whether the seller chose the category
let timer = null;
let running = null;

export function startSell() {
  const form = document.getElementById("sell");
  if (!form || form.classList.contains("live")) return;
  form.classList.add("live");
  document.getElementById("sell-acts").hidden = true;
  shots = keptShots(form);
  picked = list().value !== "";
  draw();
  form.addEventListener("input", (event) => event.target.matches("[type=file], select") || soon());
  form.addEventListener("change", onChange);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.classList.contains("guess")) pick(form, event.submitter.value);
    ask();
  });
}

// Files that were dropped or pasted on this page are photos of what is sold; whether it was this page.
export function takeForSale(files) {
  if (!document.getElementById("sell")) return false;
  take([...files].filter((file) => file.type.startsWith("image/")));
  return true;
}

function onChange(event) {
  if (event.target.matches("[data-sell-photos]")) {
    const files = [...event.target.files];
    event.target.value = "";
    take(files);
  } else if (event.target === list()) {
    picked = event.target.value !== "";
    ask();
  }
}

async function take(files) {
  const form = document.getElementById("sell");
  const room = Number(form.dataset.mostPhotos) - shots.length;
  let lost = Math.max(0, files.length - room);
  for (const file of files.slice(0, room)) {
    try {
      const blob = file.type === "image/jpeg" && file.size <= SMALL_FILE ? file : await shrink(file);
      shots.push({ blob, url: URL.createObjectURL(blob) });
    } catch {
      lost += 1;
    }
  }
  draw();
  if (lost) complain(`${lost} of the files could not be taken: a listing has ${form.dataset.mostPhotos} photos, JPEG or PNG.`);
  ask();
}

// The photos that came back with a page that was posted without this script.
function keptShots(form) {
  return [...form.querySelectorAll("input[name=kept]")].map((input) => {
    const bytes = Uint8Array.from(atob(input.value), (letter) => letter.charCodeAt(0));
    const blob = new Blob([bytes], { type: "image/jpeg" });
    return { blob, url: URL.createObjectURL(blob) };
  });
}

function draw() {
  const list = document.getElementById("sell-shots");
  list.replaceChildren(...shots.map((shot, place) => drawn(shot, place)));
}

function drawn(shot, place) {
  const item = document.createElement("li");
  const image = Object.assign(document.createElement("img"), { src: shot.url, alt: `Your photo ${place + 1}` });
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.setAttribute("aria-label", `Remove photo ${place + 1}`);
  button.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#icon-close"/></svg>';
  button.addEventListener("click", () => {
    URL.revokeObjectURL(shot.url);
    shots = shots.filter((other) => other !== shot);
    draw();
    document.querySelector("[data-sell-photos]").focus();
    ask();
  });
  item.append(image, button);
  return item;
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
}

// Asks what the market says; an answer that a newer question has overtaken is dropped.
async function ask() {
  clearTimeout(timer);
  running?.abort();
  const turn = (running = new AbortController());
  const panels = document.getElementById("suggestions");
  panels.setAttribute("aria-busy", "true");
  try {
    const response = await fetch("/sell", { method: "POST", body: fields(), signal: turn.signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const answer = page.getElementById("suggestions");
    if (!answer) throw new Error(`the server answered ${response.status} without a page`);
    show(panels, document.adoptNode(answer));
  } catch (error) {
    if (error.name !== "AbortError") complain("That did not get through. Type on, and it is tried again.");
  } finally {
    if (running === turn) panels.removeAttribute("aria-busy");
  }
}

function fields() {
  const form = document.getElementById("sell");
  const given = new FormData();
  for (const name of ["title", "description", "place"]) given.append(name, form.elements[name].value);
  if (picked) given.append("category", list().value);
  given.append("live", "1");
  for (const shot of shots) given.append("photos", shot.blob, "photo.jpg");
  return given;
}

function show(panels, answer) {
  const focused = document.activeElement?.closest("#suggestions .guess")?.value;
  panels.replaceChildren(...answer.childNodes);
  for (const image of panels.querySelectorAll("[data-mine]")) {
    const shot = shots[Number(image.dataset.mine) - 1];
    if (shot) image.src = shot.url;
  }
  if (!picked) {
    const suggested = panels.querySelector("#suggested-category").dataset.category ?? "";
    list().value = suggested;
  }
  if (focused) [...panels.querySelectorAll(".guess")].find((guess) => guess.value === focused)?.focus();
  document.getElementById("announcement").textContent = answer.dataset.summary;
}

function pick(form, category) {
  list().value = category;
  picked = true;
}

function complain(message) {
  const panels = document.getElementById("suggestions");
  panels.querySelector(".failure")?.remove();
  panels.prepend(
    Object.assign(document.createElement("p"), { className: "notice failure", textContent: message }),
  );
  document.getElementById("announcement").textContent = message;
}
