// Runs ONNX files with the optional package onnxruntime-node, in a thread of its own that is waited for: answers come at once.

import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { fail } from "../base/failure.ts";
import type { OnnxSession, OnnxTensor, OpenOnnx } from "../ports/onnx.ts";
import { findPackage } from "./optional-package.ts";

export type Asked =
  | { readonly open: Uint8Array; readonly session: number }
  | { readonly run: readonly OnnxTensor[]; readonly session: number };

export type Said =
  | { readonly inputs: OnnxSession["inputs"] }
  | { readonly outputs: readonly OnnxTensor[] }
  | { readonly error: string };

const waitMs = 120_000;

/** The package as the project or this one has it. Throws RUNTIME_NOT_AVAILABLE with the command that installs it. */
export function onnxruntimeSessions(projectFolder: string): OpenOnnx {
  const runtime = findRuntime(projectFolder);
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const module = new URL(
    import.meta.url.endsWith(".ts") ? "./onnxruntime-thread.ts" : "./onnxruntime-thread.js",
    import.meta.url,
  );
  const thread = new Worker(module, { workerData: { runtime, flag, port: port2 }, transferList: [port2] });
  thread.unref();
  port1.unref();
  let sessions = 0;

  function ask(question: Asked): Said {
    Atomics.store(flag, 0, 0);
    port1.postMessage(question);
    if (Atomics.wait(flag, 0, 0, waitMs) === "timed-out")
      throw fail("RUNS_STEP_TIMEOUT", `Expected an answer of the ONNX file within ${waitMs / 1000} s, got none`);
    const said = receiveMessageOnPort(port1)?.message as Said;
    if ("error" in said)
      throw fail("MODELS_ARTIFACT_CORRUPT", `Expected an ONNX file that onnxruntime runs, got: ${said.error}`);
    return said;
  }

  return (file) => {
    const session = sessions++;
    const said = ask({ open: file, session });
    return {
      inputs: "inputs" in said ? said.inputs : [],
      run(inputs) {
        const answer = ask({ run: inputs, session });
        return "outputs" in answer ? answer.outputs : [];
      },
    };
  };
}

function findRuntime(projectFolder: string): string {
  const address = findPackage("onnxruntime-node", projectFolder);
  if (address !== undefined) return address;
  throw fail("RUNTIME_NOT_AVAILABLE", "Expected the package onnxruntime-node to run an ONNX file, got none", {
    hint: "ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node",
  });
}
