// The entry of every page: without it the pages still work, as plain links and forms.
import { startActs } from "./acts.js";
import { startAutocomplete } from "./autocomplete.js";
import { startGallery } from "./gallery.js";
import { startPhotos } from "./photo.js";
import { showAgain, startSearch } from "./search.js";
import { startSell } from "./sell.js";

startSearch({
  afterSwap: () => {
    startGallery();
    startSell();
  },
});
startActs(showAgain);
startPhotos();
startAutocomplete();
startGallery();
startSell();

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("q").select();
  }
});
