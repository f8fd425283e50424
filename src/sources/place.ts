// Where a source works: the project that relative paths start from, room for temporary files, and when to stop.

export interface Place {
  readonly projectFolder: string;
  readonly temporaryFolder: string;
  readonly signal: AbortSignal;
}
