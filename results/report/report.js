"use strict";

// Sorts a table by a click on a heading, hides rows that lack the words of its filter.
// Without script the page says all the same things.
for (const grid of document.querySelectorAll(".grid")) {
  const body = grid.querySelector("tbody");
  const headings = [...grid.querySelectorAll("th")];
  const output = grid.querySelector("output");
  const filter = grid.querySelector("input");
  const caption = output.textContent;
  const rows = [...body.rows];

  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key);
  };

  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), "en", { numeric: true });

  const sort = (column) => {
    const heading = headings[column];
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = rows.map((row) => [key(row, column), row]);
    const full = keyed.filter(([value]) => value !== "");
    const empty = keyed.filter(([value]) => value === "");
    full.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
    body.append(...[...full, ...empty].map(([, row]) => row));
  };

  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    output.textContent = words.length ? `${shown} of ${rows.length} rows` : caption;
  };

  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => sort(column));
  });
  filter.addEventListener("input", show);
}

// Shows the value of the point next to the pointer; arrow keys go from point to point.
const tip = document.body.appendChild(document.createElement("output"));
tip.className = "tip";
tip.hidden = true;

for (const picture of document.querySelectorAll(".picture")) {
  const points = [...picture.querySelectorAll(".told circle")];
  if (!points.length) continue;
  const texts = points.map((point) => {
    const title = point.querySelector("title");
    title.remove();
    return title.textContent;
  });
  let current = -1;

  const show = (index) => {
    if (current >= 0) points[current].classList.remove("here");
    current = index;
    tip.hidden = index < 0;
    if (index < 0) return;
    points[index].classList.add("here");
    tip.textContent = texts[index];
    const place = points[index].getBoundingClientRect();
    const left = place.left + place.width / 2 - tip.offsetWidth / 2;
    const most = document.documentElement.clientWidth - tip.offsetWidth - 4;
    tip.style.left = `${Math.max(4, Math.min(left, most)) + scrollX}px`;
    tip.style.top = `${place.top - tip.offsetHeight - 6 + scrollY}px`;
  };

  const nearest = (event) => {
    let best = -1;
    let least = 18 * 18;
    points.forEach((point, index) => {
      const place = point.getBoundingClientRect();
      const x = place.left + place.width / 2 - event.clientX;
      const y = place.top + place.height / 2 - event.clientY;
      if (x * x + y * y < least) [best, least] = [index, x * x + y * y];
    });
    return best;
  };

  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  picture.tabIndex = 0;
  picture.addEventListener("pointermove", (event) => show(nearest(event)));
  picture.addEventListener("pointerleave", () => show(-1));
  picture.addEventListener("blur", () => show(-1));
  picture.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(-1);
    if (!(event.key in steps)) return;
    event.preventDefault();
    const from = current < 0 && steps[event.key] < 0 ? 0 : current;
    show((from + steps[event.key] + points.length) % points.length);
  });
}
