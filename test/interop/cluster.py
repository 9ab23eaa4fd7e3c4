"""One task of a cluster: arguments are the job, the task and the cluster as JSON. Prints a line when it takes calls, and ends with its input."""
import json
import sys
import tensorflow.compat.v1 as tf

job, task, cluster = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
server = tf.distribute.Server(tf.train.ClusterSpec(cluster), job_name=job, task_index=task)
print(server.target.decode() if isinstance(server.target, bytes) else server.target, flush=True)
# Whoever started this is gone when its end of the pipe is closed.
sys.stdin.read()
