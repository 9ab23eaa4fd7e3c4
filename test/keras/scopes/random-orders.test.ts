/**
 * Random programs of resets, models and sessions: a model answers with a value that it was given itself, or fails with an
 * error that says which operation took its weights. Each of the orders that people think of has its test elsewhere.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../../runtime/session.ts';
import { getDefaultGraph, resetDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { createKeras, type Keras, standaloneKeras } from '../../../src/keras/create-keras.ts';
import * as integrated from '../../../src/keras/index.ts';
import { resetAll } from '../../../src/resets.ts';
import { outcome, restoreKeras } from '../../support/keras.ts';
import { leakChecked } from '../../support/leaks.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

type Library = Pick<Keras, 'Sequential' | 'backend' | 'initializers' | 'layers'>;

/** Numbers below `n`, by Lehmer's generator. */
function generator(seed: number): (n: number) => number {
  let state = seed + 1;
  return (n) => {
    state = (state * 48271) % 2147483647;
    return state % n;
  };
}

/** How an error may speak of weights that are gone, or were never there. */
const SAYS_WHY =
  /^FailedPreconditionError: ('\w+' was built on a graph that is not current any more|The weights of '\w+' are in another session|The weights of '\w+' are gone: the session that held them was closed (by clearSession|by resetAll|with Session\.close|when setSession\(\) replaced it|when Keras moved to another graph))/;

interface Made {
  readonly name: string;
  readonly keras: Library;
  readonly model: InstanceType<Keras['Sequential']>;
  /** What it was given: no other model has any of these. */
  readonly values: Set<number>;
}

class Program {
  readonly made: Made[] = [];
  readonly sessions: Session[] = [];
  readonly log: string[] = [];
  private serial = 0;
  private readonly libraries: readonly Library[] = [integrated, standaloneKeras(), createKeras()];

  constructor(private readonly next: (n: number) => number) {}

  private pick<T>(list: readonly T[]): T {
    return list[this.next(list.length)];
  }
  private get keras(): Library {
    return this.pick(this.libraries);
  }
  private say(what: string): void {
    this.log.push(what);
  }

  build(): void {
    const keras = this.keras;
    const value = ++this.serial;
    const kernelInitializer = new keras.initializers.Constant(value);
    const layer = new keras.layers.Dense(1, { kernelInitializer, inputShape: [1], useBias: false });
    const model = new keras.Sequential({ layers: [layer], name: 'namesake' });
    this.made.push({ name: `${this.libraries.indexOf(keras)}.${value}`, keras, model, values: new Set([value]) });
    this.say(`build ${this.made[this.made.length - 1].name}`);
  }

  async ask(made = this.pick(this.made)): Promise<void> {
    if (!made) return;
    this.say(`ask ${made.name}`);
    const answer = await outcome(() => made.model.predict([[1]]));
    this.say(`  ${answer}`);
    if (typeof answer === 'number') assert.ok(made.values.has(answer), `${made.name} answered ${answer}`);
    else assert.match(String(answer), SAYS_WHY);
  }

  async give(): Promise<void> {
    const made = this.pick(this.made);
    if (!made) return;
    const value = ++this.serial;
    made.values.add(value);
    this.say(`give ${made.name} ${value}`);
    await made.model.setWeights([[[value]]]);
    // In the same circumstances it has exactly that.
    assert.is(await outcome(() => made.model.predict([[1]])), value);
  }

  async inside(): Promise<void> {
    const made = this.pick(this.made);
    if (!made) return;
    this.say('inside');
    const kind = this.next(4);
    const session = new Session({ graph: kind === 3 ? new Graph() : made.model.graph });
    this.sessions.push(session);
    using _ = [
      () => session.asDefault(),
      () => session.enter(),
      () => made.model.graph.asDefault(),
      () => session.asDefault(),
    ][kind]();
    for (let i = this.next(3); i >= 0; i--)
      await this.pick([() => this.give(), () => this.ask(made), () => this.ask()])();
  }

  operate(): void {
    const keras = this.keras;
    const operations: Readonly<Record<string, () => unknown>> = {
      resetDefaultGraph,
      clear: () => keras.backend.clearSession(),
      'clear again': () => keras.backend.clearSession({ freeMemory: false }),
      'close a session': () => this.pick(this.sessions)?.close(),
      "close Keras's": () => (keras.backend.getSession() as Session).close(),
      getSession: () => keras.backend.getSession(),
      setSession: () => {
        const session = new Session();
        this.sessions.push(session);
        keras.backend.setSession(session);
      },
      'setSession(null)': () => keras.backend.setSession(null),
      resetAll: () => this.next(4) === 0 && resetAll(),
    };
    const name = this.pick(Object.keys(operations));
    this.say(`${name} ${this.libraries.indexOf(keras)}`);
    operations[name]();
  }

  async run(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      await this.pick<() => unknown>([
        () => this.build(),
        () => this.ask(),
        () => this.ask(),
        () => this.give(),
        () => this.inside(),
        () => this.operate(),
        () => this.operate(),
      ])();
    }
    for (const made of this.made) await this.ask(made);
  }
}

for (let part = 0; part < 10; part++) {
  test(`random programs, part ${part}`, async () => {
    for (let seed = 0; seed < 10; seed++) {
      const program = new Program(generator(1000 * part + seed));
      try {
        await program.run(40);
      } catch (error) {
        const { message } = error as Error;
        throw new Error(`seed ${1000 * part + seed}: ${message}\n${program.log.join('\n')}`);
      } finally {
        for (const session of program.sessions) session.close();
        for (const { keras } of program.made) keras.backend.clearSession();
      }
      assert.ok(getDefaultGraph().size <= 2);
    }
  });
}

suite.run();
