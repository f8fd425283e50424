// The project's settings in pentad.config.ts, which is optional: where alerts go, and how much may run at once.

import { checkDuration, checkOptions, checkText, invalid } from "./check.ts";
import { checkPlaces } from "./limits.ts";

export interface AlertsOptions {
  /** Where alerts are posted to, e.g. "https://example.org/hooks/pentad". */
  readonly webhook: string;
  /** The name of the environment variable that holds the secret to sign them with; without it they are not signed. */
  readonly secret?: string;
  /** How late a scheduled run may be before that is alerted; "5m" unless given. */
  readonly grace?: string;
}

export interface ConfigOptions {
  /** Posts a signed alert when a component fails, when it is well again, and when a scheduled run did not come. */
  readonly alerts?: AlertsOptions;
  /**
   * How many runs, and how many of their steps, may run at once in the whole project, whatever the number of processes that
   * work for it. Without it each process runs two at once.
   */
  readonly concurrency?: number;
}

export interface Config {
  readonly kind: "config";
  readonly options: ConfigOptions;
}

/**
 * Declares the project's settings.
 *
 * @example
 * export default defineConfig({ alerts: { webhook: "https://example.org/hooks/pentad", secret: "PENTAD_ALERT_SECRET" } });
 */
export function defineConfig(options: ConfigOptions): Config {
  checkOptions("defineConfig()", options, ["alerts", "concurrency"]);
  if (options.alerts !== undefined) checkAlerts(options.alerts);
  if (options.concurrency !== undefined) checkPlaces("concurrency", options.concurrency);
  return { kind: "config", options };
}

function checkAlerts(alerts: AlertsOptions): void {
  checkOptions("alerts", alerts, ["webhook", "secret", "grace"]);
  checkText("alerts.webhook", alerts.webhook);
  if (!/^https?:$/.test(URL.parse(alerts.webhook)?.protocol ?? ""))
    throw invalid("alerts.webhook", 'a web address such as "https://example.org/hook"', alerts.webhook);
  if (alerts.secret !== undefined && (typeof alerts.secret !== "string" || !/^[A-Za-z_]\w*$/.test(alerts.secret)))
    throw invalid(
      "alerts.secret",
      "the name of an environment variable",
      typeof alerts.secret === "string" ? "another text" : alerts.secret,
      "Put the secret itself into the environment, and its variable's name here",
    );
  if (alerts.grace !== undefined) checkDuration("alerts.grace", alerts.grace);
}
