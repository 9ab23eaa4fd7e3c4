/** Device names: reading, merging field by field, printing. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatDevice, mergeDevices, parseDevice } from '../../src/util/device-spec.ts';
import { ValueError } from '../../src/util/errors.ts';

const test = suite('util/device-spec');

const merged = (outer: string, inner: string) => formatDevice(mergeDevices(parseDevice(outer), parseDevice(inner)));

test('names in full and in part', () => {
  const full = '/job:ps/replica:0/task:1/device:GPU:2';
  assert.equal(parseDevice(full), { job: 'ps', replica: 0, task: 1, type: 'GPU', index: 2 });
  assert.is(formatDevice(parseDevice(full)), full);
  assert.is(formatDevice(parseDevice('/cpu:0')), '/device:CPU:0');
  assert.is(formatDevice(parseDevice('/gpu:*')), '/device:GPU:*');
  assert.is(formatDevice(parseDevice('/device:GPU:*')), '/device:GPU:*');
  assert.is(formatDevice(parseDevice('')), '');
  assert.is(formatDevice(parseDevice('/')), '');
});

test('what is no device name is refused', () => {
  for (const name of ['/job', '/task:x', '/task:-1', '/device:GPU', '/a:b:c:d', '/replica:']) {
    assert.throws(
      () => parseDevice(name),
      (error: unknown) => error instanceof ValueError,
      name,
    );
  }
});

test('the inner device wins, field by field', () => {
  assert.is(merged('/job:a/task:1', '/job:b'), '/job:b/task:1');
  assert.is(merged('/device:GPU:1', '/job:w'), '/job:w/device:GPU:1');
  assert.is(merged('/device:GPU:1', '/device:CPU:0'), '/device:CPU:0');
  assert.is(merged('/device:GPU:1', '/gpu:*'), '/device:GPU:*');
  assert.is(merged('', ''), '');
});

test.run();
