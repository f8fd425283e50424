// Every address of the product: predictions, the open protocol, the API behind the dashboard, the pages, health.

import { Hono } from "hono";
import { fail, isFailure, messageOf } from "../base/failure.ts";
import { isObject, type Json } from "../base/json.ts";
import { countOpen } from "../features/quarantine.ts";
import { recordFeedback } from "../inference/prediction-log.ts";
import { moveAlias } from "../models/aliases.ts";
import { raiseEvent } from "../runs/raised.ts";
import { cancelRun } from "../runtime/cancel-run.ts";
import { describeAppPage, describeGroup, describeRun, describeVersions } from "../runtime/documents.ts";
import type { Ingest } from "../runtime/ingest.ts";
import type { OnlineFeatures, OnlineFeaturesDocument } from "../runtime/online-features.ts";
import type { Project } from "../runtime/open-project.ts";
import type { Asker } from "../runtime/predict.ts";
import { readQuarantine } from "../runtime/quarantine.ts";
import type { Searcher } from "../runtime/search.ts";
import { describeStatus, summarizeRun } from "../runtime/status.ts";
import type { FeedbackDocument, ProjectDocument, QuarantineDocument, SearchRequest } from "./api.ts";
import { readJson } from "./body.ts";
import { errorResponse } from "./errors.ts";
import { serveEvents } from "./events.ts";
import { inferenceProtocol } from "./inference-protocol.ts";
import { openMetrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { refuseOtherSites } from "./other-sites.ts";
import { servePages } from "./pages.ts";

export interface HttpParts {
  readonly project: Project;
  readonly asker: Asker;
  readonly ingest: Ingest;
  readonly searcher: Searcher;
  readonly onlineFeatures: OnlineFeatures;
  readonly version: string;
  /** Only this machine may ask: names other than localhost are refused. */
  readonly loopback: boolean;
  /** Starts a run of one component now, without waiting for its end; returns the run's id. */
  readonly startRun: (component: string) => Promise<string>;
}

export function httpApp(parts: HttpParts): Hono {
  const { project, asker, version, loopback } = parts;
  const app = new Hono();
  app.onError((error, context) => {
    const { status, document } = errorResponse(error);
    if (!isFailure(error)) project.log.error(`${context.req.method} ${context.req.path}: ${messageOf(error)}`);
    return context.json(document, status as 500);
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    const allowed = ["GET", "POST"].filter((one) => one !== method && isServed(app, one, path));
    const failure =
      allowed.length === 0
        ? fail("HTTP_NOT_FOUND", `Expected an address that is served, got ${method} ${path}`)
        : fail("HTTP_METHOD_NOT_ALLOWED", `Expected ${allowed.join(" or ")} for ${path}, got ${method}`);
    if (allowed.length > 0) context.header("allow", allowed.join(", "));
    return context.json(errorResponse(failure).document, failure.status as 404);
  });
  app.use(async (context, next) => {
    // Beforehand: a response that is changed afterwards becomes a slow one.
    context.header("x-content-type-options", "nosniff");
    const { method } = context.req;
    refuseOtherSites({ method, host: context.req.header("host"), origin: context.req.header("origin") }, loopback);
    await next();
  });

  const ready = async () => {
    for (const name of await asker.names()) await asker.live(name);
    return true;
  };
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", async (context) => {
    const failure = await ready().then(
      () => null,
      (error: unknown) => error,
    );
    return failure === null ? context.json({ status: "ready" }) : context.json(errorResponse(failure).document, 503);
  });
  const metrics = openMetrics();
  app.post("/predict/:name", async (context) => {
    const name = context.req.param("name");
    const explain = context.req.query("explain");
    const startedAt = performance.now();
    try {
      const input = await readJson(context);
      const reply = await asker.ask(
        name,
        input,
        explain === undefined ? {} : { explain: explain === "interactions" ? explain : !/^(?:false|0)$/.test(explain) },
      );
      metrics.observe(name, (performance.now() - startedAt) / 1000, null);
      return context.json(reply as never);
    } catch (error) {
      // A name that does not exist would let strangers grow the metrics without end.
      if (!isFailure(error, "INFERENCE_UNKNOWN")) metrics.observe(name, 0, isFailure(error) ? error.code : "INTERNAL");
      throw error;
    }
  });
  app.get("/metrics", async (context) =>
    context.body(metrics.render(await describeStatus(project)), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    }),
  );
  app.post("/ingest/:name", async (context) => {
    const body = await readJson(context);
    const answer = await parts.ingest
      .take(context.req.param("name"), body, context.req.header("idempotency-key") ?? null)
      .catch((error: unknown) => {
        if (isFailure(error, "DATA_QUEUE_FULL")) context.header("retry-after", "1");
        throw error;
      });
    return context.json(answer, answer.state === "done" ? 200 : 202);
  });
  for (const [path, answer] of Object.entries(directAnswers(parts)))
    app.post(path, async (context) => context.json((await answer(await readJson(context))) as never));
  app.post("/feedback/:prediction", async (context) => {
    const prediction = context.req.param("prediction");
    await recordFeedback(
      project.database,
      project.predictions,
      prediction,
      readFeedback(await readJson(context)),
      Date.now(),
    );
    project.changed();
    return context.json({ prediction, recorded: true } satisfies FeedbackDocument);
  });
  app.route("/v2", inferenceProtocol(asker, { version, ready: () => ready().catch(() => false) }));
  app.get("/openapi.json", async (context) => {
    const live = (
      await Promise.all((await asker.names()).map((name) => asker.live(name).catch(() => undefined)))
    ).filter((one) => one !== undefined);
    const posted = (await project.components.list()).flatMap(({ definition }) =>
      definition?.kind === "data" && definition.source.kind === "push" ? [definition] : [],
    );
    return context.json(openApi({ project: project.name, version, live, posted }));
  });
  serveApi(app, parts);
  serveEvents(app, project);
  servePages(app);
  return app;
}

