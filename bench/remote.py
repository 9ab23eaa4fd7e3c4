"""For remote.ts: `server` runs a TensorFlow server and prints its target; `client TARGET` times Python's own session on it, line by line."""
import json
import sys
import time

import numpy as np
import tensorflow.compat.v1 as tf

if sys.argv[1] == 'server':
    server = tf.distribute.Server({'local': ['localhost:0']}, job_name='local', task_index=0)
    target = server.target
    print(json.dumps({'target': target.decode() if isinstance(target, bytes) else target}), flush=True)
    sys.stdin.read()
    sys.exit()

tf.disable_eager_execution()
a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
total = tf.add(a, b)
x = tf.placeholder(tf.float32, [None])
more, whole = tf.add(x, 1.0), tf.reduce_sum(x)
data = np.ones(16 << 20, np.float32)
session = tf.Session(sys.argv[2])
tiny = session.make_callable(total, [a, b])
programs = {
    'run': lambda: session.run(total, {a: 1, b: 2}),
    'callable': lambda: tiny(1, 2),
    'feed': lambda: session.run(whole, {x: data}),
    'fetch': lambda: session.run(more, {x: data}),
}
print(json.dumps({'version': tf.__version__}), flush=True)
for line in sys.stdin:
    name, count = line.split()
    times = []
    for _ in range(int(count)):
        start = time.perf_counter()
        programs[name]()
        times.append((time.perf_counter() - start) * 1e6)
    print(json.dumps({'median': float(np.median(times))}), flush=True)
