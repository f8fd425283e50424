// Texts as sparse numbers: the words and pairs of neighbouring words that training knew, each by how often it stands there and how rare it is (TF-IDF).

/** Most terms of a text feature: those that most texts have. */
export const mostTerms = 2 ** 14;

/** What a word is made of, in any script: letters with their marks, and digits. */
export const wordPattern = "[\\p{L}\\p{M}\\p{N}]+";

const word = new RegExp(wordPattern, "gu");

/**
 * Lower case letter by letter, whatever stands beside it, as C's towlower has it: so that other runtimes can do the same. Where no
 * known term holds another letter, those of ASCII are enough.
 */
function lowerCase(text: string, isAscii: boolean): string {
  if (isAscii) return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return text.replaceAll("Σ", "σ").replaceAll("İ", "i").toLowerCase();
}

/** Whether the terms hold letters of ASCII alone. */
export function isAscii(terms: readonly string[]): boolean {
  return terms.every((term) => /^[\0-\x7f]*$/.test(term));
}

export interface Vocabulary {
  /** Words, then pairs with a space between; each by how many texts have it. */
  readonly terms: readonly string[];
  /** log((1 + texts) / (1 + texts with it)) + 1 for each term. */
  readonly rarity: Float64Array;
}

/** Terms that are counted at the same time; the rarest are forgotten beyond (lossy counting; Manku & Motwani 2002). */
const mostCounted = 2 ** 20;

/** The terms that at least `least` texts have, at most `most` of them. Missing and empty texts do not count. */
export function vocabularyOf(texts: readonly (string | null)[], least: number, most = mostTerms): Vocabulary {
  const rows = new Map<string, number>();
  let present = 0;
  let forgotten = 0;
  for (const text of texts) {
    if (text === null || text === "") continue;
    present++;
    const words = lowerCase(text, false).match(word) ?? [];
    const own = new Set<string>(words);
    for (let i = 1; i < words.length; i++) own.add(`${words[i - 1]} ${words[i]}`);
    for (const term of own) rows.set(term, (rows.get(term) ?? forgotten) + 1);
    if (rows.size <= mostCounted) continue;
    forgotten++;
    for (const [term, count] of rows) if (count <= forgotten) rows.delete(term);
  }
  const isPair = (term: string) => (term.includes(" ") ? 1 : 0);
  const kept = [...rows]
    .filter(([, count]) => count >= least)
    .sort(([a, m], [b, n]) => n - m || isPair(a) - isPair(b) || (a < b ? -1 : 1))
    .slice(0, most)
    .sort(([a], [b]) => isPair(a) - isPair(b));
  return {
    terms: kept.map(([term]) => term),
    rarity: Float64Array.from(kept, ([, count]) => Math.log((1 + present) / (1 + count)) + 1),
  };
}

/** Calls `visit` with each known term of a text, by its place, and its weight: (1 + log count) · rarity, all scaled to length 1. */
export type TermReader = (text: string, visit: (term: number, weight: number) => void) => void;

export function termReader({ terms, rarity }: Vocabulary): TermReader {
  const places = new Map(terms.map((term, place) => [term, place]));
  const ascii = isAscii(terms);
  return (text, visit) => {
    const counts = new Map<number, number>();
    const found = (term: string): boolean => {
      const place = places.get(term);
      if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
      return place !== undefined;
    };
    let before: string | undefined;
    for (const own of lowerCase(text, ascii).match(word) ?? []) {
      const isKnown = found(own);
      // No pair is known whose words are not: at least as many texts have those.
      if (before !== undefined && isKnown) found(`${before} ${own}`);
      before = isKnown ? own : undefined;
    }
    let squares = 0;
    for (const [place, count] of counts) squares += ((1 + Math.log(count)) * rarity[place]!) ** 2;
    const scale = 1 / Math.sqrt(squares);
    for (const [place, count] of counts) visit(place, (1 + Math.log(count)) * rarity[place]! * scale);
  };
}
