// Gradient boosting of histogram trees: Friedman 2001 with second-order steps (Chen & Guestrin 2016), grown leaf-wise (Ke et al. 2017).

import { breath } from "../breath.ts";
import { randomSplit, stratifiedSplit } from "../evaluation/splits.ts";
import { encodeTable, type Feature } from "../features.ts";
import type { FitInput, FitOptions } from "../fit-input.ts";
import { labelLength } from "../label.ts";
import type { Artifact } from "../model.ts";
import { random } from "../random.ts";
import { type SourceTree, treesArtifact } from "../trees/artifact.ts";
import type { Bins } from "./bins.ts";
import { binsOfCodes, sourceTree } from "./export.ts";
import type { BoostingMemory } from "./memory.ts";
import { boostingObjective, type Objective } from "./objective.ts";
import { type BoostingParams, type BoostingSettings, boostingSettings } from "./params.ts";
import { writeFeatures } from "./rows.ts";
import { drawBag, drawByGradient, drawFeatures } from "./sample.ts";
import { addToGrown, addToHeld, addToOutside } from "./scores.ts";
import { type Rows, type Setup, setUp } from "./setup.ts";
import { derive, deriveFixedPoint, fixPoint } from "./step.ts";
import { type GrownTree, growTree, leafOutput } from "./tree.ts";

export type { BoostingParams } from "./params.ts";

/** Share of the training rows that is held out to find when to stop, when no validation rows are given. */
const heldShare = 0.15;

/** Up to this many rows, the held-out ones are too dear to lose: once the best number of trees is known, all rows are used. */
const mostRowsToRefit = 50_000;

interface Run {
  readonly train: Rows;
  readonly held: Rows | undefined;
  readonly features: readonly Feature[];
  readonly settings: BoostingSettings;
  readonly objective: Objective;
  readonly options: FitOptions;
}

interface Boosted {
  readonly trees: SourceTree[];
  readonly bins: readonly Bins[];
  /** Iterations up to the best validation loss; all of them without validation. */
  readonly best: number;
  readonly bestLoss: number | undefined;
}

export async function fitBoosting(
  { table, features, label, options }: FitInput,
  params: BoostingParams,
): Promise<Artifact> {
  const { weights, validation } = options;
  const settings = boostingSettings(params, {
    task: label.task,
    rowCount: table.rowCount,
    features,
    hasValidation: validation !== undefined,
  });
  const objective = boostingObjective(settings, label, weights);
  const columns = encodeTable(features, table);
  const all: Rows = { columns, label, weights, order: undefined };
  const run = (train: Rows, held: Rows | undefined, changed: Partial<BoostingSettings> = {}): Promise<Boosted> =>
    boost({ train, held, features, settings: { ...settings, ...changed }, objective, options });

  let boosted: Boosted;
  if (settings.earlyStopping === 0) boosted = await run(all, undefined);
  else if (validation !== undefined) {
    const held: Rows = {
      columns: encodeTable(features, validation.features),
      label: validation.label,
      weights: validation.label.weights,
      order: undefined,
    };
    boosted = await run(all, held);
  } else {
    const split =
      label.task === "regression"
        ? randomSplit(labelLength(label), { test: heldShare, seed: options.seed })
        : stratifiedSplit(label.codes, { test: heldShare, seed: options.seed });
    boosted = await run({ ...all, order: split.train }, { ...all, order: split.test });
    if (table.rowCount <= mostRowsToRefit)
      boosted = { ...(await run(all, undefined, { trees: Math.max(1, boosted.best) })), bestLoss: boosted.bestLoss };
  }
  const kept = boosted.trees.slice(0, boosted.best * objective.outputs);
  return treesArtifact(kept, {
    features,
    label,
    link: objective.link,
    base: objective.start.map((margin) => objective.shift + objective.unit * margin),
    binOfCode: binsOfCodes(boosted.bins),
    meta: {
      algorithm: "gradientBoosting",
      objective: settings.objective,
      iterations: boosted.best,
      validationLoss: boosted.bestLoss ?? null,
      params: { ...params },
    },
  });
}

