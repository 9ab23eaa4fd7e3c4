/** The graph, what each pass makes of it, and the plan with what its steps cost. What is asked is asked of `lab.ts`. */
import * as tf from 'tfjs-graph';
import { diffLines } from './diff.ts';
import { byId, bytes, make, onPress } from './dom.ts';
import type { Lab, Timed } from './lab.ts';

/** What the passes do, in the page's words. */
const PASSES: Readonly<Record<string, string>> = {
  import: 'takes from the graph what the request needs',
  specialise: 'writes in the shapes of what is fed',
  choose: 'keeps of a branch what its known condition chooses',
  inline: 'puts the bodies of functions in the place of their calls',
  fold: 'computes what is known before the run',
  algebra: 'uses the rules of arithmetic: x · 1 is x',
  cse: 'computes what is written twice once',
  dce: 'leaves out what nobody asks for',
  decompose: 'writes ops without a kernel as simpler ones',
  turn: 'turns operands so that kernels read memory in order',
  fuse: 'joins a product or convolution with the bias and activation after it',
  cluster: 'joins element-wise ops into one generated kernel',
  schedule: 'puts steps in an order that frees memory early',
};

type What = 'predict' | 'learn';

interface Stage {
  readonly pass: string;
  readonly lines: readonly string[];
}

export class Compiled {
  private readonly what = byId('what', HTMLSelectElement);
  private readonly passes = byId('pass', HTMLSelectElement);
  private readonly detail = byId('detail', HTMLSelectElement);
  private readonly onlyChanges = byId('only-changes', HTMLInputElement);
  private stages: Stage[] = [];

  constructor(private readonly lab: () => Lab) {
    this.what.addEventListener('change', () => void this.refresh());
    this.passes.addEventListener('change', () => this.showPass());
    this.onlyChanges.addEventListener('change', () => this.showPass());
    this.detail.addEventListener('change', () => void this.draw());
    onPress('previous-pass', () => this.move(-1));
    onPress('next-pass', () => this.move(1));
    onPress('time', () => this.time());
  }

  /** Compiles anew: there is another network, or another backend. */
  async refresh(): Promise<void> {
    const lab = this.lab();
    const note = byId('compiled-note');
    byId('steps').replaceChildren();
    byId('total').textContent = 'Not measured yet.';
    if (!lab.session) {
      note.textContent = 'The session is closed: open a new one to compile.';
      return;
    }
    const text = await lab.explain(this.what.value as What);
    const sections = text.split(/^## /m).slice(1);
    this.stages = [];
    let plan = '';
    for (const section of sections) {
      const end = section.indexOf('\n');
      const [title, body] = [section.slice(0, end), section.slice(end).trim()];
      const pass = /^IR after (.*)$/.exec(title)?.[1];
      if (pass) this.stages.push({ pass, lines: body.split('\n').map((line) => line.replace(/ {2,}#/, '  #')) });
      else if (title === 'plan') plan = body;
    }
    byId('plan').textContent = plan;
    const names = this.stages.map(({ pass }, i) => {
      const option = make('option', '', i === 0 ? `${pass} (as built)` : `${pass} (${this.summary(i)})`);
      option.setAttribute('value', String(i));
      return option;
    });
    this.passes.replaceChildren(...names);
    // The pass that says most comes first.
    const counts = this.stages.map((_, i) => (i < 2 ? 0 : this.changesOf(i).length));
    this.passes.value = String(counts.indexOf(Math.max(...counts)));
    note.textContent = `${this.stages.length - 1} passes changed something, on ${lab.backend}.`;
    this.showPass();
    await this.draw();
  }

  private async draw(): Promise<void> {
    const collapse = Number(this.detail.value);
    const options = { format: 'svg', collapse, showConstants: false, maxNodes: 60 } as const;
    byId('graph').innerHTML = await tf.viz.export(this.lab().network.graph, options);
  }

  private changesOf(i: number) {
    return diffLines(this.stages[i - 1].lines, this.stages[i].lines).filter(({ kind }) => kind !== 'same');
  }
  private summary(i: number): string {
    const changes = this.changesOf(i);
    const gone = changes.filter(({ kind }) => kind === 'gone').length;
    return `−${gone} +${changes.length - gone} lines`;
  }

  private move(by: number): void {
    const next = Number(this.passes.value) + by;
    if (next < 0 || next >= this.stages.length) return;
    this.passes.value = String(next);
    this.showPass();
  }

  private showPass(): void {
    const at = Number(this.passes.value);
    const stage = this.stages[at];
    if (!stage) return;
    const name = stage.pass.replace(/\d+$/, '');
    const count = stage.lines.filter((line) => line.startsWith('%')).length;
    byId('pass-doc').textContent = `${stage.pass}: ${PASSES[name] ?? 'a pass'}. ${count} ops after it.`;
    const lines =
      at === 0
        ? stage.lines.map((text) => ({ kind: 'same' as const, text }))
        : diffLines(this.stages[at - 1].lines, stage.lines);
    const shown = this.onlyChanges.checked && at > 0 ? lines.filter(({ kind }) => kind !== 'same') : lines;
    const signs = { same: ' ', gone: '−', new: '+' };
    byId('diff').replaceChildren(...shown.map(({ kind, text }) => make('span', kind, `${signs[kind]} ${text}\n`)));
    byId('previous-pass', HTMLButtonElement).disabled = at === 0;
    byId('next-pass', HTMLButtonElement).disabled = at === this.stages.length - 1;
  }

  private async time(): Promise<void> {
    const lab = this.lab();
    if (!lab.session) return;
    const steps = await lab.time(this.what.value as What);
    const longest = Math.max(...steps.map(({ micros }) => micros), 1);
    byId('steps').replaceChildren(...steps.map((step) => rowOf(step, longest)));
    const sum = steps.reduce((all, { micros }) => all + micros, 0);
    const size = steps.reduce((all, step) => all + step.bytes, 0);
    const later = lab.backend === 'webgl' ? ' WebGL works on after a step returns: these are the times of asking.' : '';
    byId('total').textContent = `${steps.length} steps, ${Math.round(sum)} µs, ${bytes(size)} of results.${later}`;
  }
}

function rowOf({ node, kernel, device, micros, bytes: size }: Timed, longest: number): HTMLElement {
  const bar = make('span', 'bar');
  bar.style.transform = `scaleX(${micros / longest})`;
  const name = make('td', 'name', node);
  name.title = node;
  return make(
    'tr',
    '',
    name,
    make('td', 'kernel', `${kernel}${device.includes('CPU') ? ' (host)' : ''}`),
    make('td', 'number', make('span', 'track', bar), `${micros < 10 ? micros.toFixed(1) : Math.round(micros)}`),
    make('td', 'number', bytes(size)),
  );
}
