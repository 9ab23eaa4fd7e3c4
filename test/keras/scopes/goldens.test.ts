/**
 * The records of real TensorFlow on the three resets (`test/goldens/scopes.json`) against this project. Each agrees, or is
 * in the table of deliberate differences with its reason; an entry of the table that has become wrong fails. Records on
 * contexts are in `goldens-contexts.test.ts`.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { restoreKeras } from '../../support/keras.ts';
import {
  comparable,
  endStandard,
  MANUAL,
  observations,
  operate,
  recorded,
  type ScopeRecord,
  scopeRecords,
  standardState,
  switchManual,
} from '../../support/keras-goldens.ts';
import { leakChecked } from '../../support/leaks.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

interface Difference {
  readonly reason: string;
  /** What this project does after the operations; undefined where it agrees. */
  readonly own: (key: string) => unknown;
}

const failed = (message: string) => ({ error: { class: 'FailedPreconditionError', message } });
const uninitialised = (name: string) =>
  failed(
    `Could not find variable ${name}. This could mean that the variable has been deleted. In TF1, it can also mean the variable is uninitialized.`,
  );
const GONE =
  "The weights of 'kv:0' are gone: the session that held them was closed by clearSession(). Build the model again, give it weights (setWeights, loadWeights), or keep models apart with createKeras()";
const scalar = (value: number, dtype = 'float32') => ({ dtype, shape: [], data: [value] });

/** Where this project differs on purpose. The same list, for users, is in `docs/resets.md`. */
const DELIBERATE: Readonly<Record<string, Difference>> = {
  'a new session on the old graph reads the old variable': {
    reason:
      'Variables are resource variables; `v` of the record is a reference variable, whose read words its error so.',
    own: () => uninitialised('v'),
  },
  'get_value of the Keras variable made before': {
    reason: 'The error names the clear that took the value, not the resource.',
    own: (key) => (key.includes('C') ? failed(GONE) : undefined),
  },
  'per-variable initialised flag of the Keras variable': {
    reason: 'What is initialised is known per session and variable, so it goes with the session.',
    own: (key) => (key.includes('C') ? false : undefined),
  },
  'get_value of the old Keras variable after manual_variable_initialization(False) and set_session(a new session on the old graph): the flag is stale':
    {
      reason: 'No flag on the variable: another session of its graph initialises it, unless a clear took its value.',
      own: (key) => (key.includes('C') ? failed(GONE) : scalar(4)),
    },
};

const keyed = scopeRecords.filter((record) => record.key !== undefined);

async function observed({ key = '', observe }: ScopeRecord): Promise<unknown> {
  const state = await standardState();
  try {
    if (MANUAL.test(observe)) switchManual();
    for (const operation of key === 'none' ? '' : key) operate(operation, state);
    return comparable(await recorded(() => observations[observe](state)));
  } finally {
    endStandard(state);
  }
}

const texts = [...new Set(keyed.map((record) => record.observe))];
for (const text of texts) {
  const records = keyed.filter((record) => record.observe === text);
  for (const record of records) {
    const own = DELIBERATE[text]?.own(record.key ?? '');
    test(`after ${record.key}: ${text}${own === undefined ? '' : ' (differs on purpose)'}`, async () => {
      const [value, expected] = [await observed(record), comparable(record.expect)];
      if (own === undefined) return assert.equal(value, expected);
      assert.equal(value, comparable(own));
      assert.not.equal(value, expected, 'the record agrees: it is not to be in DELIBERATE');
    });
  }
}

suite('every record is observed', () => {
  assert.is(keyed.length, 715);
  assert.equal(
    texts.filter((text) => !(text in observations)),
    [],
  );
  assert.equal(
    Object.keys(observations).filter((text) => !texts.includes(text)),
    [],
  );
});

suite('the table has no entry that is of no use', () => {
  assert.equal(
    Object.keys(DELIBERATE).filter((text) => !texts.includes(text)),
    [],
  );
});

suite.run();