/** Addresses that only need the body of what is posted to them, and may be asked thousands of times a second. */
export function directAnswers({ onlineFeatures }: Pick<HttpParts, "onlineFeatures">) {
  return { "/api/features/online": (body: unknown): Promise<OnlineFeaturesDocument> => onlineFeatures.read(body) };
}

/** Whether some route other than the one for everything answers this method there. */
function isServed(app: Hono, method: string, path: string): boolean {
  return app.router.match(method, path)[0].some(([[, route]]) => route.method === method);
}

function serveApi(app: Hono, { project, version, startRun, searcher }: HttpParts): void {
  app.get("/api/project", async (context) => {
    const components = await project.components.list();
    const problem = components.find(({ definition }) => definition?.kind === "problem")?.definition;
    const apps = components.flatMap(({ name, definition }) =>
      definition?.kind === "app" ? [{ name, title: definition.title }] : [],
    );
    return context.json({
      project: project.name,
      question: problem?.kind === "problem" ? problem.question : null,
      apps,
      version,
    } satisfies ProjectDocument);
  });
  app.get("/api/status", async (context) => context.json(await describeStatus(project)));
  app.get("/api/runs", async (context) => {
    const component = context.req.query("component");
    const limit = Math.min(500, Math.max(1, Number(context.req.query("limit") ?? 50) || 50));
    const runs = await project.ledger.list({ limit, ...(component === undefined ? {} : { component }) });
    return context.json({ runs: runs.map(summarizeRun) });
  });
  app.get("/api/runs/:run", async (context) => context.json(await describeRun(project, context.req.param("run"))));
  app.post("/api/runs/:run/cancel", async (context) =>
    context.json(await cancelRun(project, context.req.param("run"), "cancelled over HTTP")),
  );
  app.get("/api/data/:name", async (context) => context.json(await describeGroup(project, context.req.param("name"))));
  app.post("/api/features/:name/search", async (context) =>
    context.json(await searcher.search(context.req.param("name"), (await readJson(context)) as SearchRequest)),
  );
  app.get("/api/data/:name/quarantine", async (context) => {
    const name = context.req.param("name");
    await describeGroup(project, name);
    const limit = Math.min(1000, Math.max(1, Number(context.req.query("limit") ?? 50) || 50));
    const total = (await countOpen(project.database, [name])).get(name) ?? 0;
    return context.json({
      data: name,
      total,
      rows: await readQuarantine(project, name, limit),
    } satisfies QuarantineDocument);
  });
  app.get("/api/models", async (context) =>
    context.json({ models: await describeVersions(project, context.req.query("training")) }),
  );
  app.get("/api/models/:training/:version/report", async (context) => {
    const number = Number(context.req.param("version"));
    const [{ readReportFacts }, { modelReport }] = await Promise.all([
      import("../runtime/report/facts.ts"),
      import("../runtime/report/model-report.ts"),
    ]);
    const facts = await readReportFacts(project.database, context.req.param("training"), number);
    // Everything is within the page: nothing may be loaded, and nothing in it may run.
    return context.html(modelReport(facts), 200, {
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    });
  });
  app.get("/api/apps/:name", async (context) =>
    context.json(await describeAppPage(project, context.req.param("name"))),
  );
  app.post("/api/run/:kind/:name", async (context) => {
    const component = `${context.req.param("kind")}/${context.req.param("name")}`;
    return context.json({ run: await startRun(component), component }, 202);
  });
  app.post("/api/events/:name", async (context) => {
    const event = `event/${context.req.param("name")}` as const;
    const number = await project.database.transaction((tx) => raiseEvent(tx, { event, atMs: Date.now() }));
    project.changed();
    return context.json({ event, number }, 202);
  });
  app.post("/api/models/:training/promote", async (context) => {
    const training = context.req.param("training");
    const { version: wanted, reason, override } = readPromotion(await readJson(context));
    await project.database.transaction((tx) =>
      moveAlias(tx, training, "live", wanted, { reason, who: "a person", override }, Date.now()),
    );
    project.changed();
    return context.json({ training, version: wanted, alias: "live" });
  });
}

function readFeedback(body: unknown): { correct: boolean | null; actual: Json } {
  if (!isObject(body) || (typeof body.correct !== "boolean" && body.actual === undefined))
    throw fail(
      "HTTP_BODY_INVALID",
      'Expected {"correct": true}, {"correct": false} or {"actual": value}, got something else',
    );
  return { correct: typeof body.correct === "boolean" ? body.correct : null, actual: (body.actual ?? null) as Json };
}

function readPromotion(body: unknown): { version: number; reason: string; override: boolean } {
  if (!isObject(body) || !Number.isInteger(body.version))
    throw fail("HTTP_BODY_INVALID", 'Expected {"version": number, "reason": text}, got something else');
  if (typeof body.reason !== "string" || body.reason.trim() === "")
    throw fail("HTTP_BODY_INVALID", "Expected a reason for the promotion, got none", {
      hint: "Say why: the reason is kept",
    });
  return { version: body.version as number, reason: body.reason.trim(), override: body.override === true };
}
