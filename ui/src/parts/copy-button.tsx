// Copies a text, and says that it did.

import { useState } from "react";

export function CopyButton({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  const [said, setSaid] = useState("");

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      // Without HTTPS, browsers keep the clipboard closed.
      setSaid("Copying is not allowed here: select the text instead");
    }
    setTimeout(() => setSaid(""), 3_000);
  }

  return (
    <span className="copy">
      <button type="button" onClick={() => void copy()}>
        {label}
      </button>
      <span role="status" className="small dim">
        {said}
      </span>
    </span>
  );
}
