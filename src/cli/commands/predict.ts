// `pentad predict`: asks an inference component and prints the same document as the HTTP endpoint.

import { readFileSync } from "node:fs";
import { fail } from "../../base/failure.ts";
import type { Explanation, PredictionDocument } from "../../define/answer-documents.ts";
import { openAsker } from "../../runtime/predict.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { print, printJson, table } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runPredict(spec: CommandSpec, args: Arguments): Promise<number> {
  const [name, ...more] = args.operands;
  if (name === undefined || more.length > 0)
    throw usage(
      spec,
      `Expected one inference name, got ${args.operands.length === 0 ? "none" : args.operands.join(" ")}`,
    );
  const input = readInput(spec, args.text("input"));
  const options = args.flag("interactions")
    ? { explain: "interactions" as const }
    : args.flag("explain")
      ? { explain: true }
      : {};
  return withProject(
    args,
    async (project) => {
      const reply = await openAsker(project).ask(name, input, options);
      if (args.flag("json")) printJson(reply);
      else for (const one of Array.isArray(reply) ? reply : [reply]) print(answerText(one));
      return 0;
    },
    { load: false },
  );
}

function readInput(spec: CommandSpec, text: string | undefined): unknown {
  if (text === undefined) throw usage(spec, "--input: expected a JSON object of inputs, got nothing");
  const json = text === "-" ? readFileSync(0, "utf8") : text.startsWith("@") ? readInputFile(text.slice(1)) : text;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw usage(
      spec,
      `--input: expected JSON, got text that does not parse: ${(error as Error).message}`,
      `Quote it for the shell: --input '{"name": 1}'`,
    );
  }
}

function readInputFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fail("CLI_USAGE", `--input: expected a file at ${path}, got ${(error as NodeJS.ErrnoException).code}`);
  }
}

const steps = 60;

/** A forecast's steps with their intervals, whether a row is odd, which group it belongs to, or the answer itself. */
function headline({ prediction, forecast, score, flagFrom, distance }: PredictionDocument): string[] {
  const short = (value: number) => String(Number(value.toPrecision(5)));
  if (score !== undefined && flagFrom !== undefined)
    return [`${prediction ? "odd" : "nothing odd"}: the score is ${short(score)}, flagged from ${short(flagFrom)} on`];
  if (distance !== undefined)
    return [`group ${prediction}, ${short(distance)} standard deviations from the middle of it`];
  if (forecast === undefined) return [String(prediction)];
  const rows = forecast.steps
    .slice(0, steps)
    .map(({ at, value, lower, upper }) => [at.slice(0, 16), short(value), `${short(lower)} to ${short(upper)}`]);
  return [table([["WHEN", "EXPECTED", `IN ${Math.round(forecast.coverage * 100)} OF 100 CASES`], ...rows])];
}

/** The pairs that add most; what a feature adds alone stands among the reasons. */
function togetherText(pairs: Explanation["interactions"]): string[] {
  if (pairs === undefined) return [];
  if (pairs === null) return ["  together: only told of models of trees with at most 100 features"];
  const together = pairs.filter(({ features: [one, other] }) => one !== other).slice(0, 6);
  if (together.length === 0) return ["  together: no two features add anything beyond what each adds alone"];
  return ["  together:", ...together.map((pair) => `  ${signed(pair.contribution)}  ${pair.features.join(" with ")}`)];
}

function answerText(reply: PredictionDocument): string {
  const { probabilities, model, staleness, explanation } = reply;
  const chances = Object.entries(probabilities ?? {})
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5);
  return [
    ...headline(reply),
    ...chances.map(([name, probability]) => `  ${(probability * 100).toFixed(1).padStart(5)} %  ${name}`),
    ...(explanation === undefined
      ? []
      : explanation.contributions
          .slice(0, 6)
          .flatMap(({ feature, value, contribution, terms = [] }) => [
            `  ${signed(contribution)}  ${feature} = ${Array.isArray(value) ? `${value.length} numbers` : value}`,
            ...terms.slice(0, 6).map((one) => `      ${signed(one.contribution)}  “${one.term}”`),
          ])),
    ...togetherText(explanation?.interactions),
    `by version ${model.version} of ${model.name}`,
    ...(staleness.message === null ? [] : [`note: ${staleness.message}`]),
  ].join("\n");
}

function signed(value: number): string {
  return `${value >= 0 ? "+" : "−"}${Math.abs(value).toPrecision(3)}`;
}
