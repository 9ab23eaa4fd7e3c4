/** Timing and printing for the benchmarks: medians after warm-up, peers side by side. */

export interface Timing {
  /** Microseconds a call: the median of the samples. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface BenchOptions {
  /** Milliseconds of warm-up. */
  readonly warmup?: number;
  /** How many samples; at least 7. */
  readonly samples?: number;
  /** Milliseconds a sample should last. */
  readonly batch?: number;
}

/** With `--short`: to see that a benchmark works, not to read its figures. */
const isShort = process.argv.includes('--short');

/** Times `body`, which may be asynchronous. */
export async function time(body: () => unknown, options: BenchOptions = {}): Promise<Timing> {
  const { warmup = 500, samples = 11, batch = 25 } = isShort ? { warmup: 50, samples: 7, batch: 2 } : options;
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < warmup || calls < 2) {
    const result = body();
    if (result instanceof Promise) await result;
    calls++;
  }
  const estimate = (performance.now() - start) / calls;
  const repeat = Math.max(1, Math.ceil(batch / estimate));
  const times: number[] = [];
  for (let s = 0; s < Math.max(7, samples); s++) {
    const from = performance.now();
    for (let i = 0; i < repeat; i++) {
      const result = body();
      if (result instanceof Promise) await result;
    }
    times.push(((performance.now() - from) / repeat) * 1000);
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], min: times[0], max: times[times.length - 1] };
}

/** Times several competitors in rounds, so that a drift of the machine meets all of them. */
export async function race(
  competitors: Readonly<Record<string, () => unknown>>,
  options: BenchOptions = {},
): Promise<Map<string, Timing>> {
  const names = Object.keys(competitors);
  const samples = new Map<string, number[]>(names.map((name) => [name, []]));
  for (const name of names) await time(competitors[name], { ...options, samples: 7, batch: 1 });
  for (let round = 0; round < Math.max(7, options.samples ?? 9); round++) {
    for (const name of names) {
      const { median } = await time(competitors[name], { warmup: 20, samples: 1, batch: options.batch ?? 25 });
      (samples.get(name) as number[]).push(median);
    }
  }
  return new Map(
    names.map((name) => {
      const sorted = (samples.get(name) as number[]).sort((a, b) => a - b);
      return [name, { median: sorted[sorted.length >> 1], min: sorted[0], max: sorted[sorted.length - 1] }];
    }),
  );
}

/** Times what takes so long that warm-up and rounds would never end. */
export async function timeFew(body: () => unknown, samples = 5): Promise<Timing> {
  const times: number[] = [];
  for (let s = 0; s < (isShort ? 2 : samples + 1); s++) {
    const from = performance.now();
    await body();
    if (s > 0) times.push((performance.now() - from) * 1000);
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], min: times[0], max: times[times.length - 1] };
}

export function heading(text: string): void {
  console.log(`\n${text}\n${'─'.repeat(text.length)}`);
}

export function row(label: string, ...cells: string[]): void {
  console.log(`  ${label.padEnd(42)}${cells.map((cell) => cell.padStart(14)).join('')}`);
}

/** Microseconds in a fitting unit. */
export function duration(us: number): string {
  if (us < 1) return `${(us * 1000).toFixed(0)} ns`;
  if (us < 1000) return `${us.toFixed(us < 10 ? 2 : 1)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(2)} ms`;
  return `${(us / 1e6).toFixed(2)} s`;
}

/** Prints a race: medians, spread, and how many times the first one's time each takes. */
export function results(timings: ReadonlyMap<string, Timing>): void {
  const [first] = timings.values();
  row('', 'median', 'min', 'max', 'ratio');
  for (const [name, t] of timings) {
    const ratio = `${(t.median / first.median).toFixed(2)}×`;
    row(name, duration(t.median), duration(t.min), duration(t.max), ratio);
  }
}
