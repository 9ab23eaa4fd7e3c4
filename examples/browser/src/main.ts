/** The page: what its buttons do, and who is told of it. The parts are in the files beside this one. */
import './style.css';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import * as tf from 'tfjs-graph';
import { Compiled } from './compiled.ts';
import { Curves } from './curves.ts';
import { loadDigits, PIXELS } from './data.ts';
import { byId, bytes, onPress } from './dom.ts';
import { Drawing } from './drawing.ts';
import { type BackendName, Lab } from './lab.ts';
import type { Kind } from './network.ts';
import { dropKerasModel, makeKerasModel, showState } from './state.ts';

// What scrolls can be scrolled by keys, and says what it is.
for (const region of document.querySelectorAll<HTMLElement>('.scroll')) {
  region.tabIndex = 0;
  region.role = 'region';
  region.ariaLabel = region.dataset.label ?? null;
}

// Vite gives the files names of its own.
setWasmPaths({
  'tfjs-backend-wasm.wasm': plainWasm,
  'tfjs-backend-wasm-simd.wasm': simdWasm,
  'tfjs-backend-wasm-threaded-simd.wasm': threadedWasm,
});

/** Steps until a run of training ends by itself. */
const STEPS = 400;
/** The network is tried on all test digits after so many steps. */
const EVALUATE = 50;

const backends = byId('backend', HTMLSelectElement);
const kinds = byId('kind', HTMLSelectElement);
let isTraining = false;

function say(text: string): void {
  byId('status').textContent = text;
}
function reason(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0] : String(error);
}

const digits = await loadDigits();
const lab = new Lab(digits.train, digits.test, 'webgl', kinds.value as Kind);
const curves = new Curves();
const drawing = new Drawing(async (pixels) => (lab.session ? lab.predict(pixels) : null));
const compiled = new Compiled(() => lab);

/** Shows what is to be done next, and what cannot be done now. */
function update(): void {
  const isOpen = lab.session !== null;
  byId('train').textContent = isTraining ? 'Pause' : lab.steps > 0 ? 'Train on' : 'Train';
  byId('train', HTMLButtonElement).disabled = !isOpen;
  byId('time', HTMLButtonElement).disabled = !isOpen;
  byId('close', HTMLButtonElement).disabled = !isOpen;
  backends.disabled = kinds.disabled = isTraining;
  byId('closed').hidden = isOpen;
  drawing.predict();
}

async function start(): Promise<void> {
  const wanted: BackendName[] = ['webgl', 'wasm', 'cpu'];
  const asked = new URLSearchParams(location.search).get('backend') as BackendName | null;
  const order = asked && wanted.includes(asked) ? [asked, ...wanted.filter((name) => name !== asked)] : wanted;
  for (const [i, name] of order.entries()) {
    try {
      await lab.open(name);
      break;
    } catch (error) {
      if (i === order.length - 1) throw error;
    }
  }
  backends.value = lab.backend;
  await afterChange(`Ready on ${lab.backend}. Press Train, then draw a digit.`);
}

/** Something was reset: what is left is shown. */
function afterReset(news: string): void {
  say(news);
  update();
  showState(news);
}

/** There is another network or session. */
async function afterChange(news: string): Promise<void> {
  afterReset(news);
  await compiled.refresh();
  // Compiling has made a plan.
  showState();
}

async function train(): Promise<void> {
  if (isTraining) {
    isTraining = false;
    return;
  }
  isTraining = true;
  update();
  const [first, began] = [lab.steps, performance.now()];
  try {
    while (isTraining && lab.steps < first + STEPS) {
      const progress = await lab.learn();
      curves.add(progress);
      if (progress.step % EVALUATE === 0) {
        const rate = (1000 * (lab.steps - first)) / (performance.now() - began);
        const part = (100 * (await lab.evaluate())).toFixed(1);
        byId('recognised').textContent = `${part} %`;
        say(
          `Step ${progress.step}: loss ${progress.loss.toFixed(3)}, ${part} % of the test digits recognised, ${Math.round(rate)} steps a second.`,
        );
        drawing.predict();
      }
      // The page is to stay quick, whatever the network takes.
      if (progress.step % 4 === 0) await new Promise(requestAnimationFrame);
    }
  } finally {
    isTraining = false;
    update();
    showState();
  }
}

onPress('train', () => train().catch((error) => say(`The training stopped: ${reason(error)}`)));
byId('train').ariaBusy = 'false';
onPress('again', async () => {
  isTraining = false;
  curves.clear();
  byId('recognised').textContent = '–';
  await lab.startOver(kinds.value as Kind);
  await afterChange(`A new graph with a new network (${kinds.value}), and a session on ${lab.backend}.`);
});
onPress('clear', () => drawing.clear());
onPress('example', () => {
  const row = Math.floor(Math.random() * digits.test.labels.length);
  drawing.show(digits.test.images.slice(PIXELS * row, PIXELS * (row + 1)));
  say(`A test digit: somebody wrote ${digits.test.labels[row]}.`);
});

kinds.addEventListener('change', () => byId('again').click());
backends.addEventListener('change', async () => {
  const before = lab.backend;
  backends.disabled = true;
  try {
    await lab.moveTo(backends.value as BackendName);
    await afterChange(`On ${lab.backend} now, with what was learned.`);
  } catch (error) {
    backends.value = before;
    say(`${backends.value}: ${reason(error)}`);
  } finally {
    update();
  }
});

onPress('reset', () => {
  const { nodes } = tf.resetDefaultGraph();
  const still = lab.session ? ' The session still runs the network in the graph that it was opened for.' : '';
  afterReset(
    `resetDefaultGraph(): the default graph is a new, empty one; the old one had ${nodes} operations.${still}`,
  );
});
onPress('close', async () => {
  isTraining = false;
  const report = lab.close();
  await afterChange(
    `session.close(): freed ${report.variables} variables, ${report.plans} plans, ${report.buffers} buffers (${bytes(report.bytes)}). The graph is as it was.`,
  );
});
onPress('open', async () => {
  await lab.open();
  curves.clear();
  await afterChange(`A new session on ${lab.backend}: its variables begin anew.`);
});
onPress('make-keras', async () => {
  showState(await makeKerasModel());
});
onPress('clear-session', () => {
  dropKerasModel();
  tf.keras.backend.clearSession();
  const still = lab.session ? ' Sessions that Keras did not open go on.' : '';
  afterReset(`clearSession(): Keras's session, counters and the default graph are new.${still}`);
});

await start().catch((error) => say(`This browser runs none of the backends: ${reason(error)}`));
