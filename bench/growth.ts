/**
 * Step time, and time of a first step, against batch size, depth and width, as a table and as plots in `docs/growth-*.svg`.
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

interface Point {
  readonly size: number;
  /** Microseconds: a step, and what a first step takes beyond it. */
  readonly step: number;
  readonly first: number;
}

async function stepped(step: () => Promise<unknown> | unknown): Promise<Omit<Point, 'size'>> {
  const start = performance.now();
  await step();
  const first = (performance.now() - start) * 1000;
  const { median } = await time(step, { warmup: 400, batch: 15 });
  return { step: median, first: Math.max(1, first - median) };
}

/** A session of its own for every size. */
async function sessions(sizes: readonly number[], make: (size: number) => Promise<GraphTrainer>): Promise<Point[]> {
  const points: Point[] = [];
  for (const size of sizes) {
    const { step, close } = await make(size);
    points.push({ size, ...(await stepped(step)) });
    close();
  }
  return points;
}

/** One session, which sees every batch size for the first time. */
async function batches(sizes: readonly number[]): Promise<Point[]> {
  const { step, stepOn, close } = await lenet();
  await step();
  const points: Point[] = [];
  for (const size of sizes) {
    const inputs = lenetInputs(size);
    points.push({ size, ...(await stepped(() => stepOn(...inputs))) });
  }
  close();
  return points;
}

async function plot(name: string, title: string, axis: string, points: readonly Point[]): Promise<void> {
  const values = points.flatMap(({ size, step, first }) => [
    { size, ms: step / 1000, what: 'a step' },
    { size, ms: first / 1000, what: 'compiling, at the first step' },
  ]);
  const spec: TopLevelSpec = {
    title,
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
  row(axis, 'a step', 'per unit', 'compiling');
  for (const { size, step, first } of points) row(String(size), duration(step), duration(step / size), duration(first));
  await plot(name, title, axis, points);
}

export async function benchGrowth(): Promise<void> {
  const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
  // Code that no run has used yet is slow: what is measured is the growth, not the start of the process.
  for (const warm of [await lenet(3), await mlp({ rows: 3, inputs: 64, width: 24, depth: 2 })]) {
    await time(warm.step, { warmup: 300 });
    warm.close();
  }
  const title = 'LeNet-like network, a step with Adam';
  await report('batch', `${title} (target: at most 20 ms for a new batch size)`, 'batch size', await batches(sizes));
  const depths = await sessions([1, 2, 4, 8, 16, 32, 64], (depth) => mlp({ rows: 32, inputs: 128, width: 128, depth }));
  await report('depth', 'Dense layers of 128 units, batch 32, a step with Adam', 'hidden layers', depths);
  const widths = [16, 32, 64, 128, 256, 512, 1024];
  const wide = await sessions(widths, (width) => mlp({ rows: 32, inputs: 128, width, depth: 2 }));
  await report('width', 'Two dense layers, batch 32, a step with Adam', 'units', wide);
}
