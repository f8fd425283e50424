// The frame of a report's parts: a section with its heading, a figure with its caption. Pure.

import { escapeHtml } from "./text.ts";

export function section(title: string, body: string): string {
  return `<section>\n<h2>${escapeHtml(title)}</h2>\n${body}\n</section>`;
}

export function figure(svg: string, title: string, caption: string): string {
  return `<figure>${svg}<figcaption><b>${escapeHtml(title)}</b> ${escapeHtml(caption)}</figcaption></figure>`;
}
