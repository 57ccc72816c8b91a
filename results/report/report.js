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