async function boost(run: Run): Promise<Boosted> {
  const setup = setUp({ ...run, threads: run.options.threads });
  try {
    return await iterate(run, setup);
  } finally {
    setup.team.stop();
  }
}

async function iterate(run: Run, { memory, team, bins, target, heldTarget }: Setup): Promise<Boosted> {
  const { features, settings, objective, options } = run;
  const { layout, f32 } = memory;
  const source = random(options.seed);
  const scores = f32.subarray(layout.scores / 4);
  const heldScores = f32.subarray(layout.heldScores / 4);
  const trees: SourceTree[] = [];
  let best = 0;
  let bestLoss = heldTarget === undefined ? undefined : objective.loss(heldScores, layout.heldPitch / 4, heldTarget);
  const everyFeature = new Uint8Array(features.length).fill(1);
  const wantedFeatures = Math.max(1, Math.round(features.length * settings.featureSample));
  writeFeatures(memory, bins, settings.monotone, everyFeature);
  for (let iteration = 0; iteration < settings.trees; iteration++) {
    if (options.signal !== undefined) await breath();
    options.signal?.throwIfAborted();
    objective.prepare(team, layout.rowCount);
    let bag = drawBag(memory, settings, source);
    if (settings.featureSample < 1)
      writeFeatures(memory, bins, settings.monotone, drawFeatures(features.length, wantedFeatures, source));
    for (let output = 0; output < objective.outputs; output++) {
      if (settings.gradientTop === 1) deriveFixedPoint(memory, team, objective, output, settings);
      else {
        derive(memory, team, objective, output);
        const drawn = drawByGradient(memory, settings, source);
        bag = drawn.bag;
        // Multiplied rows no longer count as one each.
        fixPoint(memory, team, { ...drawn, countsRows: false }, settings);
      }
      bag.place(team);
      const tree = growTree(memory, team, bins, bag.inside, settings);
      const values = answer(run, memory, tree, output);
      addToGrown(memory, team, tree, values, output);
      addToOutside(memory, team, tree, values, output, bag.outside);
      addToHeld(memory, team, tree, values, output);
      trees.push(
        sourceTree(
          memory,
          tree,
          bins,
          values.map((value) => value * objective.unit),
        ),
      );
    }
    const heldLoss =
      heldTarget === undefined ? undefined : objective.loss(heldScores, layout.heldPitch / 4, heldTarget);
    options.onProgress?.({
      iteration: iteration + 1,
      of: settings.trees,
      // Worked out only when it is looked at: over all rows, it takes a good part of the time of an iteration.
      get loss() {
        return objective.loss(scores, layout.pitch / 4, target);
      },
      ...(heldLoss === undefined ? {} : { validationLoss: heldLoss }),
    });
    if (heldLoss === undefined || bestLoss === undefined) best = iteration + 1;
    else if (heldLoss < bestLoss) {
      best = iteration + 1;
      bestLoss = heldLoss;
    } else if (iteration + 1 - best >= settings.earlyStopping) break;
    // When no output could be split, no later tree can be either, unless it sees other rows or features.
    const isFinished = trees.slice(-objective.outputs).every((tree) => "cover" in tree.nodeAt(0));
    if (isFinished && settings.rowSample === 1 && settings.gradientTop === 1 && settings.featureSample === 1) break;
  }
  return { trees, bins, best, bestLoss };
}

/** What each leaf answers, the learning rate included. */
function answer(
  { settings, objective }: Run,
  memory: BoostingMemory,
  { leaves }: GrownTree,
  output: number,
): Float64Array {
  const { layout, f32, u32 } = memory;
  const scores = f32.subarray((layout.scores + output * layout.pitch) / 4);
  const labels = f32.subarray(layout.labels / 4);
  const weights = layout.weights === 0 ? undefined : f32.subarray(layout.weights / 4);
  return Float64Array.from(leaves, (leaf) => {
    if (objective.leafValue === undefined) return settings.learningRate * leafOutput(memory, leaf, settings);
    const from = layout.rows / 4 + leaf.start;
    const value = objective.leafValue(u32.subarray(from, from + leaf.count), scores, labels, weights);
    return settings.learningRate * Math.min(leaf.highest, Math.max(leaf.lowest, value));
  });
}
