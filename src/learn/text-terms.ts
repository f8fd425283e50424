// Texts as sparse numbers: words and pairs of neighbouring words, hashed into buckets and weighted by how rare they are.

/** Buckets per text feature; two words in one bucket are a small, even noise (Weinberger et al. 2009). */
export const textBuckets = 2 ** 14;

export interface Terms {
  readonly buckets: number[];
  /** 1 + log of the number of times. */
  readonly counts: number[];
}

const word = /[\p{L}\p{N}]+/gu;

/** The terms of a text in any script: letters and digits, whatever their case. */
export function termsOf(text: string): Terms {
  const times = new Map<number, number>();
  let before: number | undefined;
  for (const [token] of text.toLowerCase().matchAll(word)) {
    const hash = hashOf(token);
    const single = hash % textBuckets;
    times.set(single, (times.get(single) ?? 0) + 1);
    if (before !== undefined) {
      const pair = ((Math.imul(before, 0x01000193) ^ hash) >>> 0) % textBuckets;
      times.set(pair, (times.get(pair) ?? 0) + 1);
    }
    before = hash;
  }
  return { buckets: [...times.keys()], counts: Array.from(times.values(), (count) => 1 + Math.log(count)) };
}

/** FNV-1a over UTF-16 units, mixed once more so that its low bits are good. */
function hashOf(token: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < token.length; i++) hash = Math.imul(hash ^ token.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

/** Calls `visit` with each bucket's weight: count × rarity, all of a text scaled to length 1; buckets that are never 0 in `rarity`. */
export function visitTerms(
  text: string,
  rarity: Float64Array,
  offset: number,
  visit: (bucket: number, weight: number) => void,
): void {
  const { buckets, counts } = termsOf(text);
  let squares = 0;
  for (const [i, bucket] of buckets.entries()) squares += (counts[i]! * rarity[offset + bucket]!) ** 2;
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (const [i, bucket] of buckets.entries())
    if (rarity[offset + bucket]! > 0) visit(bucket, counts[i]! * rarity[offset + bucket]! * scale);
}

/** How rare each bucket is among the texts, log((1 + n) / (1 + rows with it)) + 1; 0 for buckets of fewer than `least` texts. */
export function rarityOf(texts: readonly (string | null)[], least: number): Float64Array {
  const rows = new Float64Array(textBuckets);
  let present = 0;
  for (const text of texts) {
    if (text === null) continue;
    present++;
    for (const bucket of termsOf(text).buckets) rows[bucket]!++;
  }
  return rows.map((count) => (count < least ? 0 : Math.log((1 + present) / (1 + count)) + 1));
}
