// A text field with a searchable list, after the ARIA pattern "editable combobox with list autocomplete".

import { useEffect, useId, useRef, useState } from "react";
import { matching } from "../matching.ts";
import { count } from "../words.ts";

interface ComboBoxProps {
  readonly id: string;
  readonly values: readonly string[];
  readonly text: string;
  readonly placeholder?: string;
  readonly onText: (text: string) => void;
  readonly "data-field"?: string;
  readonly "aria-invalid"?: boolean;
  readonly "aria-required"?: boolean;
  readonly "aria-describedby"?: string;
}

const shownAtMost = 100;

export function ComboBox({ values, text, placeholder, onText, ...input }: ComboBoxProps) {
  const list = useId();
  const [open, setOpen] = useState(false);
  /** What is being typed; null while the field shows the chosen value. */
  const [typed, setTyped] = useState<string | null>(null);
  const [active, setActive] = useState(-1);
  const listbox = useRef<HTMLDivElement>(null);
  const found = matching(values, typed ?? "");
  const shown = found.slice(0, shownAtMost);

  useEffect(() => {
    if (open && active >= 0) listbox.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [open, active]);

  function show() {
    setActive(typed === null ? shown.indexOf(text) : -1);
    setOpen(true);
  }
  function close() {
    setOpen(false);
    setTyped(null);
    setActive(-1);
  }
  function choose(value: string) {
    if (value !== text) onText(value);
    close();
  }
  /** Leaving the field takes what was typed, in the list's spelling when it is in the list. */
  function leave() {
    if (typed === null) return close();
    const listed = values.find((value) => value.toLowerCase() === typed.trim().toLowerCase());
    choose(listed ?? typed.trim());
  }

  function onKeyDown(event: React.KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return show();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (shown.length > 0) setActive((active + step + shown.length) % shown.length);
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      const value = shown[active];
      if (value === undefined) leave();
      else choose(value);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
    }
  }

  return (
    <span className="combo">
      <input
        {...input}
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        aria-expanded={open}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={open && active >= 0 ? `${list}-${active}` : undefined}
        value={typed ?? text}
        placeholder={placeholder}
        onFocus={(event) => event.target.select()}
        onClick={show}
        onChange={(event) => {
          setTyped(event.target.value);
          setActive(-1);
          setOpen(true);
        }}
        onKeyDown={onKeyDown}
        onBlur={leave}
      />
      <div ref={listbox} id={list} role="listbox" aria-label="Choices" hidden={!open || shown.length === 0}>
        {open &&
          shown.map((value, index) => (
            <div
              key={value}
              id={`${list}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={value === text}
              data-active={index === active}
              // Not a click: the field must keep the focus, or leaving it would close the list first.
              onPointerDown={(event) => event.preventDefault()}
              onPointerUp={() => choose(value)}
            >
              {value}
            </div>
          ))}
      </div>
      <span className="hidden" role="status">
        {open && typed !== null ? count(found.length, "choice") : ""}
      </span>
      {open && values.length > 0 && found.length === 0 && (
        <span className="combo-none">Not among the known values; it is taken as typed.</span>
      )}
      {open && found.length > shownAtMost && (
        <span className="combo-none">{count(found.length - shownAtMost, "more value")}: type to narrow them down.</span>
      )}
    </span>
  );
}
