/**
 * Loss and accuracy while the network learns. The charts are uPlot's: it draws thousands of points anew many times a second,
 * in 50 kB and without dependencies. What they show is said in words beside them, too.
 */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { byId } from './dom.ts';
import type { Progress } from './lab.ts';

const HEIGHT = 180;
/** Of a batch's figures the curves show a mean that forgets. */
const SMOOTH = 0.9;

export class Curves {
  private readonly charts: uPlot[];
  private steps: number[] = [];
  private losses: number[] = [];
  private accuracies: number[] = [];
  private isStale = false;

  constructor() {
    const colour = (name: string) => () => getComputedStyle(document.body).getPropertyValue(name);
    const chart = (
      id: string,
      label: string,
      stroke: string,
      range: uPlot.Scale.Range,
      format: (v: number) => string,
    ) => {
      const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
      const options: uPlot.Options = {
        width: byId(id).clientWidth || 300,
        height: HEIGHT,
        cursor: { y: false, points: { size: 7 } },
        scales: { x: { time: false }, y: { range } },
        legend: { live: false, show: false },
        axes: [
          { ...axis, size: 30 },
          { ...axis, size: 48, values: (_, ticks) => ticks.map(format) },
        ],
        series: [{}, { label, stroke: colour(stroke), width: 2, points: { show: false } }],
      };
      const made = new uPlot(options, [[], []], byId(id));
      // The caption above it and the status say what it shows.
      made.ctx.canvas.ariaHidden = 'true';
      new ResizeObserver(([{ contentRect }]) => made.setSize({ width: contentRect.width, height: HEIGHT })).observe(
        byId(id),
      );
      return made;
    };
    this.charts = [
      chart(
        'loss',
        'loss',
        '--loss',
        (_, __, max) => [0, Math.max(0.1, max)],
        (value) => value.toFixed(value < 1 ? 1 : 0),
      ),
      chart('accuracy', 'accuracy', '--accent', [0, 1], (value) => `${Math.round(100 * value)} %`),
    ];
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
  }

  clear(): void {
    [this.steps, this.losses, this.accuracies] = [[], [], []];
    this.redraw();
  }

  add({ step, loss, accuracy }: Progress): void {
    const mix = (list: number[], value: number) => {
      const before = list[list.length - 1] ?? value;
      list.push(SMOOTH * before + (1 - SMOOTH) * value);
    };
    this.steps.push(step);
    mix(this.losses, loss);
    mix(this.accuracies, accuracy);
    if (this.isStale) return;
    this.isStale = true;
    requestAnimationFrame(() => this.redraw());
  }

  private redraw(): void {
    this.isStale = false;
    this.charts[0].setData([this.steps, this.losses]);
    this.charts[1].setData([this.steps, this.accuracies]);
  }
}
