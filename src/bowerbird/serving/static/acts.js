// What a shopper says of a card by its buttons is posted, and acts at once: what is hidden goes, the feed follows.

// Starts listening; `refresh` shows the current page anew.
export function startActs(refresh) {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-act]")) return;
    event.preventDefault();
    act(event.target, event.submitter, refresh);
  });
}

async function act(form, button, refresh) {
  const buttons = [...form.querySelectorAll("button")];
  const fields = new FormData(form);
  fields.set(button.name, button.value);
  for (const each of buttons) each.disabled = true;
  try {
    const response = await fetch("/acts", { method: "POST", body: fields, headers: { Accept: "application/json" } });
    const answer = await response.json();
    if (response.ok && button.value === "save") button.setAttribute("aria-pressed", "true");
    else if (response.ok) await takeAway(form.closest(".card"), refresh);
    announce(response.ok ? answer.said : answer.message);
  } catch {
    announce("That did not get through. Try again in a moment.");
  } finally {
    for (const each of buttons) each.disabled = false;
  }
}

// The card goes and the one after it has the focus; a feed is then made anew, since what it is made of changed.
async function takeAway(card, refresh) {
  const place = [...card.parentElement.children].indexOf(card);
  const feed = card.closest("[data-feed]");
  card.remove();
  focusAt(place);
  if (feed) {
    await refresh();
    focusAt(place);
  }
}

function focusAt(place) {
  const cards = document.querySelectorAll(".cards > .card");
  cards[Math.min(place, cards.length - 1)]?.querySelector(".card-title a").focus({ preventScroll: true });
}

function announce(message) {
  document.getElementById("announcement").textContent = message;
}
