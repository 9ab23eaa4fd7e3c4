/** What is alive in the page, as `tf.stateReport()` tells it, and the three resets. What else they mean is `main.ts`'s. */
import * as tf from 'tfjs-graph';
import { byId, bytes, make } from './dom.ts';

const DEFAULT = ' (default)';

type Row = readonly [name: string, ...values: string[]];

/** The figures that were shown last, by place: what differs is marked. */
let before = new Map<string, string>();

/** Shows the report anew. `news` says what has just been done. */
export function showState(news = ''): void {
  const { graphs, sessions, keras, totals } = tf.stateReport();
  const rows: Row[] = [];
  for (const { graph, nodes, variables, plans, buffers, bytes: size } of graphs) {
    const isDefault = graph === String(tf.getDefaultGraph());
    rows.push([graph + (isDefault ? DEFAULT : ''), `${nodes}`, `${variables}`, `${plans}`, `${buffers}`, bytes(size)]);
    for (const held of sessions.filter((each) => each.graph === graph)) {
      rows.push([`↳ ${held.session}`, '', `${held.variables}`, `${held.plans}`, `${held.buffers}`, bytes(held.bytes)]);
    }
  }
  const { nodes, variables, plans, buffers, bytes: size } = totals;
  rows.push(['All', `${nodes}`, `${variables}`, `${plans}`, `${buffers}`, bytes(size)]);
  const now = new Map<string, string>();
  byId('state').replaceChildren(
    ...rows.map(([name, ...values]) => {
      const head = make('th', name.startsWith('↳') ? 'inner' : '', name);
      head.setAttribute('scope', 'row');
      const cells = values.map((value, column) => {
        const place = `${name.replace(DEFAULT, '')} ${column}`;
        now.set(place, value);
        const isNew = before.size > 0 && before.get(place) !== value;
        return make('td', `number${isNew ? ' changed' : ''}`, value);
      });
      return make('tr', name === 'All' ? 'all' : '', head, ...cells);
    }),
  );
  before = now;
  byId('keras').textContent = keras
    .map(
      ({ context, models, session }) =>
        `${context}: ${models} ${models === 1 ? 'model' : 'models'} in memory, ${session ? `session ${session}` : 'no session'}`,
    )
    .join('; ');
  if (!news) return;
  const log = byId('log');
  log.prepend(make('li', '', news));
  while (log.children.length > 6) log.lastElementChild?.remove();
}

/** Holds it, as a program would: a model that nobody holds is collected. */
let model: tf.keras.Sequential | null = null;

export function dropKerasModel(): void {
  model = null;
}

/** A small model in `tf.keras`, which then has a session of its own. */
export async function makeKerasModel(): Promise<string> {
  const { Sequential, layers } = tf.keras;
  model = new Sequential([new layers.Dense(8, { inputShape: [4], activation: 'relu' }), new layers.Dense(1)]);
  await model.predict([[1, 2, 3, 4]]);
  return `Keras made ${model.name}: its nodes are in the default graph, its weights in a session of Keras's own.`;
}
