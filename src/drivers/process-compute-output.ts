// Turns what a step prints into lines, with caps on their length and number, whatever the step prints.

export interface OutputCaps {
  readonly lineBytes: number;
  readonly lines: number;
}

export const defaultCaps: OutputCaps = { lineBytes: 4_096, lines: 10_000 };

export type OutputStream = "stdout" | "stderr";

/** One for both streams of a step, since the cap on the number of lines is shared. */
export function outputLines(emit: (line: string, stream: OutputStream) => void, caps: OutputCaps = defaultCaps) {
  const open: Record<OutputStream, { parts: Buffer[]; bytes: number }> = {
    stdout: { parts: [], bytes: 0 },
    stderr: { parts: [], bytes: 0 },
  };
  let emitted = 0;
  let leftOut = 0;

  function add(stream: OutputStream, bytes: Buffer): void {
    const line = open[stream];
    const room = caps.lineBytes - line.bytes;
    // What is beyond the cap is counted, never kept: an endless line costs nothing. A copy, lest 20 bytes hold 64 KB.
    if (room > 0 && bytes.length > 0 && emitted < caps.lines) line.parts.push(Buffer.from(bytes.subarray(0, room)));
    line.bytes += bytes.length;
  }

  function endLine(stream: OutputStream): void {
    const { parts, bytes } = open[stream];
    open[stream] = { parts: [], bytes: 0 };
    if (emitted >= caps.lines) {
      leftOut++;
      return;
    }
    emitted++;
    const text = Buffer.concat(parts).toString("utf8").replace(/\r$/, "");
    // A character that the cap cut in half is not shown as a broken one.
    emit(
      bytes > caps.lineBytes
        ? `${text.replace(/\ufffd+$/, "")} … (${bytes - caps.lineBytes} more bytes left out)`
        : text,
      stream,
    );
  }

  return {
    write(stream: OutputStream, chunk: Buffer): void {
      let from = 0;
      for (;;) {
        const end = chunk.indexOf(10, from);
        if (end < 0) break;
        add(stream, chunk.subarray(from, end));
        endLine(stream);
        from = end + 1;
      }
      add(stream, chunk.subarray(from));
    },
    end(): void {
      for (const stream of ["stdout", "stderr"] as const) if (open[stream].bytes > 0) endLine(stream);
      if (leftOut > 0) emit(`… ${leftOut} more ${leftOut === 1 ? "line" : "lines"} left out`, "stdout");
    },
  };
}
