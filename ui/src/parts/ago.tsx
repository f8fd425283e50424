// How long ago something was, with the exact moment for those who point at it.

import { agoText, secondsSince } from "../words.ts";

export function Ago({ at, now }: { readonly at: string; readonly now: Date }) {
  return (
    <time dateTime={at} title={new Date(at).toLocaleString("en-GB")}>
      {agoText(secondsSince(at, now))}
    </time>
  );
}
