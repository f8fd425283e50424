// Lines for people and machines on stderr; stdout belongs to results.

export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** A log that writes one line per message. */
export function streamLog(write: (line: string) => void): Log {
  return {
    info: (message) => write(`${message}\n`),
    warn: (message) => write(`warning: ${message}\n`),
    error: (message) => write(`error: ${message}\n`),
  };
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
