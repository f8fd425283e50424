// What a column's name tells people: its words, a unit, natural bounds, whether it names things, counts things or dates them. Pure.

/** The words of a name, in lower case: `priceUSD`, `price_usd` and "Price (USD)" are the same words. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}%°$€£]+/u)
    .filter((word) => word !== "");
}

function says(name: string, words: ReadonlySet<string>): boolean {
  return wordsOf(name).some((word) => words.has(word) || (word.endsWith("s") && words.has(word.slice(0, -1))));
}

/** Units that stand for themselves, by the word that names them. */
const plainUnits: Readonly<Record<string, string>> = {
  mm: "mm",
  cm: "cm",
  km: "km",
  kg: "kg",
  mg: "mg",
  lb: "lb",
  lbs: "lb",
  oz: "oz",
  ft: "ft",
  feet: "ft",
  mi: "mi",
  miles: "mi",
  inches: "in",
  km2: "km²",
  m2: "m²",
  sqft: "sq ft",
  ha: "ha",
  acres: "acres",
  ml: "ml",
  liters: "l",
  litres: "l",
  mph: "mph",
  kmh: "km/h",
  kph: "km/h",
  knots: "knots",
  kn: "knots",
  sec: "s",
  secs: "s",
  seconds: "s",
  ms: "ms",
  minutes: "min",
  mins: "min",
  hours: "h",
  hrs: "h",
  days: "days",
  weeks: "weeks",
  months: "months",
  years: "years",
  usd: "USD",
  eur: "EUR",
  gbp: "GBP",
  chf: "CHF",
  dollars: "USD",
  euros: "EUR",
  $: "USD",
  "€": "EUR",
  "£": "GBP",
  pct: "%",
  percent: "%",
  percentage: "%",
  "%": "%",
  celsius: "°C",
  fahrenheit: "°F",
  kelvin: "K",
  "°c": "°C",
  "°f": "°F",
  hpa: "hPa",
  mbar: "mbar",
  psi: "psi",
  kw: "kW",
  kwh: "kWh",
  mw: "MW",
  hp: "hp",
  rpm: "rpm",
  hz: "Hz",
  khz: "kHz",
  mhz: "MHz",
  ghz: "GHz",
  mb: "MB",
  gb: "GB",
  ppm: "ppm",
  ph: "pH",
  db: "dB",
  bpm: "bpm",
  mpg: "mpg",
};

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
      plainUnits[bracketed.toLowerCase()] ?? shortUnits.find(([word]) => word === bracketed.toLowerCase())?.[1];
    if (known !== undefined) return known;
    if (/^[\p{L}°µμ%$€£/²³^·.-]{1,8}\d?$/u.test(bracketed) && /[/°µμ%$€£²³^]/u.test(bracketed)) return bracketed;
  }
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  if (words.length < 2) return undefined;
  const plain = plainUnits[last];
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
const signlessUnits = new Set([
  "mm",
  "cm",
  "m",
  "km",
  "in",
  "ft",
  "mi",
  "kg",
  "g",
  "mg",
  "lb",
  "oz",
  "km²",
  "m²",
  "sq ft",
  "ha",
  "acres",
  "ml",
  "l",
  "mph",
  "km/h",
  "knots",
  "h",
  "kWh",
  "hp",
  "rpm",
  "Hz",
  "kHz",
  "MHz",
  "GHz",
  "MB",
  "GB",
  "ppm",
  "bpm",
  "mpg",
  "K",
  "pH",
]);

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

/** A name for a name: `id`, `customer_id`, `zip code`, `uuid`, `key`, `sku`. */
export function soundsLikeKey(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  return keyWords.has(last) || /^(?:id|uuid|guid|key)$/.test(words[0] ?? "") || /[a-z](?:ID|Id)$/.test(name);
}

const keyWords = new Set([
  "id",
  "ids",
  "key",
  "uuid",
  "guid",
  "code",
  "sku",
  "iata",
  "icao",
  "isbn",
  "ean",
  "vin",
  "serial",
  "barcode",
  "ssn",
  "iban",
  "symbol",
  "ticker",
]);

/** Codes whose digits are no quantity: averaging them makes no sense. */
export function soundsLikeCode(name: string): boolean {
  return (
    soundsLikeKey(name) ||
    says(
      name,
      new Set([
        "zip",
        "zipcode",
        "postcode",
        "postal",
        "phone",
        "fips",
        "class",
        "type",
        "category",
        "cluster",
        "group",
        "segment",
        "region",
      ]),
    )
  );
}

export function soundsLikeCount(name: string): boolean {
  return says(
    name,
    new Set([
      "count",
      "number",
      "num",
      "total",
      "n",
      "amount",
      "qty",
      "quantity",
      "votes",
      "visits",
      "deaths",
      "cases",
      "age",
      "score",
      "rooms",
      "pop",
      "population",
    ]),
  );
}

const timeWords = new Set([
  "date",
  "time",
  "timestamp",
  "datetime",
  "day",
  "when",
  "at",
  "ts",
  "month",
  "week",
  "hour",
  "moment",
  "epoch",
  "year",
  "period",
  "dt",
  "created",
]);
const otherTimes = new Set([
  "birth",
  "born",
  "birthday",
  "dob",
  "expiry",
  "expire",
  "expires",
  "expiration",
  "due",
  "end",
  "ended",
  "finish",
  "updated",
  "modified",
  "deadline",
  "hired",
  "joined",
  "death",
  "died",
  "closed",
  "close",
  "valid",
  "until",
  "next",
  "last",
  "renewal",
]);

/** The name dates the row itself, and not something that happened to the thing at another time. */
export function soundsLikeEventTime(name: string): boolean {
  return soundsLikeTime(name) && !says(name, otherTimes);
}

export function soundsLikeTime(name: string): boolean {
  return wordsOf(name).some((word) => timeWords.has(word) || joinedTime.test(word));
}

/** "orderdate", but neither "update" nor "lifetime". */
const joinedTime =
  /^(?:order|ship|start|end|birth|sales?|trans|transaction|event|post|pub|report|invoice|purchase|pickup|dropoff|departure|arrival|dep|arr|creation|record|obs|visit|booking|trade|log|flight)(?:date|time)$/;

/** The name speaks of an end or a change, which is known only after the fact. */
export function soundsLikeLaterTime(name: string): boolean {
  return says(
    name,
    new Set([
      "end",
      "ended",
      "finish",
      "updated",
      "modified",
      "closed",
      "close",
      "died",
      "death",
      "last",
      "resolved",
      "completed",
    ]),
  );
}
