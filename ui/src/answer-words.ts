// Turns a prediction into the words, bars and reasons that the product page shows; pure.

import type { AppDocument, Explanation, PredictionDocument } from "../../src/http/api.ts";
import {
  algorithmText,
  humanName,
  numberText,
  percentText,
  sentence,
  spanText,
  stepText,
  valueText,
  withUnit,
} from "./words.ts";

export interface AnswerWords {
  /** The answer, large: `72 % chance of yes`, `Gentoo`, `4,210 g`. */
  readonly headline: string;
  /** How sure, beside the headline; null when the headline says it. */
  readonly sureness: string | null;
  /** One sentence that says what the numbers mean; null when there are none. */
  readonly meaning: string | null;
  /** Every class with its probability, the likeliest first; empty for numbers and yes/no answers. */
  readonly bars: readonly { readonly label: string; readonly share: number; readonly chosen: boolean }[];
  /** The chance of yes, for a yes/no question. */
  readonly chance: number | null;
}

const yesWords = new Set(["true", "yes", "y", "t", "1", "1.0"]);
const noWords = new Set(["false", "no", "n", "f", "0", "0.0"]);

/** The classes of a yes/no label as they stand in the data, or null when the label has other classes. */
export function yesNo(classes: readonly string[]): { readonly yes: string; readonly no: string } | null {
  if (classes.length !== 2) return null;
  const yes = classes.find((name) => yesWords.has(name.toLowerCase()));
  const no = classes.find((name) => noWords.has(name.toLowerCase()));
  return yes === undefined || no === undefined ? null : { yes, no };
}

/** What the page calls a class: `yes` and `no` for a yes/no label, the class itself otherwise. */
export function className(name: string, classes: readonly string[]): string {
  const pair = yesNo(classes);
  if (pair === null) return name;
  return name === pair.yes ? "yes" : name === pair.no ? "no" : name;
}

type Asked = Pick<AppDocument, "task" | "label">;
type Answered = Pick<
  PredictionDocument,
  "prediction" | "probabilities" | "forecast" | "score" | "flagFrom" | "distance"
>;

export function answerWords(app: Asked & Partial<Pick<AppDocument, "groups">>, answer: Answered): AnswerWords {
  const { prediction, probabilities } = answer;
  if (app.task === "forecast" || app.task === "anomaly" || app.task === "clustering") return taskWords(app, answer);
  if (app.task === "regression") {
    const headline =
      typeof prediction === "number" ? withUnit(numberText(prediction), app.label.unit) : valueText(prediction);
    return { headline, sureness: null, meaning: null, bars: [], chance: null };
  }
  const classes = classesOf(app, answer);
  const pair = yesNo(classes);
  const chosen = classOf(prediction, classes);
  if (probabilities === undefined)
    return { headline: capital(className(chosen, classes)), sureness: null, meaning: null, bars: [], chance: null };
  if (pair !== null)
    return yesNoWords(probabilities[pair.yes] ?? 1 - (probabilities[pair.no] ?? Number.NaN), chosen === pair.yes);
  const bars = Object.entries(probabilities)
    .map(([label, share]) => ({ label, share, chosen: label === chosen }))
    .toSorted((a, b) => b.share - a.share);
  const share = probabilities[chosen];
  const runnerUp = bars.find((bar) => !bar.chosen);
  return {
    headline: chosen,
    sureness: share === undefined ? null : `${percentText(share)} likely`,
    meaning: share === undefined || runnerUp === undefined ? null : againstRunnerUp(chosen, share, runnerUp),
    bars,
    chance: null,
  };
}

