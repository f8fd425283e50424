// Grey lines in place of what is being loaded, and the word for it to those who cannot see them.

const widths = ["88%", "94%", "70%", "91%", "84%", "66%", "90%", "78%"];

export function Skeleton({ lines = 3, label = "Loading" }: { readonly lines?: number; readonly label?: string }) {
  return (
    <div className="skeleton" role="status">
      <span className="hidden">{label}</span>
      {widths.slice(0, lines).map((width) => (
        <i key={width} style={{ width }} aria-hidden="true" />
      ))}
    </div>
  );
}
