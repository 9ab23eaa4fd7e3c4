/** The probes that tell the four operations apart: one question after one operation, as the table of the three resets answers. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../../runtime/session.ts';
import { getDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Tensor } from '../../../src/graph/graph.ts';
import { nextDense, OPERATIONS, outcome, perform, restoreKeras, type Scene, scene } from '../../support/keras.ts';
import { leakChecked } from '../../support/leaks.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

interface Probe {
  readonly ask: (s: Scene) => unknown;
  /** The answers after A, B, C and S. */
  readonly answers: readonly [A: unknown, B: unknown, C: unknown, S: unknown];
}

const closed = 'RuntimeError: Attempted to use a closed Session.';

const probes: Readonly<Record<string, Probe>> = {
  'is getDefaultGraph() the old one?': {
    ask: ({ graph }) => getDefaultGraph() === graph,
    answers: [false, true, false, false],
  },
  "does the user's old session still run the old tensor?": {
    ask: ({ session, c }) => outcome(() => session.run(c)),
    answers: [3, closed, 3, 3],
  },
  'does a new session on the old graph see the old value?': {
    ask: async ({ graph, v }) => {
      using fresh = new Session({ graph });
      return /^\w+/.exec(String(await outcome(() => fresh.run(v))))?.[0];
    },
    answers: [
      'FailedPreconditionError',
      'FailedPreconditionError',
      'FailedPreconditionError',
      'FailedPreconditionError',
    ],
  },
  'what is the next automatic Dense in the old graph, re-entered?': {
    ask: ({ graph, tf }) => graph.asDefault(() => nextDense(tf.keras)),
    answers: ['dense_2', 'dense_2', 'dense', 'dense_2'],
  },
  'and in standalone Keras?': {
    ask: ({ graph, standalone }) => graph.asDefault(() => nextDense(standalone.keras)),
    answers: ['dense_3', 'dense_3', 'dense_3', 'dense_1'],
  },
  'what is the learning phase, set to 1, of the old graph, re-entered?': {
    ask: ({ graph, tf }) => graph.asDefault(() => phaseOf(tf.keras.backend.learningPhase())),
    answers: [1, 1, 'a placeholder', 1],
  },
  'and of standalone Keras?': {
    ask: ({ graph, standalone }) => graph.asDefault(() => phaseOf(standalone.keras.backend.learningPhase())),
    answers: [1, 1, 1, 'a placeholder'],
  },
  'how many ops are in the new default graph?': {
    ask: ({ graph }) => (getDefaultGraph() === graph ? 'none is new' : getDefaultGraph().size),
    answers: [0, 'none is new', 2, 2],
  },
  'which of the sessions are closed: of the user, tf.keras, standalone Keras?': {
    ask: ({ session, tf, standalone }) => [session.closed, tf.session.closed, standalone.session.closed],
    answers: [
      [false, false, false],
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ],
  },
  'does the value of the variable of tf.keras live on?': {
    ask: async ({ tf }) => {
      const value = await outcome(() => tf.keras.backend.getValue(tf.v));
      return typeof value === 'number' ? value : 'gone';
    },
    answers: [40, 40, 'gone', 40],
  },
  'what is floatx, set to float64 before?': {
    ask: ({ tf }) => tf.keras.backend.floatx(),
    answers: ['float64', 'float64', 'float64', 'float64'],
  },
};

function phaseOf(phase: unknown): unknown {
  return phase instanceof Tensor ? 'a placeholder' : phase;
}

for (const [question, { ask, answers }] of Object.entries(probes)) {
  OPERATIONS.forEach((operation, i) => {
    test(`probe, ${operation}: ${question}`, async () => {
      const s = await scene();
      s.tf.keras.backend.setFloatx('float64');
      perform(operation, s);
      assert.equal(await ask(s), answers[i]);
      s.session.close();
    });
  });
}

for (const operation of OPERATIONS) {
  const what = operation === 'B' ? 'fine' : 'refused';
  test(`probe, ${operation}: inside \`using\` a session it is ${what}`, async () => {
    const s = await scene();
    {
      using _ = s.session.enter();
      const answer = String(await outcome(() => perform(operation, s)));
      assert.is(answer.startsWith('AssertionError'), operation !== 'B');
    }
    assert.is(s.session.closed, true);
    assert.is(getDefaultGraph(), s.graph);
  });
}

suite.run();
