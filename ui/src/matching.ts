// Finds texts by what is typed: those that start with it first, then those that hold it, without regard to case and accents; pure.

export function matching(values: readonly string[], typed: string): readonly string[] {
  const sought = folded(typed);
  if (sought === "") return values;
  const starting: string[] = [];
  const holding: string[] = [];
  for (const value of values) {
    const at = folded(value).indexOf(sought);
    if (at === 0) starting.push(value);
    else if (at > 0) holding.push(value);
  }
  return [...starting, ...holding];
}

function folded(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .trim()
    .toLowerCase();
}
