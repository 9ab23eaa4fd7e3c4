/** Moving and zooming: wheel, drag, pinch, and what keys and searches ask for. What is looked at is not its business. */
import type { Point, Size } from '../layout.ts';

const LEAST = 0.02;
const MOST = 4;
/** Below this, lines would be too thin to see. */
const FAR = 0.55;
/** Below this, names could not be read. */
const LEGIBLE = 0.7;
/** Kept free at the lower end, where the legend stands. */
const FOOT = 44;
/** A pointer that moves less means a click. */
const SLIP = 4;

export class Camera {
  private x = 0;
  private y = 0;
  private scale = 1;
  private readonly pointers = new Map<number, Point>();
  private start: Point | null = null;
  /** Whether the pointer that is down has moved the picture, so that letting go of it is no click. */
  moved = false;

  constructor(
    private readonly stage: HTMLElement,
    private readonly world: SVGGElement,
  ) {
    stage.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    stage.addEventListener('pointerdown', (event) => this.down(event));
    stage.addEventListener('pointermove', (event) => this.move(event));
    for (const type of ['pointerup', 'pointercancel', 'pointerleave'] as const) {
      stage.addEventListener(type, (event) => this.up(event));
    }
  }

  private apply(): void {
    const { x, y, scale } = this;
    this.stage.classList.toggle('far', scale < FAR);
    this.world.setAttribute('transform', `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${scale.toFixed(4)})`);
  }

  private place({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const { left, top } = this.stage.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  private get view(): Size {
    return { width: this.stage.clientWidth, height: this.stage.clientHeight };
  }

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    this.apply();
  }

  /** Zooms about a place on the stage, its middle without one. */
  zoom(factor: number, at: Point = { x: this.view.width / 2, y: this.view.height / 2 }): void {
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * factor));
    this.x = at.x - ((at.x - this.x) * scale) / this.scale;
    this.y = at.y - ((at.y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.apply();
  }

  /** Shows the whole box, no larger than `most`. */
  fit(box: Point & Size, most = 1.2): void {
    const { width, height } = this.view;
    const room = Math.min((width - 24) / box.width, (height - 12 - FOOT) / box.height);
    this.scale = Math.max(LEAST, Math.min(most, room));
    this.x = (width - box.width * this.scale) / 2 - box.x * this.scale;
    this.y = (height - FOOT + 12 - box.height * this.scale) / 2 - box.y * this.scale;
    this.apply();
  }

  /** Shows the whole box or, where names could not be read then, the part of it around `first`, near the upper border. */
  begin(box: Point & Size, first: (Point & Size) | undefined): void {
    this.fit(box);
    if (this.scale >= LEGIBLE || !first) return;
    this.scale = LEGIBLE;
    const { width, height } = this.view;
    const place = (from: number, length: number, room: number, wanted: number) =>
      length * this.scale <= room ? (room - length * this.scale) / 2 - from * this.scale : wanted - from * this.scale;
    const middle = first.x + first.width / 2 - box.x;
    this.x = place(box.x, box.width, width, width / 2 - middle * this.scale);
    this.y = place(box.y, box.height, height - FOOT, 4 - (first.y - box.y - 20) * this.scale);
    this.apply();
  }

  /** Where a point of the picture is on the stage. */
  toStage({ x, y }: Point): Point {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }

  /** Moves so that the point of the picture is at the place on the stage. */
  pin(point: Point, place: Point): void {
    this.x = place.x - point.x * this.scale;
    this.y = place.y - point.y * this.scale;
    this.apply();
  }

  /** Moves no more than it takes to see the box; one that is too large is fitted. */
  reveal(box: Point & Size): void {
    const { width, height } = this.view;
    const gap = 20;
    if (box.width * this.scale > width - 2 * gap || box.height * this.scale > height - 2 * gap) {
      this.fit(box, this.scale);
      return;
    }
    const { x, y } = this.toStage(box);
    const shift = (from: number, length: number, room: number) =>
      from < gap ? gap - from : Math.min(0, room - gap - (from + length * this.scale));
    this.pan(shift(x, box.width, width), shift(y, box.height, height));
  }

  /** Brings the box to the middle at a size at which it can be read. */
  center(box: Point & Size): void {
    this.scale = Math.max(this.scale, 0.9);
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    this.pin(middle, { x: this.view.width / 2, y: this.view.height / 2 });
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 18 : 1;
    this.zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0022), this.place(event));
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.pointers.size === 0) this.moved = false;
    this.pointers.set(event.pointerId, this.place(event));
    this.start = this.place(event);
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.place(event);
    if (this.pointers.size === 1) {
      if (!this.moved && this.start && Math.hypot(now.x - this.start.x, now.y - this.start.y) < SLIP) return;
      if (!this.moved) this.stage.setPointerCapture(event.pointerId);
      this.moved = true;
      this.stage.classList.add('moving');
      this.pan(now.x - before.x, now.y - before.y);
    } else {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1] as Point;
      const spread = (point: Point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
      this.moved = true;
      this.zoom(spread(now) / spread(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      this.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    }
    this.pointers.set(event.pointerId, now);
  }

  private up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size === 0) this.stage.classList.remove('moving');
  }
}
