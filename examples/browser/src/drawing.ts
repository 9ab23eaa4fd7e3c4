/**
 * The field to draw on, by pointer or by keys, and what the network says of the drawing. What it says is asked of `lab.ts`.
 */
import { byId, make } from './dom.ts';
import { type Stroke, toPixels, trace } from './strokes.ts';

/** How far an arrow key moves the pen, of the field's size. */
const STEP = 1 / 24;

export class Drawing {
  private readonly field = byId('field', HTMLCanvasElement);
  private readonly seen = byId('seen', HTMLCanvasElement);
  private readonly bars: { readonly bar: HTMLElement; readonly value: HTMLElement; readonly row: HTMLElement }[] = [];
  private strokes: (readonly [number, number])[][] = [];
  private current: (readonly [number, number])[] | null = null;
  /** Where the keys have brought the pen; null until one is pressed. */
  private pen: [number, number] | null = null;
  private pixels: Float32Array<ArrayBufferLike> = new Float32Array(64);
  private asking = false;
  private asked = false;

  /** @param ask how likely each digit is; null where nobody can tell now */
  constructor(private readonly ask: (pixels: Float32Array) => Promise<Float32Array | null>) {
    const list = byId('likely');
    for (let digit = 0; digit < 10; digit++) {
      const bar = make('span', 'bar');
      const value = make('span', 'value', '–');
      const row = make('li', '', make('span', 'digit', String(digit)), make('span', 'track', bar), value);
      list.append(row);
      this.bars.push({ bar, value, row });
    }
    const { field } = this;
    field.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      field.focus();
      field.setPointerCapture(event.pointerId);
      this.pen = null;
      this.begin(this.pointOf(event));
    });
    field.addEventListener('pointermove', (event) => {
      if (!this.current || this.pen) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.current.push(this.pointOf(each));
      this.changed();
    });
    for (const type of ['pointerup', 'pointercancel'] as const) field.addEventListener(type, () => this.lift());
    field.addEventListener('keydown', (event) => this.onKey(event));
    field.addEventListener('blur', () => this.lift());
    new ResizeObserver(() => this.paint()).observe(field);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.paint());
  }

  clear(): void {
    this.strokes = [];
    this.current = null;
    this.changed();
  }

  /** Shows an image as if it had been drawn. */
  show(pixels: Float32Array): void {
    this.strokes = [];
    this.current = null;
    this.pixels = pixels;
    this.paint();
    this.predict();
  }

  /** Asks again: the network has learned. */
  predict(): void {
    this.asked = true;
    if (!this.asking) void this.answer();
  }

  private async answer(): Promise<void> {
    this.asking = true;
    try {
      while (this.asked) {
        this.asked = false;
        const isEmpty = this.pixels.every((value) => value === 0);
        this.showLikely(isEmpty ? null : await this.ask(this.pixels).catch(() => null));
      }
    } finally {
      this.asking = false;
    }
  }

  private showLikely(likely: Float32Array | null): void {
    const best = likely ? likely.indexOf(Math.max(...likely)) : -1;
    this.bars.forEach(({ bar, value, row }, digit) => {
      const part = likely?.[digit] ?? 0;
      bar.style.transform = `scaleX(${part})`;
      value.textContent = likely ? `${Math.round(100 * part)} %` : '–';
      row.classList.toggle('best', digit === best);
    });
    byId('answer').textContent = likely ? `${best}` : '?';
    byId('sure').textContent = likely ? `${Math.round(100 * likely[best])} % sure` : 'Draw a digit from 0 to 9';
  }

  private pointOf(event: PointerEvent): readonly [number, number] {
    const { left, top, width, height } = this.field.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }
  private begin(point: readonly [number, number]): void {
    this.current = [point];
    this.strokes.push(this.current);
    this.changed();
  }
  private lift(): void {
    this.current = null;
    this.paint();
  }

  private onKey(event: KeyboardEvent): void {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) {
      const [x, y] = this.pen ?? [0.5, 0.3];
      const inside = (value: number) => Math.min(0.95, Math.max(0.05, value));
      this.pen = this.pen ? [inside(x + way[0] * STEP), inside(y + way[1] * STEP)] : [x, y];
      this.current?.push([...this.pen]);
      this.changed();
    } else if (event.key === ' ' || event.key === 'Enter') {
      this.pen ??= [0.5, 0.3];
      if (this.current) this.lift();
      else this.begin([...this.pen]);
    } else if (event.key === 'Backspace' || event.key === 'Delete') this.clear();
    else return;
    event.preventDefault();
  }

  private changed(): void {
    this.pixels = toPixels(this.strokes as Stroke[]);
    this.paint();
    this.predict();
  }

  /** Draws the strokes as they were made, and beside them what the network sees. */
  private paint(): void {
    const { field, seen } = this;
    const style = getComputedStyle(field);
    const size = Math.max(1, Math.round(field.clientWidth * devicePixelRatio));
    if (field.width !== size) field.width = field.height = size;
    const pen = field.getContext('2d') as CanvasRenderingContext2D;
    pen.clearRect(0, 0, size, size);
    pen.strokeStyle = pen.fillStyle = style.color;
    pen.lineWidth = size * 0.075;
    pen.lineCap = pen.lineJoin = 'round';
    for (const stroke of this.strokes)
      trace(
        pen,
        stroke.map(([x, y]) => [x * size, y * size]),
      );
    const small = seen.getContext('2d') as CanvasRenderingContext2D;
    small.clearRect(0, 0, 8, 8);
    for (const [at, canvas, cell] of [[pen, field, size / 8] as const, [small, seen, 1] as const]) {
      // A digit of the data set is shown in both places.
      if (canvas === field && this.strokes.length > 0) continue;
      at.fillStyle = style.color;
      for (let k = 0; k < 64; k++) {
        at.globalAlpha = Math.min(1, this.pixels[k]);
        if (at.globalAlpha > 0) at.fillRect((k % 8) * cell, Math.floor(k / 8) * cell, cell, cell);
      }
      at.globalAlpha = 1;
    }
    if (this.pen) {
      pen.strokeStyle = style.getPropertyValue('--accent');
      pen.lineWidth = Math.max(2, size / 150);
      pen.beginPath();
      pen.arc(this.pen[0] * size, this.pen[1] * size, size * (this.current ? 0.03 : 0.05), 0, 2 * Math.PI);
      pen.stroke();
    }
  }
}
