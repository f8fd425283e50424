// The thread beside `onnxruntime-session.ts`: loads the runtime, opens files and answers one question after another.

import { type MessagePort, workerData } from "node:worker_threads";
import { messageOf } from "../base/failure.ts";
import type { OnnxData, OnnxTensor } from "../ports/onnx.ts";
import type { Asked, Said } from "./onnxruntime-session.ts";

interface Tensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: OnnxData;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata?: readonly { name: string; type: string; shape: readonly (number | string)[] }[];
  run(feeds: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, Tensor>>>;
}

interface Runtime {
  readonly InferenceSession: { create(file: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: string, data: OnnxData, dims: readonly number[]) => unknown;
}

const { runtime, flag, port } = workerData as { runtime: string; flag: Int32Array; port: MessagePort };
const loaded = import(runtime).then((module: Runtime & { default?: Runtime }) => module.default ?? module);
const sessions = new Map<number, Session>();

port.on("message", (question: Asked) => {
  answer(question)
    .catch((error: unknown): Said => ({ error: messageOf(error) }))
    .then((said) => {
      port.postMessage(said);
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    });
});

async function answer(question: Asked): Promise<Said> {
  const { InferenceSession, Tensor } = await loaded;
  if ("open" in question) {
    const session = await InferenceSession.create(question.open, { intraOpNumThreads: 1, logSeverityLevel: 3 });
    sessions.set(question.session, session);
    const known = session.inputMetadata ?? [];
    return {
      inputs: session.inputNames.map((name) => {
        const facts = known.find((one) => one.name === name);
        return {
          name,
          type: facts?.type ?? "float32",
          dims: (facts?.shape ?? [-1, -1]).map((size) => (typeof size === "number" ? size : -1)),
        };
      }),
    };
  }
  const session = sessions.get(question.session);
  if (session === undefined) return { error: "the session is gone" };
  const feeds = Object.fromEntries(
    question.run.map(({ name, type, data, dims }) => [name, new Tensor(type, data, dims)]),
  );
  const outputs = await session.run(feeds);
  return {
    outputs: session.outputNames.flatMap((name): OnnxTensor[] => {
      const tensor = outputs[name];
      return tensor?.data === undefined || tensor.dims === undefined
        ? []
        : [{ name, type: tensor.type, dims: [...tensor.dims], data: tensor.data }];
    }),
  };
}