function taskWords(app: Asked & Partial<Pick<AppDocument, "groups">>, answer: Answered): AnswerWords {
  const words = { sureness: null, meaning: null, bars: [], chance: null };
  const { prediction, forecast, score = 0, flagFrom = 1 } = answer;
  if (app.task === "anomaly") {
    const border = `Its oddness is ${numberText(Number(score.toPrecision(3)))} on a scale from 0 to 1; from ${numberText(Number(flagFrom.toPrecision(3)))} on a row is flagged.`;
    return { ...words, headline: prediction === true ? "Odd: flagged" : "Nothing odd", meaning: border };
  }
  if (app.task === "clustering") {
    const group = app.groups?.find((one) => one.group === prediction);
    const traits = group?.traits.slice(0, 3) ?? [];
    return {
      ...words,
      headline: `Group ${String(prediction)}`,
      sureness: group === undefined ? null : `${percentText(group.share)} of all rows`,
      meaning: traits.length === 0 ? null : `Typical of it: ${traits.join("; ")}.`,
    };
  }
  const [first] = forecast?.steps ?? [];
  const unit = app.label.unit;
  if (first === undefined || forecast === undefined)
    return { ...words, headline: typeof prediction === "number" ? withUnit(numberText(prediction), unit) : "unknown" };
  const cases = Math.round(forecast.coverage * 100);
  const when = stepText(first.at, forecast.steps);
  return {
    ...words,
    headline: withUnit(numberText(Number(first.value.toPrecision(4))), unit),
    sureness: /^\d+ /.test(when) ? `on ${when}` : `in ${when}`,
    meaning: `In ${cases} of 100 cases the value of that step lies between ${withUnit(numberText(Number(first.lower.toPrecision(4))), unit)} and ${withUnit(numberText(Number(first.upper.toPrecision(4))), unit)}.`,
  };
}

/** The label's classes; those of the answer while the page does not know them yet. */
function classesOf(app: Pick<AppDocument, "label">, answer: Answered): readonly string[] {
  return app.label.classes.length > 0 ? app.label.classes : Object.keys(answer.probabilities ?? {});
}

/** `counted`: what the answer counts as, which differs from the likelier one where errors do not cost the same. */
function yesNoWords(chance: number, counted: boolean): AnswerWords {
  const tendency =
    chance >= 0.9
      ? "Very likely yes"
      : chance >= 0.6
        ? "Probably yes"
        : chance > 0.4
          ? "It could go either way"
          : chance > 0.1
            ? "Probably no"
            : "Very likely no";
  const cases = chance < 0.01 ? "fewer than 1" : chance > 0.99 ? "more than 99" : `about ${Math.round(chance * 100)}`;
  const weighed =
    counted === chance >= 0.5
      ? ""
      : ` It counts as a ${counted ? "yes" : "no"} all the same, for what errors cost here.`;
  return {
    headline: `${percentText(chance)} chance of yes`,
    sureness: null,
    meaning: `${tendency}: of 100 cases like this one, the model expects ${cases} to be a yes.${weighed}`,
    bars: [],
    chance,
  };
}

function againstRunnerUp(chosen: string, share: number, runnerUp: { label: string; share: number }): string {
  const lead = share - runnerUp.share;
  if (lead < 0.1) return `A close call between ${chosen} and ${runnerUp.label} (${percentText(runnerUp.share)}).`;
  return `The next likeliest is ${runnerUp.label} with ${percentText(runnerUp.share)}.`;
}

/** The class, as the label's classes write it, that a prediction names. */
export function classOf(prediction: PredictionDocument["prediction"], classes: readonly string[]): string {
  if (typeof prediction === "boolean") {
    const pair = yesNo(classes);
    if (pair !== null) return prediction ? pair.yes : pair.no;
  }
  return String(prediction ?? "unknown");
}

export interface Reason {
  readonly feature: string;
  /** `Precipitation 3.2 mm`; of a text the words that tell most: `Message: “refund” +12 points`. */
  readonly text: string;
  /** Whether it speaks for the answer's class, or raises the number. */
  readonly speaks: "for" | "against";
  /** `+18 points`, `−120 g`. */
  readonly size: string;
  /** 0 to 1, against the strongest reason. */
  readonly strength: number;
}

/** Words of a text that are named with it. */
const mostWords = 4;

