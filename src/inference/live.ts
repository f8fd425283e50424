// What an inference component answers with right now: the live model, the input schema and the feature groups behind it.

import { fail } from "../base/failure.ts";
import type { Value } from "../base/table.ts";
import type {
  InferenceDefinition,
  LabelDefinition,
  OnDemandDefinition,
  TrainingDefinition,
} from "../define/definition.ts";
import { storedSelections } from "../define/on-demand-definition.ts";
import { groupColumns } from "../features/columns.ts";
import { type Commit, findHead } from "../features/commits.ts";
import { inputFields, typicalInput } from "../features/input-fields.ts";
import { findOnlineRow } from "../features/online/newest-rows.ts";
import { hasOnlineSide } from "../features/online/rows.ts";
import type { Predictor } from "../learn/model.ts";
import { loadModel } from "../models/model-store.ts";
import { asTrained, findAlias, type Version } from "../models/registry.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import { embeddingsBehind, type MadeOfTexts } from "./embed-inputs.ts";
import type { InputSchema } from "./input.ts";

export interface LiveGroup {
  readonly commit: Commit;
  /** The features that the model takes from this group. */
  readonly features: readonly string[];
  readonly stored: boolean;
}

export interface Live {
  readonly inference: InferenceDefinition;
  readonly training: TrainingDefinition;
  readonly version: Version;
  readonly model: Predictor;
  readonly schema: InputSchema;
  readonly groups: readonly LiveGroup[];
  /** Null when the task looks at rows without a label. */
  readonly label: LabelDefinition | null;
  /** The newest rows that tell the label. */
  readonly spine: Commit;
  /** The vectors among its features that are made of texts. */
  readonly embeddings: readonly MadeOfTexts[];
  /** As the version was trained; undefined without any. */
  readonly onDemand: OnDemandDefinition | undefined;
}

export interface LiveParts {
  readonly database: Database;
  readonly models: BlobStore;
  readonly online: OnlineStore;
}

/** How long an answer may go on with what was live before, in another process's eyes. */
const recheckMs = 500;

export interface LiveSource {
  /** Throws MODELS_NO_LIVE_VERSION while there is none. */
  get(inference: InferenceDefinition, training: TrainingDefinition): Promise<Live>;
  /** Forgets what was looked up, so that the next answer sees the newest state. */
  invalidate(): void;
}

export function liveSource(parts: LiveParts): LiveSource {
  const cache = new Map<string, { live: Live; checkedAt: number }>();
  const loaded = new Map<string, Predictor>();

  async function predictorOf(version: Version): Promise<Predictor> {
    const known = loaded.get(version.id);
    if (known !== undefined) return known;
    const model = await loadModel(parts.models, version.id);
    loaded.set(version.id, model);
    return model;
  }

  return {
    async get(inference, training) {
      const cached = cache.get(inference.name);
      if (cached !== undefined && performance.now() - cached.checkedAt < recheckMs) return cached.live;
      const version = await findAlias(parts.database, training.name, "live");
      if (version === undefined)
        throw fail("MODELS_NO_LIVE_VERSION", `Expected a live model of training/${training.name}, got none yet`, {
          hint: "Train one that passes its gate: see `pentad status`",
        });
      // Until the next version is live, the definition's new features wait and those that it dropped are still asked for.
      const trained = asTrained(training, version);
      const live = await assemble(parts, inference, trained, version, await predictorOf(version));
      cache.set(inference.name, { live, checkedAt: performance.now() });
      return live;
    },
    invalidate: () => cache.clear(),
  };
}

async function assemble(
  { database, online }: LiveParts,
  inference: InferenceDefinition,
  training: TrainingDefinition,
  version: Version,
  model: Predictor,
): Promise<Live> {
  const groups: LiveGroup[] = [];
  for (const { data, names } of storedSelections(training)) {
    const commit = await findHead(database, data);
    if (commit === undefined)
      throw fail("FEATURES_GROUP_EMPTY", `Expected rows in the feature group ${data}, got none yet`);
    groups.push({ commit, features: names, stored: isStored(commit, online) });
  }
  const spine =
    groups.find(({ commit }) => commit.group === training.label.data)?.commit ??
    (await findHead(database, training.label.data));
  const { name } = training.label;
  const label = name === null ? null : spine?.definition.labels.find((one) => one.name === name);
  // A forecast takes no features: its series are asked for by the key of the label's group.
  if (model.task === "forecast" && spine !== undefined) groups.push({ commit: spine, features: [], stored: true });
  if (spine === undefined || label === undefined)
    throw fail(
      "DATA_COLUMN_MISSING",
      `Expected data/${training.label.data} to hold the label ${training.label.name}, got none`,
    );
  const { onDemand } = training;
  const schema = inputSchema(groups, onDemand);
  const embeddings = embeddingsBehind(groups);
  return { inference, training, version, model, schema, groups, label, spine, embeddings, onDemand };
}

/** A keyless group counts as stored only while it is a series: see `writeOnlineFile`. */
function isStored({ definition, group }: Commit, online: OnlineStore): boolean {
  return hasOnlineSide(definition) && (definition.key.length > 0 || findOnlineRow(online, group, []) !== undefined);
}

function inputSchema(groups: readonly LiveGroup[], onDemand: OnDemandDefinition | undefined): InputSchema {
  const fields = inputFields(groups, onDemand);
  const names = new Set(fields.map((field) => field.name));
  const key = [...new Set(groups.flatMap(({ commit, stored }) => (stored ? commit.definition.key : [])))];
  const sources = groups.flatMap(({ commit }) => [
    ...commit.sourceColumns,
    ...groupColumns(commit.definition).map((column) => column.name),
  ]);
  return { fields, key, ignored: new Set(sources.filter((name) => !names.has(name) && !key.includes(name))) };
}

/** A typical request, by field. */
export function typicalRequest({ model, schema, groups, onDemand, spine }: Live): Record<string, Value> {
  if (model.task === "forecast") return { ...model.series?.[0] };
  return Object.fromEntries(schema.fields.map((field) => [field.name, typicalInput(field, groups, onDemand, spine)]));
}
