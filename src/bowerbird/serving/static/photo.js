// The shopper's photo: picked, taken, dropped or pasted; made small in the browser; shown in the search box.
import { takeForSale } from "./sell.js";

const LONGEST_SIDE = 1024; // pixels; the encoders read far fewer
const JPEG_QUALITY = 0.9;
const KEPT_PHOTOS = 4; // in the session's store, for going back
const STORE = "bowerbird.photo.";

const slot = document.getElementById("shot");
const image = document.getElementById("shot-image");
const veil = document.getElementById("drop-veil");
let own = null;

// {blob, key} of the shopper's own photo in the search box, or null; `key` names it in the history.
export const ownPhoto = () => own;

export function startPhotos() {
  document.addEventListener("change", (event) => {
    if (!event.target.matches("input[data-photo]")) return;
    const [file] = event.target.files;
    event.target.value = "";
    if (file) take(file);
  });
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(isImage);
    if (file) {
      event.preventDefault();
      if (!takeForSale(event.clipboardData.files)) take(file);
    }
  });
  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    const file = [...event.dataTransfer.files].find(isImage);
    veil.hidden = true;
    if (event.dataTransfer.files.length) event.preventDefault();
    if (file && !takeForSale(event.dataTransfer.files)) take(file);
  });
  document.getElementById("shot-remove").addEventListener("click", (event) => {
    event.preventDefault();
    showPhoto(null);
    document.getElementById("q").focus();
    tell("removed");
  });
}

// Shows {blob, key} of the shopper's own or {like}, the content hash of a stored photo; null empties the box.
export function showPhoto(photo) {
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  own = photo?.blob ? photo : null;
  slot.hidden = !(own || photo?.like);
  if (own) image.src = URL.createObjectURL(own.blob);
  else if (photo?.like) image.src = `/photos/${encodeURIComponent(photo.like)}.jpg?size=320`;
  else image.removeAttribute("src");
}

// The photo that an earlier page of this session searched with, or null.
export function storedPhoto(key) {
  const kept = sessionStorage.getItem(STORE + key);
  if (!kept) return null;
  const bytes = Uint8Array.from(atob(kept), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: "image/jpeg" });
}

async function take(file) {
  let blob;
  try {
    blob = await shrink(file);
  } catch {
    return tell("unreadable");
  }
  showPhoto({ blob, key: await store(blob) });
  tell("given");
}

// A JPEG of at most 1024 pixels on its longest side, upright.
export async function shrink(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white"; // under whatever is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no JPEG"))), "image/jpeg", JPEG_QUALITY),
  );
}

async function store(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let letters = "";
  for (let at = 0; at < bytes.length; at += 0x8000) letters += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  const key = `${Date.now()}`;
  const earlier = Object.keys(sessionStorage).filter((name) => name.startsWith(STORE)).sort();
  for (const name of earlier.slice(0, Math.max(0, earlier.length + 1 - KEPT_PHOTOS))) sessionStorage.removeItem(name);
  try {
    sessionStorage.setItem(STORE + key, btoa(letters));
  } catch {
    return null; // the store is full or forbidden: going back then loses the photo, nothing else
  }
  return key;
}

const isImage = (file) => file.type.startsWith("image/");
const tell = (detail) => document.dispatchEvent(new CustomEvent("bowerbird:photo", { detail }));
