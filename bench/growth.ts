/**
 * Step time, and what compiling adds to a first step, against batch size, depth and width: a table, and plots in
 * `docs/growth-*.svg`.
 * Vega draws them: it renders SVG in Node without a DOM or a native build, from a plot written as data.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { duration, heading, row, time } from './harness.ts';
import { lenet, lenetInputs } from './lenet.ts';
import { mlp } from './native.ts';
import type { GraphTrainer } from './support.ts';

const OPTIONS = { warmup: 400, batch: 15 };

interface Point {
  readonly size: number;
  /** Microseconds: a step. */
  readonly step: number;
  /** What a first step takes beyond it, in a process that has no kernels for it. */
  readonly first: number;
  /** The same in a session that finds the kernels made. */
  readonly again: number;
}

/** Microseconds of one call. */
async function once(step: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await step();
  return (performance.now() - start) * 1000;
}

/** Sessions of their own for every size. */
async function sessions(sizes: readonly number[], make: (size: number) => Promise<GraphTrainer>): Promise<Point[]> {
  const points: Point[] = [];
  for (const size of sizes) {
    const [one, two] = [await make(size), await make(size)];
    const [first, again] = [await once(one.step), await once(two.step)];
    const { median } = await time(one.step, OPTIONS);
    points.push({ size, step: median, first: Math.max(1, first - median), again: Math.max(1, again - median) });
    one.close();
    two.close();
  }
  return points;
}

/** Two sessions, each of which sees every batch size for the first time. */
async function batches(sizes: readonly number[]): Promise<Point[]> {
  const [one, two] = [await lenet(5), await lenet(5)];
  for (const { step } of [one, two]) await step();
  const points: Point[] = [];
  for (const size of sizes) {
    const inputs = lenetInputs(size);
    const [first, again] = [await once(() => one.stepOn(...inputs)), await once(() => two.stepOn(...inputs))];
    const { median } = await time(() => one.stepOn(...inputs), OPTIONS);
    points.push({ size, step: median, first: Math.max(1, first - median), again: Math.max(1, again - median) });
  }
  one.close();
  two.close();
  return points;
}

async function plot(name: string, title: string, axis: string, points: readonly Point[]): Promise<void> {
  const values = points.flatMap(({ size, step, first, again }) => [
    { size, ms: step / 1000, what: 'a step' },
    { size, ms: first / 1000, what: 'compiling' },
    { size, ms: again / 1000, what: 'kernels made' },
  ]);
  const spec: TopLevelSpec = {
    title: title.replace(/ \(.*/, ''),
    width: 420,
    height: 260,
    background: 'white',
    data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'size', type: 'quantitative', title: axis, scale: { type: 'log', base: 2 } },
      y: { field: 'ms', type: 'quantitative', title: 'milliseconds', scale: { type: 'log' } },
      color: { field: 'what', type: 'nominal', title: null, legend: { orient: 'bottom' } },
    },
  };
  const svg = await new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
  writeFileSync(fileURLToPath(new URL(`../docs/growth-${name}.svg`, import.meta.url)), `${svg}\n`);
}

async function report(name: string, title: string, axis: string, points: readonly Point[]): Promise<void> {
  heading(title);
  row(axis, 'a step', 'per unit', 'compiling', 'kernels made');
  for (const { size, step, first, again } of points) {
    row(String(size), duration(step), duration(step / size), duration(first), duration(again));
  }
  await plot(name, title, axis, points);
}

/** What a batch size costs that a program meets when it has met others: the passes have run before, on other shapes. */
export async function newSizes(): Promise<void> {
  const { step, stepOn, close } = await lenet(5);
  await step();
  const costs: number[] = [];
  for (let i = 0; i < 48; i++) {
    const inputs = lenetInputs(17 + 3 * i);
    const first = await once(() => stepOn(...inputs));
    const { median } = await time(() => stepOn(...inputs), { warmup: 20, samples: 7, batch: 1 });
    costs.push(first - median);
  }
  close();
  heading('LeNet-like network, a batch size seen for the first time (target: at most 20 ms)');
  row('', 'median', 'min', 'max', 'over 20 ms');
  // At first the engine interprets the compiler, and optimises it between one size and the next.
  for (const [from, to] of [
    [0, 16],
    [16, 48],
  ]) {
    const sorted = costs.slice(from, to).sort((a, b) => a - b);
    const over = sorted.filter((cost) => cost > 20_000).length;
    const [middle, least, most] = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]].map(duration);
    row(`sizes ${from + 1} to ${to}`, middle, least, most, String(over));
  }
}

export async function benchGrowth(): Promise<void> {
  const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
  // Code that no run has used yet is slow: what is measured is the growth, not the start of the process.
  for (const warm of [await lenet(3), await mlp({ rows: 3, inputs: 64, width: 24, depth: 2 })]) {
    await time(warm.step, { warmup: 300 });
    warm.close();
  }
  const title = 'LeNet-like network, a step with Adam';
  await report('batch', title, 'batch size', await batches(sizes));
  await newSizes();
  const depths = await sessions([1, 2, 4, 8, 16, 32, 64], (depth) => mlp({ rows: 32, inputs: 128, width: 128, depth }));
  await report('depth', 'Dense layers of 128 units, batch 32, a step with Adam', 'hidden layers', depths);
  const widths = [16, 32, 64, 128, 256, 512, 1024];
  const wide = await sessions(widths, (width) => mlp({ rows: 32, inputs: 128, width, depth: 2 }));
  await report('width', 'Two dense layers, batch 32, a step with Adam', 'units', wide);
}
