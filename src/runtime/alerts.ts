// Delivers alerts: a signed POST for each, tried again until it arrives, beside the runs and never in their way.

import { createHmac } from "node:crypto";
import { messageOf } from "../base/failure.ts";
import type { AlertsOptions } from "../define/config.ts";
import { type Alert, type Alerts, openAlerts } from "../runs/alerts.ts";
import { backOffMs } from "../runs/run-step.ts";
import { graceMsOf, readSettings } from "../runs/settings.ts";
import type { Project } from "./open-project.ts";

export interface AlertSender {
  stop(): Promise<void>;
}

const everyMs = 1_000;
const answerMs = 10_000;
/** While one process tries, and a while longer, no other takes the same alert. */
const holdMs = 60_000;
/** After about three days nobody waits for the news any more. */
const mostAttempts = 90;

/** Delivers what is due at the end of a command, for as long as `ms`; what is left waits on the ledger. */
export async function deliverAlerts(project: Project, ms: number): Promise<void> {
  const sender = openSender(project);
  await sender.look(performance.now() + ms).catch((error: unknown) => sender.tell(`alerts: ${messageOf(error)}`));
}

/** Looks for alerts every second until it is stopped. */
export function startAlerts(project: Project): AlertSender {
  const { look, tell } = openSender(project);
  let stopped = false;
  let wake: () => void = () => undefined;

  async function loop(): Promise<void> {
    while (!stopped) {
      await look().catch((error: unknown) => tell(`alerts: ${messageOf(error)}`));
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const ended = loop();
  return {
    async stop() {
      stopped = true;
      wake();
      await ended;
    },
  };
}

function openSender(project: Project) {
  const alerts = openAlerts(project.database);
  let told = "";

  async function look(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { alerts: wanted } = await readSettings(project.database);
    if (wanted === undefined) return alerts.off();
    await alerts.collect(graceMsOf({ alerts: wanted }));
    while (performance.now() < untilMs) {
      const alert = await alerts.take(holdMs);
      if (alert === undefined) return;
      await deliver(alert, wanted, alerts);
    }
  }

  async function deliver(alert: Alert, wanted: AlertsOptions, store: Alerts): Promise<void> {
    const why = await post(alert, wanted, project.name).then(
      () => null,
      (error: unknown) => reasonOf(error),
    );
    if (why === null) return store.sent(alert.alert);
    const givenUp = alert.attempts >= mostAttempts;
    const waitMs = Math.min(3_600_000, backOffMs(alert.attempts, Math.random) * 4);
    await store.notSent(alert.alert, why, givenUp ? null : waitMs);
    tell(
      `alert: ${new URL(wanted.webhook).host} did not take "${alert.component} ${alert.kind}": ${why}${givenUp ? "; given up" : "; trying again"}`,
    );
  }

  /** The same trouble is told once. */
  function tell(text: string): void {
    if (text !== told) project.log.error(text);
    told = text;
  }

  return { look, tell };
}

async function post(alert: Alert, { webhook, secret }: AlertsOptions, project: string): Promise<void> {
  const body = JSON.stringify(alertEvent(alert, project));
  const seconds = String(Math.floor(Date.now() / 1000));
  const headers: Record<string, string> = {
    "content-type": "application/cloudevents+json; charset=utf-8",
    "webhook-id": alert.alert,
    "webhook-timestamp": seconds,
  };
  if (secret !== undefined) {
    const value = process.env[secret];
    if (value === undefined || value === "") throw new Error(`the environment has no ${secret} to sign with`);
    headers["webhook-signature"] = signatureOf(value, alert.alert, seconds, body);
  }
  const response = await fetch(webhook, {
    method: "POST",
    headers,
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(answerMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}

/** As Standard Webhooks has it: HMAC-SHA256 over id, time and body, so that receivers check it with a ready library. */
export function signatureOf(secret: string, id: string, seconds: string, body: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}

/** The alert as a CloudEvent. `id` stays the same however often it is delivered. */
function alertEvent({ alert, kind, component, run, atMs, data }: Alert, project: string) {
  return {
    specversion: "1.0",
    id: alert,
    source: `pentad/${project}`,
    type: `pentad.component.${kind}`,
    subject: component,
    time: new Date(atMs).toISOString(),
    datacontenttype: "application/json",
    data: { project, component, run, message: messageFor(kind, component, data), ...data },
  };
}

function messageFor(kind: Alert["kind"], component: string, data: Alert["data"]): string {
  if (kind === "recovered") return `${component} is well again`;
  if (kind === "missed")
    return data.waits === true
      ? `${component} was due at ${String(data.dueAt)} and still waits to begin`
      : `${component} was due at ${String(data.dueAt)} and did not run then`;
  const failure = data.failure as { message?: string } | undefined;
  return `${component} failed: ${failure?.message ?? "see its run"}`;
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | null)?.cause;
  return cause === undefined ? messageOf(error) : messageOf(cause);
}
