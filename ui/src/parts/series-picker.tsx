// Asks which series to forecast: one list per column that names it.

import { useId } from "react";
import type { AppDocument } from "../../../src/http/api.ts";
import { humanName } from "../words.ts";
import { ComboBox } from "./combo-box.tsx";
import type { Entity } from "./entity-key.tsx";

interface SeriesPickerProps {
  readonly stored: NonNullable<AppDocument["stored"]>;
  readonly series: Entity;
  readonly onSeries: (series: Entity) => void;
}

export function SeriesPicker({ stored, series, onSeries }: SeriesPickerProps) {
  const id = useId();
  return stored.key.map((column) => (
    <div key={column} className="field">
      <label htmlFor={`${id}-${column}`}>{humanName(column)}</label>
      <ComboBox
        id={`${id}-${column}`}
        values={[...new Set(stored.examples.map((example) => String(example[column])))]}
        text={String(series[column] ?? "")}
        placeholder="which series"
        onText={(text) => onSeries({ ...series, [column]: text })}
      />
    </div>
  ));
}
