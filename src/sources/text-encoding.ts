// Which encoding a text is in, judged by its first bytes, and whether bytes are text at all.

import { isUtf8 } from "node:buffer";
import { fail } from "../base/failure.ts";

export type Encoding = string;

/**
 * The encoding of a file's first bytes; "unknown" for text of another alphabet that does not say its encoding, undefined
 * for bytes that are no text. `whole`: these are all the bytes.
 */
export function detectEncoding(head: Buffer, whole: boolean): Encoding | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return "utf-8";
  if (head[0] === 0xff && head[1] === 0xfe && !(head[2] === 0 && head[3] === 0)) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const zeros = zeroShares(head);
  if (zeros.odd > 0.3 && zeros.even < 0.05) return "utf-16le";
  if (zeros.even > 0.3 && zeros.odd < 0.05) return "utf-16be";
  if (zeros.even + zeros.odd > 0.002) return undefined;
  const encoding = seemsUtf8(whole ? head : withoutCutCharacter(head)) ? "utf-8" : "windows-1252";
  if (encoding === "windows-1252" && seemsForeign(head)) return "unknown";
  return controlShare(new TextDecoder(encoding).decode(head)) > 0.01 ? undefined : encoding;
}

/** Words of Latin letters hold an accent here and there; other alphabets give one byte above 127 after the other. */
function seemsForeign(head: Buffer): boolean {
  let high = 0;
  let inRuns = 0;
  let controls = 0;
  for (let at = 0; at < head.length; ) {
    let end = at;
    while (end < head.length && (head[end] as number) >= 0x80) end++;
    if (end - at >= 4) inRuns += end - at;
    high += end - at;
    const byte = head[end];
    if (byte !== undefined && byte < 32 && ![9, 10, 12, 13].includes(byte)) controls++;
    at = end + 1;
  }
  // Japanese encodings mix in bytes below 128, and bytes that Windows-1252 leaves open.
  const undefinedBytes = head.filter((byte) => [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte)).length;
  return controls / head.length < 0.001 && high >= 8 && (inRuns > high / 2 || undefinedBytes > high / 50);
}

function seemsUtf8(bytes: Buffer): boolean {
  if (isUtf8(bytes)) return true;
  const counts = { wellFormed: 0, broken: 0 };
  countUtf8(bytes, counts);
  return mostlyUtf8(counts);
}

/** A decoder of the named encoding; throws SOURCES_ENCODING for a name that is not known. */
export function decoderOf(encoding: Encoding): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch (cause) {
    throw fail(
      "SOURCES_ENCODING",
      `Expected an encoding such as "utf-8", "utf-16le", "windows-1252" or "shift_jis", got ${JSON.stringify(encoding)}`,
      { cause },
    );
  }
}

function zeroShares(head: Buffer): { even: number; odd: number } {
  const counts = [0, 0];
  for (let i = 0; i < head.length; i++) if (head[i] === 0) counts[i % 2]!++;
  const half = Math.max(1, head.length / 2);
  return { even: counts[0]! / half, odd: counts[1]! / half };
}

/** The share of control characters that no text has; tabs, line ends and form feeds are common ones. */
function controlShare(text: string): number {
  let controls = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 32 && code !== 9 && code !== 10 && code !== 12 && code !== 13) || (code >= 127 && code < 160))
      controls++;
  }
  return text.length === 0 ? 0 : controls / text.length;
}

/** Without a character whose last bytes lie beyond the end. */
export function withoutCutCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return bytes;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
    }
  }
  return bytes;
}

/**
 * Whether bytes that are not all UTF-8 are UTF-8 with some broken characters (true) or of another encoding (false):
 * more well-formed characters of several bytes than broken ones.
 */
export function mostlyUtf8(counts: { readonly wellFormed: number; readonly broken: number }): boolean {
  return counts.wellFormed > counts.broken;
}

/** Counts characters of several bytes, and bytes that belong to no character. */
export function countUtf8(bytes: Uint8Array, counts: { wellFormed: number; broken: number }): void {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x80) continue;
    const following = byte >= 0xf0 && byte < 0xf5 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0;
    let good = following > 0 && byte < 0xf5;
    for (let k = 1; good && k <= following; k++)
      good = i + k >= bytes.length || ((bytes[i + k] as number) & 0xc0) === 0x80;
    if (good) {
      counts.wellFormed++;
      i += following;
    } else counts.broken++;
  }
}
