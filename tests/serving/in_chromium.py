"""What tests of the pages in a browser share beside their fixtures."""

from playwright.sync_api import Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# In the page: relative luminance and contrast as WCAG 2.2 defines them, over the colours as they are painted.
CONTRAST = """selector =>
[...document.querySelectorAll(selector)].filter(e => e.offsetParent).map(element => {
  const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d');
  const backgrounds = [];
  for (let e = element; e; e = e.parentElement) backgrounds.unshift(getComputedStyle(e).backgroundColor);
  const painted = colours => {
    pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = painted(backgrounds), text = painted([...backgrounds, getComputedStyle(element).color]);
  const ratio = (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
  return [ratio, element.className || element.tagName, element.textContent.trim().slice(0, 30)];
})"""


def jpeg_file(data: bytes) -> dict[str, object]:
    return {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": data}


def give(page: Page, kind: str, data: bytes, mime: str = "image/jpeg") -> None:
    """Drop or paste a file onto the page."""
    page.evaluate(
        """([kind, bytes, mime]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(bytes)], "mine", {type: mime}));
          document.body.dispatchEvent(kind === "paste"
            ? new ClipboardEvent("paste", {clipboardData: carried, bubbles: true, cancelable: true})
            : new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
        }""",
        [kind, list(data), mime],
    )
