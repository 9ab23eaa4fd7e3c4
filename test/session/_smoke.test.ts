import { test } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { checkLeaks } from '../support/leaks.ts';
import { Session } from '../../runtime/session.ts';
import { Variable } from '../../src/variables/variable.ts';
import { add } from '../../src/ops/index.ts';
checkLeaks(test);
test('smoke', async () => {
  const v = new Variable([1,2]);
  const y = add(v, [1,1]);
  const s = v.assign(y);
  for (const backend of ['cpu', 'wasm']) {
    using sess = new Session({ config: { backend } });
    await sess.run(v.initializer);
    await sess.run(s);
    const [r, q] = await sess.run([v, y]);
    console.log(String(r), String(q), await sess.explain([s]));
  }
});
test.run();
