// A picture that is pointed at is drawn again from its specification, to be explored where it stands.
let library;

async function explore(picture) {
  const specification = `/pictures/${picture.dataset.picture}.json`;
  delete picture.dataset.picture;
  library ??= import("/pictures/vega.js");
  const [answer] = await Promise.all([fetch(specification), library]);
  if (!answer.ok) return;
  const chart = await answer.json();
  // A picture that was made smaller to fit is drawn as wide as it is shown.
  const shown = picture.getBoundingClientRect().width;
  if (typeof chart.width === "number") chart.width -= picture.viewBox.baseVal.width - shown;
  const place = document.createElement("div");
  place.dataset.explored = "";
  picture.before(place);
  await window.vegaEmbed(place, chart, {
    ast: true, // No expression is ever turned into code: the page allows none.
    renderer: "svg",
    actions: false,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
  });
  picture.remove();
}

document.addEventListener("pointerover", ({ target }) => {
  const picture = target.closest?.("svg[data-picture]");
  if (picture) explore(picture).catch(console.error);
});
