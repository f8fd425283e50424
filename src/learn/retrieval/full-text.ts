// Full-text search by BM25 (Robertson and Zaragoza, 2009; k1 = 1.2, b = 0.75) over an inverted index in flat arrays.

import { bestOf, type Nearest } from "./nearest-vectors.ts";

/** Postings of term t stand from `starts[t]` to `starts[t + 1]`: the texts that hold it, and how often each does. */
export interface TextIndex {
  readonly terms: readonly string[];
  readonly starts: Uint32Array;
  readonly documents: Uint32Array;
  readonly frequencies: Uint16Array;
  /** Words of each text. */
  readonly lengths: Uint32Array;
}

const k1 = 1.2;
const b = 0.75;

/** Words in lower case without accents: runs of letters and digits of any script. */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase();
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Takes texts one by one in the order of their numbers. */
export function textIndexBuilder() {
  const numbers = new Map<string, number>();
  const documents: number[][] = [];
  const frequencies: number[][] = [];
  const lengths: number[] = [];
  return {
    add(text: string | null) {
      const document = lengths.length;
      const words = text === null ? [] : wordsOf(text);
      lengths.push(words.length);
      for (const word of words) {
        let term = numbers.get(word);
        if (term === undefined) {
          term = documents.length;
          numbers.set(word, term);
          documents.push([]);
          frequencies.push([]);
        }
        const held = documents[term] as number[];
        const counts = frequencies[term] as number[];
        if (held.at(-1) === document) counts[counts.length - 1] = Math.min(65_535, (counts.at(-1) as number) + 1);
        else {
          held.push(document);
          counts.push(1);
        }
      }
    },
    finish(): TextIndex {
      const terms = [...numbers.keys()];
      const starts = new Uint32Array(terms.length + 1);
      for (const [term, held] of documents.entries()) starts[term + 1] = (starts[term] as number) + held.length;
      const all = new Uint32Array(starts[terms.length] as number);
      const counts = new Uint16Array(all.length);
      for (const [term, held] of documents.entries()) {
        all.set(held, starts[term]);
        counts.set(frequencies[term] as number[], starts[term]);
      }
      return { terms, starts, documents: all, frequencies: counts, lengths: Uint32Array.from(lengths) };
    },
  };
}

export interface TextSearch {
  /** The best texts for the query's words, any of them; `allowed` leaves others out. */
  search(query: string, top: number, allowed?: (document: number) => boolean): Nearest;
}

export function openTextSearch({ terms, starts, documents, frequencies, lengths }: TextIndex): TextSearch {
  const numbers = new Map(terms.map((term, number) => [term, number]));
  const count = lengths.length;
  const mean = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, count);
  const norms = Float32Array.from(lengths, (length) => k1 * (1 - b + (b * length) / Math.max(1e-9, mean)));
  const scores = new Float64Array(count);
  return {
    search(query, top, allowed) {
      const touched: number[] = [];
      for (const word of new Set(wordsOf(query))) {
        const term = numbers.get(word);
        if (term === undefined) continue;
        const [from, to] = [starts[term] as number, starts[term + 1] as number];
        const weight = Math.log(1 + (count - (to - from) + 0.5) / (to - from + 0.5));
        for (let place = from; place < to; place++) {
          const document = documents[place] as number;
          const frequency = frequencies[place] as number;
          if (scores[document] === 0) touched.push(document);
          scores[document]! += (weight * frequency * (k1 + 1)) / (frequency + (norms[document] as number));
        }
      }
      const best = bestOf(top);
      for (const document of touched) {
        if (allowed === undefined || allowed(document)) best.offer(document, scores[document] as number);
        scores[document] = 0;
      }
      return best.take();
    },
  };
}
