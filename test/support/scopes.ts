/** The state that tests of the three resets start from, and the operations themselves. */
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph, resetDefaultGraph, setRandomSeed } from '../../src/graph/default-graph.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/index.ts';
import { randomUniform } from '../../src/ops/random.ts';
import { getVariable, variableScope } from '../../src/variables/index.ts';
import { Variable } from '../../src/variables/variable.ts';

/** A (`resetDefaultGraph`) and B (`Session.close`) of the matrix. */
export const operations = {
  A: (_session: Session): void => void resetDefaultGraph(),
  B: (session: Session): void => void session.close(),
} as const;

export interface StandardState {
  readonly graph: Graph;
  /** The constant 3, called `c`, and in the collection `my`. */
  readonly c: Tensor;
  /** Starts at 2 and is 5 in the session. */
  readonly v: Variable;
  /** `layer/w` of the graph's variable store. */
  readonly w: Variable;
  /** An op of seed 1, and what the session drew from it once. */
  readonly drawn: Tensor;
  readonly first: string;
  readonly session: Session;
}

/** A seed, a constant, two variables, a random stream, and the user's session that has run them. */
export async function standard(config: ConstructorParameters<typeof Session>[2] = null): Promise<StandardState> {
  setRandomSeed(7);
  const graph = getDefaultGraph();
  const c = constant(3, { name: 'c' });
  const v = new Variable(2, { name: 'v' });
  const w = variableScope('layer', () => getVariable('w', [2]));
  const drawn = randomUniform([], { seed: 1 });
  graph.addToCollection('my', c);
  const set = v.assign(5);
  const session = new Session({ config });
  await session.run([v.initializer, w.initializer]);
  await session.run(set.op);
  const first = String(await session.run(drawn));
  return { graph, c, v, w, drawn, first, session };
}
