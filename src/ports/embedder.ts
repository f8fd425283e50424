// The port for what turns texts into vectors: a batch of texts goes in, one list of numbers for each comes out.

/** Texts that are stored, or the words of a search: some models want to be told which. */
export type EmbeddedAs = "document" | "query";

/** Turns texts into vectors, in the process of whoever declares it. */
export interface Embedder {
  /** How many numbers a vector has. */
  readonly dimensions: number;
  /** One list of `dimensions` numbers for each text, in their order. */
  embed(texts: readonly string[], as: EmbeddedAs): readonly ArrayLike<number>[] | Promise<readonly ArrayLike<number>[]>;
  /** How many texts it is given at once at most; 64 when left out. */
  readonly batchSize?: number;
  /**
   * What its vectors depend on, in a word such as the model's name: with another one all texts are embedded anew. When left
   * out, the code of the component's file and of all of the project that it imports.
   */
  readonly version?: string;
}