/** The strongest reasons of an answer with their direction; features that changed nothing are left out. */
export function reasons(
  app: Pick<AppDocument, "fields" | "label">,
  answer: PredictionDocument,
  most = 6,
): readonly Reason[] {
  const { explanation } = answer;
  if (explanation === undefined) return [];
  const strongest = explanation.contributions
    .filter((each) => each.contribution !== 0 && Number.isFinite(each.contribution))
    .slice(0, most);
  const top = Math.max(...strongest.map((each) => Math.abs(each.contribution)));
  const size = (contribution: number) => sizeText(explanation, contribution, answer.probabilities, app.label.unit);
  return strongest.map(({ feature, value, contribution, terms = [] }) => ({
    feature,
    text:
      terms.length === 0
        ? featureText(app.fields, feature, value)
        : `${featureLabel(app.fields, feature)}: ${terms
            .slice(0, mostWords)
            .map((one) => `“${one.term}” ${size(one.contribution)}`)
            .join(", ")}`,
    speaks: contribution > 0 ? "for" : "against",
    size: size(contribution),
    strength: Math.abs(contribution) / top,
  }));
}

/** What the reasons speak for, in the page's words: `yes`, `Gentoo`, or null for a number. */
export function reasonsSubject(app: Asked, answer: PredictionDocument): string | null {
  const { explanation } = answer;
  if (explanation !== undefined && app.task === "anomaly") return "being odd";
  if (explanation !== undefined && app.task === "clustering") return "this group";
  if (explanation === undefined || explanation.unit === "value" || explanation.class === null) return null;
  return className(explanation.class, classesOf(app, answer));
}

/**
 * By how much the chance would be lower without one reason, all others as they are; in shares from 0 to 1.
 * A contribution in log-odds moves the odds of the class by its exponential, with two classes or more.
 */
export function chanceEffect(chance: number, contribution: number): number {
  const without = (chance * Math.exp(-contribution)) / (1 - chance + chance * Math.exp(-contribution));
  return chance - without;
}

function sizeText(
  explanation: Explanation,
  contribution: number,
  probabilities: PredictionDocument["probabilities"],
  unit: string | null,
): string {
  if (explanation.unit === "value") return withUnit(signed(contribution), unit);
  const chance = explanation.class === null ? undefined : probabilities?.[explanation.class];
  if (chance === undefined || chance <= 0 || chance >= 1) return signed(contribution);
  const points = chanceEffect(chance, contribution) * 100;
  const rounded = Math.abs(points) < 0.95 ? Math.round(points * 10) / 10 : Math.round(points);
  return `${signed(rounded)} ${Math.abs(rounded) === 1 ? "point" : "points"}`;
}

function signed(value: number): string {
  const text = numberText(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(2)));
  return value > 0 ? `+${text}` : text;
}

export function featureText(
  fields: AppDocument["fields"],
  feature: string,
  value: PredictionDocument["prediction"],
): string {
  const field = fields.find((each) => each.name === feature);
  return `${featureLabel(fields, feature)} ${valueText(value, field?.unit ?? null)}`;
}

function featureLabel(fields: AppDocument["fields"], feature: string): string {
  return fields.find((each) => each.name === feature)?.label ?? humanName(feature);
}

/** Before an answer: which model will answer, how old it and its data are, and how good it is. */
export function modelText(app: Pick<AppDocument, "model" | "dataAgeSeconds">): string {
  const { model, dataAgeSeconds } = app;
  if (model === null) return "";
  const data = dataAgeSeconds === null ? "" : ` The stored data is ${spanText(dataAgeSeconds)} old.`;
  return [
    `Model v${model.version}`,
    model.algorithm === "" ? "" : algorithmText(model.algorithm),
    `${spanText(model.ageSeconds)} old`,
  ]
    .filter((part) => part !== "")
    .join(", ")
    .concat(`.${data} ${sentence(capital(model.quality))}`)
    .trim();
}

/** Under an answer: the same for what this very answer rests on. */
export function restsOn(app: Pick<AppDocument, "model">, answer: PredictionDocument): string {
  const { dataSeconds, modelSeconds } = answer.staleness;
  const same = app.model !== null && app.model.version === answer.model.version ? app.model : null;
  return modelText({
    model: {
      version: answer.model.version,
      ageSeconds: modelSeconds,
      algorithm: same?.algorithm ?? "",
      quality: same?.quality ?? "",
    },
    dataAgeSeconds: dataSeconds,
  });
}

/** What made the answer old, as a sentence; null when nothing did. */
export function stalenessText(answer: PredictionDocument): string | null {
  return answer.staleness.message === null ? null : sentence(answer.staleness.message);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
