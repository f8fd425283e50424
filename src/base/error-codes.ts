// The one table of error codes: HTTP status, whether a retry can help, a title and the usual next step.

export type Retry = "never" | "once" | "later";

export interface ErrorCode {
  /** HTTP status when the failure leaves through the HTTP door. */
  readonly status: number;
  /** `later`: the same work may succeed when tried again; `once`: maybe, but each try is dear; `never`: something must change first. */
  readonly retry: Retry;
  /** One line for the reference page. */
  readonly title: string;
  /** What a person usually does next; a failure may carry a more precise hint of its own. */
  readonly hint: string;
}

function code(status: number, retry: Retry, title: string, hint: string): ErrorCode {
  return { status, retry, title, hint };
}

/** Codes are `ROOM_WHAT`. docs/errors.md is generated from this table. */
export const errorCodes = {
  // base
  INTERNAL: code(500, "never", "Pentad itself failed", "Report this, with what `pentad logs RUN` prints"),

  // cli
  CLI_USAGE: code(400, "never", "The command line was used wrongly", "Run the command with --help"),
  CLI_NODE_TOO_OLD: code(
    400,
    "never",
    "Node.js is too old",
    "Install Node.js 24 or newer, or run `npm install node@26` here",
  ),

  // define
  DEFINE_INVALID: code(
    422,
    "never",
    "A component's definition is not valid",
    "Correct the named field of the component's file",
  ),
  DEFINE_SYNTAX: code(422, "never", "A component's file cannot be parsed", "Correct the syntax at the named line"),
  DEFINE_TYPES: code(422, "never", "A component's file does not type-check", "Correct the type at the named line"),
  DEFINE_THROWS: code(
    422,
    "never",
    "A component's file throws while it is loaded",
    "Correct the named line; a component's file should only declare",
  ),

  // runtime
  RUNTIME_NO_PROJECT: code(
    404,
    "never",
    "The folder holds no Pentad project",
    "Create one with `pentad new`, or pass --project DIR",
  ),
  RUNTIME_COMPONENT_UNKNOWN: code(
    404,
    "never",
    "There is no such component",
    "List the components with `pentad status`",
  ),
  RUNTIME_PROJECT_BUSY: code(
    409,
    "later",
    "Another Pentad process is serving this project",
    "Use the running one, or stop it first",
  ),
  RUNTIME_PORT_IN_USE: code(
    409,
    "later",
    "The port is in use",
    "Pass another --port, or stop the program that listens there",
  ),
  RUNTIME_TARGET_EXISTS: code(
    409,
    "never",
    "The target folder exists and is not empty",
    "Choose another folder, or remove this one",
  ),
  RUNTIME_NOT_WRITABLE: code(
    403,
    "never",
    "The folder cannot be written to",
    "Change its permissions, or choose another folder",
  ),
  RUNTIME_SECRET_MISSING: code(
    500,
    "never",
    "A secret that a component declares is not set",
    "Set the environment variable where Pentad is started",
  ),
  RUNTIME_DISK_FULL: code(507, "later", "The disk is full", "Free some space; what was committed is safe"),
  RUNTIME_IO: code(
    507,
    "later",
    "The disk could not be read or written",
    "Look at the system's log for errors of the disk; what was committed is safe",
  ),
  RUNTIME_NOT_AVAILABLE: code(
    501,
    "never",
    "This command is not available yet",
    "See CHANGELOG.md for what has landed",
  ),
  RUNTIME_INTERRUPTED: code(
    503,
    "later",
    "The work was stopped before its end",
    "Run the command again; finished steps are kept",
  ),

  // catalog
  CATALOG_NEWER: code(409, "never", "The catalog was written by a newer Pentad", "Upgrade Pentad; nothing was changed"),
  CATALOG_CORRUPT: code(
    500,
    "never",
    "The catalog file is damaged",
    "Restore the last backup; the damaged file was left as it is",
  ),
  CATALOG_LOCKED: code(
    503,
    "later",
    "The catalog is locked by another process",
    "Stop the other process, or try again",
  ),
  CATALOG_IO: code(
    500,
    "later",
    "The catalog's disk answers with errors",
    "Look at the system's log; what was committed is safe",
  ),
  CATALOG_READ_ONLY: code(
    403,
    "never",
    "The catalog cannot be written to",
    "Make .pentad/ and catalog.sqlite writable",
  ),

  // runs
  RUNS_STEP_THROWS: code(500, "later", "A step of yours threw an error", "Correct the named line"),
  RUNS_STEP_TIMEOUT: code(
    504,
    "once",
    "A step took longer than its time limit",
    "Look for an endless loop at the named line, or raise limits.time",
  ),
  RUNS_STEP_MEMORY: code(
    507,
    "never",
    "A step used more memory than its limit",
    "Process the rows in smaller parts, or raise limits.memoryMb",
  ),
  RUNS_STEP_CPU: code(
    507,
    "never",
    "A step used more processor time than its limit",
    "Look for a loop at the named line that does more than it must, or raise limits.cpu",
  ),
  RUNS_STEP_PROCESSES: code(
    500,
    "never",
    "A step started too many processes",
    "Look for a process that starts itself again, or start fewer at a time",
  ),
  RUNS_STEP_EXITED: code(
    500,
    "never",
    "A step ended its process by itself",
    "Return or throw instead of calling process.exit()",
  ),
  RUNS_STEP_KILLED: code(
    500,
    "later",
    "A step's process was ended from outside",
    "Run it again; look at the system's log if it repeats",
  ),
  RUNS_RESULT_UNSTORABLE: code(
    500,
    "never",
    "A step returned something that cannot be stored",
    "Return plain JSON values",
  ),
  RUNS_SCHEDULE_INVALID: code(
    422,
    "never",
    "The schedule cannot be read",
    'Use a cron expression, @hourly, @daily or an interval such as "15m"',
  ),
  RUNS_EVENT_INVALID: code(
    422,
    "never",
    "An event cannot have this name",
    "Take letters, digits, dots, dashes and underscores",
  ),
  RUNS_CANCELLED: code(409, "never", "The run was cancelled", "Start it again when wanted"),
  RUNS_UNKNOWN: code(404, "never", "There is no such run", "List the runs with `pentad logs`"),

  // sources
  SOURCES_FILE_MISSING: code(
    404,
    "later",
    "The source file does not exist",
    "Check the path; it is relative to the project folder",
  ),
  SOURCES_NOT_READABLE: code(
    403,
    "never",
    "The source file may not be read",
    "Give this user permission to read the file",
  ),
  SOURCES_EMPTY: code(422, "never", "The source holds no rows", "Give a file with a header line and at least one row"),
  SOURCES_NOT_TABULAR: code(
    422,
    "never",
    "The file is not a table that can be read",
    "Give CSV, TSV, NDJSON, JSON or Parquet, optionally gzipped",
  ),
  SOURCES_ENCODING: code(
    422,
    "never",
    "The text encoding cannot be read",
    "Save the file as UTF-8, or name its encoding",
  ),
  SOURCES_TOO_WIDE: code(
    422,
    "never",
    "The table has too many columns",
    "Keep the columns that matter (at most 2,000)",
  ),
  SOURCES_DUPLICATE_COLUMN: code(422, "never", "Two columns have the same name", "Rename one of them in the header"),
  SOURCES_UNREACHABLE: code(502, "later", "The source did not answer", "Check the address and the network"),
  SOURCES_FAILED: code(502, "later", "The source could not be read", "See the cause"),

  // data
  DATA_COLUMN_MISSING: code(
    422,
    "never",
    "The source lacks a column that the schema names",
    'Rename the feature, or map it with { from: "column" }',
  ),
  DATA_ALL_REJECTED: code(
    422,
    "never",
    "No row passed the checks",
    "Look at the reasons with `pentad quarantine`, and correct the schema or the source",
  ),
  DATA_BUDGET_EXCEEDED: code(
    422,
    "never",
    "More rows were rejected than the quarantine budget allows",
    "Look at the reasons with `pentad quarantine`",
  ),
  DATA_BATCH_REFUSED: code(
    422,
    "later",
    "The rows of a run break a check on all of them together",
    "Look at the source, or change `checks.batch`; nothing was committed",
  ),
  DATA_REBUILD_IMPOSSIBLE: code(
    422,
    "never",
    "A changed schema asks for rows that nobody can read again",
    "Change it back, or declare the new shape in a data component of another name",
  ),
  DATA_QUEUE_FULL: code(
    503,
    "later",
    "More rows are posted than can be taken",
    "Send them again a little later, more of them in one post",
  ),
  DATA_NO_ROWS: code(422, "later", "The source gave no rows", "Check the source; the rows committed before are kept"),
  DATA_NOT_BACKFILLED: code(422, "never", "The data component cannot be backfilled", "Run the component instead"),
  DATA_EXPRESSION_INVALID: code(
    422,
    "never",
    "An expression in the schema cannot be understood",
    "Use column names, comparisons, and/or/not and arithmetic",
  ),

  // features
  FEATURES_CONFLICT: code(
    409,
    "later",
    "Another writer committed to the feature group first",
    "The run is tried again",
  ),
  FEATURES_GROUP_EMPTY: code(409, "later", "The feature group has no rows yet", "Run its data component first"),
  FEATURES_EXPIRED: code(
    410,
    "never",
    "An earlier state of the feature group is older than its retention",
    "Ask for a newer commit; with a longer `retention` later ones are kept, and what a model was trained from always is",
  ),
  FEATURES_FILE_MISSING: code(
    500,
    "never",
    "A committed file of the feature group is missing",
    "Restore the last backup",
  ),
  FEATURES_FILE_CORRUPT: code(
    500,
    "never",
    "A stored file cannot be read as what it was written as",
    "Restore the last backup; if the source still has every row, removing the group's folder in .pentad/offline and running its data component again rebuilds it",
  ),
  FEATURES_ROW_UNKNOWN: code(
    404,
    "never",
    "There is no such row in quarantine",
    "List them with `pentad quarantine show NAME`",
  ),
  FEATURES_PURGED: code(
    410,
    "never",
    "An earlier state of the feature group is gone, since a key was forgotten that it held",
    "Ask for a newer state: what came after `pentad forget` can be made again",
  ),
  FEATURES_ON_DEMAND_FAILED: code(
    500,
    "never",
    "The function of an on-demand feature fails, or gives something else than it declares",
    "Correct the named line; it must answer every row that its request and features allow",
  ),
  FEATURES_EMBEDDING_FAILED: code(
    500,
    "never",
    "An embedder fails, or does not give one vector for each text",
    "Correct the named line: embed must return one list of numbers for each text that it is given, in their order",
  ),
  FEATURES_SEARCH_INVALID: code(
    400,
    "never",
    "A search of a feature group cannot be read",
    "Give text, like or near: see `pentad search --help`",
  ),
  FEATURES_UNKNOWN: code(404, "never", "There is no such feature group", "List them with `pentad status`"),

  // training
  TRAINING_SERVING_SKEW: code(
    422,
    "never",
    "An on-demand feature has another value in serving than in training",
    "Compute it from the row alone: no clock, chance, environment or memory of earlier rows",
  ),
  TRAINING_LABEL_MISSING: code(422, "never", "The label has no values", "Check that the label's column is filled"),
  TRAINING_LABEL_CONSTANT: code(
    422,
    "never",
    "The label has one single value",
    "There is nothing to predict; choose another label or more rows",
  ),
  TRAINING_LABEL_INVALID: code(422, "never", "The label does not fit the task", "Choose another task or another label"),
  TRAINING_WEIGHT_INVALID: code(
    422,
    "never",
    "The weight of a row cannot be used",
    "Give every row with a label a weight of 0 or more; 0 leaves it out",
  ),
  TRAINING_TOO_FEW_ROWS: code(422, "later", "There are too few labelled rows to train on", "Collect more rows"),
  TRAINING_NO_FEATURES: code(
    422,
    "never",
    "No feature is left to learn from",
    "Add features that are not constant or all missing",
  ),
  TRAINING_CANDIDATES_FAILED: code(500, "never", "Every candidate failed", "See the cause of the first one"),
  TRAINING_CUT: code(
    409,
    "never",
    "A trial was cut when the time of the budget was used up",
    "Give the budget more time, or fewer candidates",
  ),
  TRAINING_DIVERGED: code(
    422,
    "never",
    "Training did not give finite numbers",
    "Lower the learning rate, or scale the features",
  ),

  // models
  MODELS_NO_LIVE_VERSION: code(
    503,
    "later",
    "No model is live",
    "Train one that passes its gate, or promote one with a reason",
  ),
  MODELS_GATE_REFUSED: code(
    409,
    "never",
    "The model did not pass its gate",
    "Improve the data or the model, or lower the goal in problem.ts",
  ),
  MODELS_ARTIFACT_CORRUPT: code(
    500,
    "never",
    "A model's files are damaged",
    "Roll back to another version, or train again",
  ),
  MODELS_CUSTOM_FAILED: code(
    500,
    "never",
    "A model of the project's own fails, or gives something else than it must",
    "Correct the named line: fit gives JSON and typed arrays, predict one answer per row",
  ),
  MODELS_REASON_MISSING: code(
    400,
    "never",
    "A move of a model needs a reason",
    "Say why, with --reason; it is kept in the model's history",
  ),
  MODELS_REFERENCED: code(
    409,
    "never",
    "A model version that something refers to cannot be deleted",
    "Promote another version first; answers and batches that were given stay traceable to their model",
  ),
  MODELS_SHADOW_LIVE: code(
    409,
    "never",
    "The live version cannot be its own shadow",
    "Name another version: it then answers silently beside the live one",
  ),
  MODELS_UNKNOWN: code(404, "never", "There is no such model version", "List them with `pentad models list`"),

  // inference
  INFERENCE_UNKNOWN: code(404, "never", "There is no such inference component", "List them with `pentad status`"),
  INFERENCE_INPUT_INVALID: code(400, "never", "The input does not fit the feature schema", "Correct the named fields"),
  INFERENCE_OUTPUT_INVALID: code(
    500,
    "never",
    "The model answered with something that is not a prediction",
    "Roll back to another version",
  ),
  INFERENCE_PREDICTION_UNKNOWN: code(
    404,
    "never",
    "There is no such prediction",
    "Use the id of an answer given before",
  ),

  // app
  APP_UNKNOWN: code(404, "never", "There is no such app", "List them with `pentad status`"),

  // http
  HTTP_BODY_INVALID: code(400, "never", "The request's body is not valid", "Send valid JSON"),
  HTTP_BODY_TOO_LARGE: code(413, "never", "The request's body is too large", "Send fewer rows at a time"),
  HTTP_NOT_FOUND: code(404, "never", "There is nothing at this address", "See /openapi.json for what is served"),
  HTTP_METHOD_NOT_ALLOWED: code(
    405,
    "never",
    "This address does not take this method",
    "See /openapi.json for what is served",
  ),
  HTTP_MEDIA_TYPE: code(415, "never", "The request's media type is not supported", "Send application/json"),
  HTTP_UNREACHABLE: code(
    503,
    "later",
    "The product did not answer its client",
    "Check the address, and that the product is running",
  ),
  HTTP_UNREADABLE: code(
    502,
    "never",
    "The client got an answer that is not the product's",
    "Check that the address is a Pentad product's",
  ),
  HTTP_FORBIDDEN: code(
    403,
    "never",
    "The request comes from another site",
    "Call the API from the same origin, or without an Origin header",
  ),
} as const satisfies Record<string, ErrorCode>;

export type ErrorCodeName = keyof typeof errorCodes;

/** The machine's own troubles: nothing of the project need change for another try to succeed. */
const troubles: readonly string[] = [
  "CATALOG_IO",
  "CATALOG_LOCKED",
  "RUNTIME_IO",
  "RUNTIME_DISK_FULL",
] satisfies ErrorCodeName[];

export function isTrouble(code: unknown): boolean {
  return typeof code === "string" && troubles.includes(code);
}
