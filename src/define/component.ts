// What all components share: a kind, and a name that its file gives unless the definition does.

export type ComponentKind = "problem" | "data" | "training" | "inference" | "app";

/** The kinds in the order in which the product flows. */
export const componentKinds: readonly ComponentKind[] = ["problem", "data", "training", "inference", "app"];

export interface Component<Kind extends ComponentKind = ComponentKind> {
  readonly kind: Kind;
  readonly name: string | undefined;
}

export function isComponent(value: unknown): value is Component {
  return (
    typeof value === "object" &&
    value !== null &&
    componentKinds.includes((value as { kind?: ComponentKind }).kind as ComponentKind) &&
    "options" in value
  );
}
