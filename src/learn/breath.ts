// Lets other work of the process run between two steps of a long fit: an abort that nobody can signal would be none.

export function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
