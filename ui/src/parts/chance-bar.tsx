// The chance of yes as a filled bar between no and yes; the words above say the same.

export function ChanceBar({ chance }: { readonly chance: number }) {
  return (
    <div className="chance" aria-hidden="true">
      <div className="bar">
        <i style={{ width: `${chance * 100}%` }} />
      </div>
      <div className="chance-ends">
        <span>0 %</span>
        <span>50 %</span>
        <span>100 %</span>
      </div>
    </div>
  );
}
