// A run's log lines, errors marked; follows the end while the run goes on, and can be copied.

import { useEffect, useRef } from "react";
import { CopyButton } from "./copy-button.tsx";

export function RunLog({ lines, follow }: { readonly lines: readonly string[]; readonly follow: boolean }) {
  const box = useRef<HTMLPreElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line is the reason to scroll.
  useEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, lines.length]);
  if (lines.length === 0) return <p className="dim">{follow ? "No line yet." : "The run wrote no lines."}</p>;
  return (
    <div className="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <pre className="log" ref={box} tabIndex={0}>
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end.
          <span key={index} className={/\berror\b/i.test(line) ? "log-error" : /\bwarn/i.test(line) ? "log-warn" : ""}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
      <CopyButton text={lines.join("\n")} label="Copy the log" />
    </div>
  );
}
