// The unit that a column's name carries, and the bounds that hold by the nature of what it measures. Pure.

import { says, wordsOf } from "./profile-names.ts";

/** Words that are units, and what they are written as: `lbs=lb`. */
const plainUnits = new Map(
  (
    "mm cm km kg mg lb lbs=lb oz ft feet=ft mi miles=mi inches=in km2=km² m2=m² km² m² m³ sqft=sq_ft ha acres ml liters=l litres=l " +
    "mph kmh=km/h kph=km/h knots kn=knots sec=s secs=s seconds=s ms minutes=min mins=min hours=h hrs=h days weeks months " +
    "years usd=USD eur=EUR gbp=GBP chf=CHF dollars=USD euros=EUR $=USD €=EUR £=GBP pct=% percent=% percentage=% % " +
    "celsius=°C fahrenheit=°F kelvin=K °c=°C °f=°F hpa=hPa mbar psi kw=kW wh=Wh kwh=kWh mwh=MWh gwh=GWh mw=MW hp rpm hz=Hz khz=kHz mhz=MHz " +
    "ghz=GHz mb=MB gb=GB ppm ph=pH db=dB bpm mpg"
  )
    .split(" ")
    .map((pair) => {
      const [word = "", unit = word] = pair.split("=");
      return [word, unit.replace("_", " ")] as const;
    }),
);

/** Units of one or two letters that mean something else unless a word beside them says what is measured. */
const shortUnits: readonly (readonly [string, string, ReadonlySet<string>])[] = [
  ["g", "g", new Set(["mass", "weight", "body"])],
  ["m", "m", new Set(["length", "height", "width", "depth", "distance", "altitude", "elevation", "size"])],
  ["in", "in", new Set(["length", "height", "width", "depth", "diameter", "size"])],
  ["s", "s", new Set(["time", "duration", "delay", "latency", "elapsed"])],
  ["min", "min", new Set(["time", "duration", "delay", "running", "elapsed"])],
  ["h", "h", new Set(["time", "duration", "elapsed"])],
  ["c", "°C", new Set(["temp", "temperature"])],
  ["f", "°F", new Set(["temp", "temperature"])],
  ["k", "K", new Set(["temp", "temperature"])],
  ["l", "l", new Set(["volume", "displacement", "engine"])],
];

/** The unit that a name carries: in brackets, or as its last word. */
export function unitOf(name: string): string | undefined {
  const bracketed = /[([{]\s*([^)\]}]{1,12}?)\s*[)\]}]\s*$/u.exec(name)?.[1];
  if (bracketed !== undefined) {
    const known =
      plainUnits.get(bracketed.toLowerCase()) ?? shortUnits.find(([word]) => word === bracketed.toLowerCase())?.[1];
    if (known !== undefined) return known;
    if (/^[\p{L}°µμ%$€£/²³^·.-]{1,8}\d?$/u.test(bracketed) && /[/°µμ%$€£²³^]/u.test(bracketed)) return bracketed;
  }
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  if (words.length < 2) return undefined;
  const plain = plainUnits.get(last);
  // "days" and its like count as units only behind a word that is measured in them.
  if (
    plain !== undefined &&
    !(/^(?:days|weeks|months|years)$/.test(last) && !says(words.slice(0, -1).join(" "), durations))
  )
    return plain;
  return shortUnits.find(
    ([word, , beside]) => word === last && words.slice(0, -1).some((other) => beside.has(other)),
  )?.[1];
}

const durations = new Set([
  "time",
  "duration",
  "age",
  "tenure",
  "length",
  "term",
  "delay",
  "period",
  "elapsed",
  "in",
  "since",
]);

const neverNegative = new Set(
  (
    "count number num total amount quantity qty length width height depth weight mass distance age population pop size duration votes budget gross sales revenue speed wind " +
    "horsepower cylinder displacement precipitation rain rainfall snow snowfall income area price cost fare salary wage tenure mileage volume capacity room bedroom bathroom floor " +
    "visits views clicks orders passengers deaths cases employees rating humidity visibility diameter radius magnitude fertility expect expectancy"
  ).split(" "),
);
const maybeNegative = new Set(
  "change diff difference delta net profit loss balance growth return residual error temp temperature gain margin offset deviation anomaly delay".split(
    " ",
  ),
);
const signlessUnits = new Set(
  "mm cm m km in ft mi kg g mg lb oz km² m² sq_ft ha acres ml l mph km/h knots h kWh hp rpm Hz kHz MHz GHz MB GB ppm bpm mpg K pH"
    .split(" ")
    .map((unit) => unit.replace("_", " ")),
);

/** Bounds that hold by the nature of the thing, given what was seen. */
export function boundsOf(
  name: string,
  unit: string | undefined,
  min: number,
  max: number,
): { readonly min?: number; readonly max?: number } {
  const words = wordsOf(name);
  if (/^(?:lat|latitude)$/.test(words[0] ?? "") && min >= -90 && max <= 90) return { min: -90, max: 90 };
  if (/^(?:lon|lng|long|longitude)$/.test(words[0] ?? "") && min >= -180 && max <= 180) return { min: -180, max: 180 };
  if (min < 0) return {};
  if (says(name, maybeNegative)) return {};
  if (unit === "%" || says(name, new Set(["pct", "percent", "percentage"])))
    return max <= 1 ? { min: 0, max: 1 } : max <= 100 ? { min: 0, max: 100 } : { min: 0 };
  if (unit !== undefined && signlessUnits.has(unit)) return { min: 0 };
  return says(name, neverNegative) ? { min: 0 } : {};
}
