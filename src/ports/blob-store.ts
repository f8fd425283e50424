// The port for immutable files: written once under a name, never changed.

export interface BlobStore {
  /** Writes a new blob durably, all or nothing. Writing the same name with other bytes is an error of the caller. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, or undefined when there is no such blob. */
  find(name: string): Promise<Uint8Array | undefined>;
  has(name: string): Promise<boolean>;
  /** Names that start with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
  delete(name: string): Promise<void>;
  /** A path on this machine that holds the blob's bytes, for engines that read files. */
  localPath(name: string): Promise<string>;
  /** A path on this machine where a file may be written before `adopt` gives it its name. */
  stagingPath(hint: string): Promise<string>;
  /** Makes a finished local file the blob of that name, durably, and removes it from where it was. */
  adopt(localPath: string, name: string): Promise<void>;
}
