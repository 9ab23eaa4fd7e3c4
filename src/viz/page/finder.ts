/** The search box: names and ops that contain what is typed, chosen with the keyboard or a click. */
import { escapeXml } from '../escape.ts';
import type { VizModel } from '../model.ts';

const MOST_HITS = 50;

export class Finder {
  private hits: readonly number[] = [];
  private chosen = 0;
  private readonly texts: readonly string[];

  constructor(
    private readonly input: HTMLInputElement,
    private readonly list: HTMLElement,
    private readonly model: VizModel,
    private readonly found: (id: number) => void,
  ) {
    this.texts = model.nodes.map(({ name, op }) => `${name} ${op}`.toLowerCase());
    input.addEventListener('input', () => this.search());
    input.addEventListener('keydown', (event) => this.key(event));
    input.addEventListener('blur', () => this.show(false));
    input.addEventListener('focus', () => this.search());
    list.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      const row = (event.target as Element).closest('li');
      if (row?.dataset.hit) this.take(Number(row.dataset.hit));
    });
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  private search(): void {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits: number[] = [];
    if (words.length > 0) {
      for (let id = 0; id < this.texts.length && hits.length < 2000; id++) {
        if (words.every((word) => this.texts[id].includes(word))) hits.push(id);
      }
    }
    // Short names first: they are the nearest to what was typed.
    const { nodes } = this.model;
    this.hits = hits.sort((a, b) => nodes[a].name.length - nodes[b].name.length || a - b).slice(0, MOST_HITS);
    this.chosen = 0;
    this.show(words.length > 0);
  }

  private show(visible: boolean): void {
    const { nodes } = this.model;
    this.list.hidden = !visible;
    this.input.setAttribute('aria-expanded', String(visible));
    this.list.innerHTML =
      this.hits.length === 0
        ? '<li>Nothing found</li>'
        : this.hits
            .map((id, i) => {
              const { name, op } = nodes[id];
              const row = `role="option" id="hit${i}" data-hit="${i}" aria-selected="${i === this.chosen}"`;
              return `<li ${row}>${escapeXml(name)}<small>${escapeXml(op)}</small></li>`;
            })
            .join('');
    if (visible && this.hits.length > 0) {
      this.input.setAttribute('aria-activedescendant', `hit${this.chosen}`);
      this.list.children[this.chosen]?.scrollIntoView({ block: 'nearest' });
    } else {
      this.input.removeAttribute('aria-activedescendant');
    }
  }

  private take(position: number): void {
    const id = this.hits[position];
    if (id === undefined) return;
    this.input.blur();
    this.found(id);
  }

  private key(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      this.chosen = (this.chosen + step + this.hits.length) % Math.max(1, this.hits.length);
      this.show(true);
    } else if (event.key === 'Enter') {
      this.take(this.chosen);
    } else if (event.key === 'Escape') {
      this.input.value = '';
      this.input.blur();
    } else {
      return;
    }
    event.preventDefault();
  }
}
