// What a column's name tells people: whether it names things, counts things or dates them. Pure.

/** The words of a name, in lower case: `priceUSD`, `price_usd` and "Price (USD)" are the same words. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}%°$€£]+/u)
    .filter((word) => word !== "");
}

/** One of the words, in the singular or the plural. */
export function says(name: string, words: ReadonlySet<string>): boolean {
  return wordsOf(name).some((word) => words.has(word) || (word.endsWith("s") && words.has(word.slice(0, -1))));
}

/** A name for a name: `id`, `customer_id`, `zip code`, `uuid`, `key`, `sku`. */
export function soundsLikeKey(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  return keyWords.has(last) || /^(?:id|uuid|guid|key)$/.test(words[0] ?? "") || /[a-z](?:ID|Id)$/.test(name);
}

const keyWords = new Set(
  "id ids key uuid guid code sku iata icao isbn ean vin serial barcode ssn iban symbol ticker".split(" "),
);

/** Codes whose digits are no quantity: averaging them makes no sense. */
export function soundsLikeCode(name: string): boolean {
  return (
    soundsLikeKey(name) ||
    says(
      name,
      new Set("zip zipcode postcode postal phone fips class type category cluster group segment region".split(" ")),
    )
  );
}

export function soundsLikeCount(name: string): boolean {
  return says(
    name,
    new Set(
      "count number num total n amount qty quantity votes visits deaths cases age score rooms pop population".split(
        " ",
      ),
    ),
  );
}

const timeWords = new Set(
  "date time timestamp datetime day when at ts month week hour moment epoch year period dt created".split(" "),
);
const otherTimes = new Set(
  (
    "birth born birthday birthdate dob enddate endtime expiry expire expires expiration due end ended finish updated modified " +
    "deadline hired joined death died closed close valid until next last renewal"
  ).split(" "),
);

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
    new Set("end ended finish updated modified closed close died death last resolved completed".split(" ")),
  );
}
