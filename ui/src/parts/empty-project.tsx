// What a project without components shows: the two ways to get the five files.

export function EmptyProject() {
  return (
    <section className="panel empty" aria-label="Getting started">
      <h2>Five small files become one live product</h2>
      <p>
        Let Pentad write them from a table of yours, with{" "}
        <code>pentad new my-product --from data.csv --predict COLUMN</code>, or write <code>problem.ts</code>,{" "}
        <code>data/NAME.ts</code>, <code>training.ts</code>, <code>inference.ts</code> and <code>app.ts</code> in this
        folder. They appear here when they are saved.
      </p>
    </section>
  );
}
