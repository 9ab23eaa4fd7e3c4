/**
 * What the page works with: one network in the default graph, one session that runs it. Everything goes through the public
 * functions of the package; what is shown of it is for the other files.
 */
import * as tf from 'tfjs-graph';
import { all, type Batch, type Digits, randomBatch } from './data.ts';
import { buildNetwork, type Kind, type Network } from './network.ts';

export type BackendName = 'webgl' | 'wasm' | 'cpu';

const BATCH = 64;

export interface Progress {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** A step of a traced run. */
export interface Timed {
  readonly node: string;
  readonly kernel: string;
  readonly device: string;
  /** Mean of the traced runs. */
  readonly micros: number;
  readonly bytes: number;
}

export class Lab {
  network: Network;
  /** Null while it is closed. */
  session: tf.Session | null = null;
  steps = 0;

  constructor(
    private readonly train: Digits,
    private readonly test: Digits,
    public backend: BackendName,
    kind: Kind,
  ) {
    this.network = buildNetwork(kind);
  }

  /** Whether the network is in the default graph still. */
  get isCurrent(): boolean {
    return this.network.graph === tf.getDefaultGraph();
  }

  /** Opens a session on the backend, with fresh variables. Rejects where this machine does not have the backend. */
  async open(backend = this.backend): Promise<void> {
    const session = new tf.Session({ graph: this.network.graph, config: { backend } });
    try {
      await session.run(this.network.init);
    } catch (error) {
      session.close();
      throw error;
    }
    this.session?.close();
    this.session = session;
    this.backend = backend;
    this.steps = 0;
  }

  /** Goes on on another backend with what was learned. */
  async moveTo(backend: BackendName): Promise<void> {
    const before = this.session;
    const { steps } = this;
    const values = before ? await before.run([...this.network.variables]) : null;
    await this.open(backend);
    if (!values) return;
    await Promise.all(this.network.variables.map((variable, i) => variable.load(values[i], this.running)));
    this.steps = steps;
  }

  /** Frees what the session holds, and says how much that was. */
  close() {
    const report = this.running.close();
    this.session = null;
    return report;
  }

  /** Replaces the default graph by an empty one with a new network, and opens a session for it. */
  async startOver(kind: Kind): Promise<void> {
    this.session?.close();
    this.session = null;
    tf.resetDefaultGraph();
    this.network = buildNetwork(kind);
    await this.open();
  }

  /** Learns from a batch; what it says of itself is from before. */
  async learn(): Promise<Progress> {
    const { step, loss, accuracy } = this.network;
    const [, lossNow, accuracyNow] = await this.running.run([step, loss, accuracy], { feedDict: this.feeds() });
    return { step: ++this.steps, loss: Number(lossNow), accuracy: Number(accuracyNow) };
  }

  /** The part of the test digits that is recognised. */
  async evaluate(): Promise<number> {
    return Number(await this.running.run(this.network.accuracy, { feedDict: this.feeds(all(this.test)) }));
  }

  /** How likely each digit is, by image of 64 pixels. */
  async predict(pixels: Float32Array): Promise<Float32Array> {
    const { images, probabilities } = this.network;
    const fed = { data: pixels, shape: [1, 64] as const };
    return (await this.running.run(probabilities, { feedDict: [[images, fed]] })).data as Float32Array;
  }

  /** What becomes of a prediction or of a step: graph, IR after each pass that changed it, plan, as text. */
  explain(what: 'predict' | 'learn'): Promise<string> {
    const { probabilities, step, loss } = this.network;
    return this.running.explain(what === 'predict' ? probabilities : [step, loss], { feedDict: this.feedsOf(what) });
  }

  /** What the steps of the plan cost, over some runs. */
  async time(what: 'predict' | 'learn', runs = 30): Promise<Timed[]> {
    const { probabilities, step, loss } = this.network;
    const found = new Map<string, Timed>();
    for (let run = 0; run <= runs; run++) {
      const runMetadata = new tf.RunMetadata();
      const options = { traceLevel: 'FULL_TRACE' } as const;
      await this.running.run(what === 'predict' ? [probabilities] : [step, loss], {
        feedDict: this.feedsOf(what),
        options,
        runMetadata,
      });
      // The first run compiles, and warms caches.
      if (run === 0) continue;
      for (const { device, nodeStats } of runMetadata.stepStats?.devStats ?? []) {
        for (const { nodeName, op, allEndRelMicros, output } of nodeStats) {
          const key = `${nodeName} ${op}`;
          const size = output.reduce((sum, each) => sum + each.bytes, 0);
          const micros = (found.get(key)?.micros ?? 0) + allEndRelMicros / runs;
          found.set(key, { node: nodeName, kernel: op, device: device.split(':').at(-2) ?? '', micros, bytes: size });
        }
      }
    }
    if (what === 'learn') this.steps += runs + 1;
    return [...found.values()];
  }

  private feedsOf(what: 'predict' | 'learn') {
    return what === 'learn' ? this.feeds() : this.feeds(randomBatch(this.train, 1)).slice(0, 1);
  }

  private feeds({ x, y }: Batch = randomBatch(this.train, BATCH)) {
    const { images, labels } = this.network;
    return [[images, x] as const, [labels, y] as const] as const;
  }

  private get running(): tf.Session {
    if (!this.session) throw new Error('The session is closed. Open a new one.');
    return this.session;
  }
}
