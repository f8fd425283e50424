// The names that a model version goes by: live, candidate, shadow.

export function Aliases({ aliases }: { readonly aliases: readonly string[] }) {
  return aliases.map((alias) => (
    <span key={alias} className={`tag ${alias}`}>
      {alias}
    </span>
  ));
}
