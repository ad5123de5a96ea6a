// A listing's photos: a row that scrolls by itself; this adds arrow keys, buttons and the marked thumbnail.

export function startGallery() {
  const gallery = document.getElementById("gallery");
  const stage = document.getElementById("stage");
  const photos = [...(stage?.children ?? [])];
  if (!photos.length) return;
  const thumbs = [...gallery.querySelectorAll(".thumbs a")];
  const alike = document.getElementById("alike");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let current = 0;

  const turnTo = (position) => {
    const target = photos[Math.max(0, Math.min(photos.length - 1, position))];
    stage.scrollTo({ left: target.offsetLeft - stage.offsetLeft, behavior: calm ? "instant" : "smooth" });
  };
  const mark = (position) => {
    current = position;
    for (const [at, thumb] of thumbs.entries()) {
      if (at === position) thumb.setAttribute("aria-current", "true");
      else thumb.removeAttribute("aria-current");
    }
    if (alike) alike.href = `/?like=${photos[position].dataset.hash}`;
  };

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) if (entry.isIntersecting) mark(photos.indexOf(entry.target));
    },
    { root: stage, threshold: 0.6 },
  );
  photos.forEach((photo) => watcher.observe(photo));

  stage.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: photos.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    turnTo(steps[event.key]);
  });
  gallery.querySelectorAll("[data-turn]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => turnTo((current + Number(button.dataset.turn) + photos.length) % photos.length));
  });
  thumbs.forEach((thumb, position) =>
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      turnTo(position);
    }),
  );
}
