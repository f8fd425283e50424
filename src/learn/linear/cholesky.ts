// Symmetric positive definite systems, solved by Cholesky's factorisation.

/**
 * Solves A·x = b for a symmetric positive (semi)definite A of n × n, row after row. Directions without curvature (pivots below
 * 1e-12 of the largest diagonal) get x = 0, which is what collinear columns need. A is overwritten.
 */
export function solvePositive(matrix: Float64Array, right: Float64Array): Float64Array {
  factorise(matrix, right.length);
  return solveFactorised(matrix, right);
}

/** Replaces the lower triangle of A by that of its Cholesky factor, for `solveFactorised`. */
export function factorise(matrix: Float64Array, n: number): void {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, matrix[i * n + i]!);
  const least = largest * 1e-12;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const rowI = i * n;
      const rowJ = j * n;
      let sum = matrix[rowI + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[rowI + k]! * matrix[rowJ + k]!;
      if (i === j) matrix[rowI + i] = sum > least ? Math.sqrt(sum) : 0;
      else matrix[rowI + j] = matrix[rowJ + j]! > 0 ? sum / matrix[rowJ + j]! : 0;
    }
  }
}

export function solveFactorised(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const x = Float64Array.from(right);
  for (let i = 0; i < n; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= matrix[i * n + k]! * x[k]!;
    x[i] = matrix[i * n + i]! > 0 ? sum / matrix[i * n + i]! : 0;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= matrix[k * n + i]! * x[k]!;
    x[i] = matrix[i * n + i]! > 0 ? sum / matrix[i * n + i]! : 0;
  }
  return x;
}

/**
 * Preconditioned conjugate gradients for A·x = b, given A as a function; stops at |residual| ≤ tolerance · |b|.
 * For systems too wide to factorise.
 */
export function solveByGradients(
  apply: (x: Float64Array) => Float64Array,
  right: Float64Array,
  diagonal: Float64Array,
  options: { tolerance: number; maxSteps: number },
): Float64Array {
  const n = right.length;
  const x = new Float64Array(n);
  const residual = Float64Array.from(right);
  const scaled = residual.map((value, i) => value / diagonal[i]!);
  const direction = Float64Array.from(scaled);
  let agreement = inner(residual, scaled);
  const enough = options.tolerance ** 2 * inner(right, right);
  for (let step = 0; step < options.maxSteps && inner(residual, residual) > enough; step++) {
    const image = apply(direction);
    const curvature = inner(direction, image);
    if (!(curvature > 0)) break;
    const length = agreement / curvature;
    for (let i = 0; i < n; i++) {
      x[i]! += length * direction[i]!;
      residual[i]! -= length * image[i]!;
      scaled[i] = residual[i]! / diagonal[i]!;
    }
    const next = inner(residual, scaled);
    const turn = next / agreement;
    agreement = next;
    for (let i = 0; i < n; i++) direction[i] = scaled[i]! + turn * direction[i]!;
  }
  return x;
}

/** Σ a·b in four sums, because one would have to wait for itself. */
export function inner(a: Float64Array, b: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < a.length; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (; i < a.length; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}
