// Shows the page again when the server has looked again; what a person writes or explores is left alone.
import { localise } from "./times.js";

async function renew() {
  const here = document.querySelector("[data-live]");
  if (!here || here.contains(document.activeElement) || here.querySelector("[data-explored]:hover")) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.querySelector("[data-live]");
  if (!next) return;
  here.replaceChildren(...next.childNodes);
  localise(here);
}

const looked = new EventSource("/live");
looked.addEventListener("looked", renew);
addEventListener("pagehide", () => looked.close());
