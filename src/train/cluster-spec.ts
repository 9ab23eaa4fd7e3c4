/**
 * Clusters by name and address: `ClusterSpec`, and its message form. What runs where is said by device scopes; connecting is
 * the sessions' business.
 */
import { TypeError, UnimplementedError, ValueError } from '../util/errors.ts';
import { pythonTypeName } from '../util/python-names.ts';

/** The tasks of a job: addresses in order, or by their numbers. */
export type JobTasks = readonly string[] | Readonly<Record<number, string>> | ReadonlyMap<number, string>;

/** The addresses of a cluster's tasks, by job. */
export type ClusterInit = Readonly<Record<string, JobTasks>> | ReadonlyMap<string, JobTasks> | ClusterSpec | ClusterDef;

/** A job of a `ClusterDef`. */
export class JobDef {
  readonly name: string;
  /** Addresses by the numbers of the tasks. */
  readonly tasks: ReadonlyMap<number, string>;

  constructor({ name = '', tasks = new Map() }: { name?: string; tasks?: ReadonlyMap<number, string> } = {}) {
    this.name = name;
    this.tasks = tasks;
  }
}

/** A cluster as the message of that name: jobs, each with its tasks. */
export class ClusterDef {
  readonly job: readonly JobDef[];

  constructor({ job = [] }: { job?: readonly JobDef[] } = {}) {
    this.job = job;
  }
}

/**
 * A cluster: jobs by name, each with the addresses of its tasks.
 *
 *     const cluster = new tf.train.ClusterSpec({ps: ['localhost:2222'], worker: ['localhost:2223', 'localhost:2224']});
 *     const target = `grpc://${cluster.taskAddress('worker', 0)}`;
 */
export class ClusterSpec {
  private readonly spec = new Map<string, ReadonlyMap<number, string>>();

  /** Throws `TypeError` for what are no jobs with lists of addresses, or addresses by number. */
  constructor(cluster: ClusterInit) {
    if (cluster instanceof ClusterSpec) this.spec = new Map(cluster.spec);
    else if (cluster instanceof ClusterDef) for (const { name, tasks } of cluster.job) this.spec.set(name, tasks);
    else for (const [job, tasks] of jobsOf(cluster)) this.spec.set(job, tasksOf(job, tasks));
  }

  /** The names of the jobs. */
  get jobs(): string[] {
    return [...this.spec.keys()];
  }

  /** The number of tasks of a job. Throws `ValueError` where there is no such job. */
  numTasks(jobName: string): number {
    return this.job(jobName).size;
  }

  /** The numbers of a job's tasks, ascending. */
  taskIndices(jobName: string): number[] {
    return [...this.job(jobName).keys()].sort((a, b) => a - b);
  }

  /** The address of a task. Throws `ValueError` where there is no such job or task. */
  taskAddress(jobName: string, taskIndex: number): string {
    const address = this.job(jobName).get(taskIndex);
    if (address === undefined) throw new ValueError(`No task with index ${taskIndex} in job '${jobName}'`);
    return address;
  }

  /** The addresses of a job's tasks by their numbers; null for numbers that have none. */
  jobTasks(jobName: string): (string | null)[] {
    const job = this.job(jobName);
    const length = Math.max(-1, ...job.keys()) + 1;
    return Array.from({ length }, (_, i) => job.get(i) ?? null);
  }

  /** The jobs with lists of addresses, or with addresses by number where numbers are left out. */
  asDict(): Record<string, string[] | Record<number, string>> {
    return Object.fromEntries([...this.spec].map(([name, job]) => [name, this.asPlain(name, job)]));
  }
  private asPlain(name: string, job: ReadonlyMap<number, string>): string[] | Record<number, string> {
    const indices = this.taskIndices(name);
    const isDense = indices.length > 0 && indices[indices.length - 1] === indices.length - 1;
    return isDense
      ? (this.jobTasks(name) as string[])
      : Object.fromEntries(indices.map((i) => [i, job.get(i) as string]));
  }

  /** The cluster as a message: jobs in the order of their names. */
  asClusterDef(): ClusterDef {
    const names = this.jobs.sort();
    return new ClusterDef({ job: names.map((name) => new JobDef({ name, tasks: this.job(name) })) });
  }

  /** Whether the other is the same cluster. */
  equals(other: ClusterSpec): boolean {
    return String(this) === String(other);
  }

  toString(): string {
    const quoted = (text: string) => `'${text}'`;
    const jobs = this.jobs.sort().map((name) => {
      const tasks = this.asPlain(name, this.job(name));
      const text = Array.isArray(tasks)
        ? `[${tasks.map(quoted).join(', ')}]`
        : `{${this.taskIndices(name)
            .map((i) => `${i}: ${quoted(tasks[i])}`)
            .join(', ')}}`;
      return `${quoted(name)}: ${text}`;
    });
    return `ClusterSpec({${jobs.join(', ')}})`;
  }

  private job(name: string): ReadonlyMap<number, string> {
    const job = this.spec.get(name);
    if (!job) throw new ValueError(`No such job in cluster: '${name}'`);
    return job;
  }
}

function jobsOf(cluster: unknown): Iterable<readonly [string, unknown]> {
  if (cluster instanceof Map) return cluster;
  if (typeof cluster === 'object' && cluster !== null && !Array.isArray(cluster)) return Object.entries(cluster);
  throw new TypeError(
    '`cluster` must be a dictionary mapping one or more job names to lists of network addresses, or a `ClusterDef` protocol buffer',
  );
}

function tasksOf(job: string, tasks: unknown): ReadonlyMap<number, string> {
  const pairs: readonly (readonly [unknown, unknown])[] = Array.isArray(tasks)
    ? tasks.map((address, i) => [i, address] as const)
    : tasks instanceof Map
      ? [...tasks]
      : typeof tasks === 'object' && tasks !== null
        ? Object.entries(tasks)
        : notTasks(job);
  return new Map(
    pairs.map(([index, address]) => {
      const number = Number(index);
      if (!Number.isInteger(number) || number < 0) notTasks(job);
      if (typeof address !== 'string') throw new TypeError(`Task address ${String(address)} must be bytes or unicode`);
      return [number, address] as const;
    }),
  );
}

function notTasks(job: string): never {
  throw new TypeError(`The tasks for job '${job}' must be a list or a dictionary from integers to strings.`);
}

/**
 * TensorFlow's server. JavaScript has none: what runs graphs on other machines is TensorFlow itself, and making one throws
 * `UnimplementedError` with the command that starts it. Sessions here are clients of such servers.
 *
 *     new tf.Session({target: 'grpc://localhost:2222'});
 */
export class Server {
  constructor(serverOrClusterDef?: ClusterInit, jobName?: string | null, taskIndex?: number | null) {
    const cluster = serverOrClusterDef ? ` of ${new ClusterSpec(serverOrClusterDef)}` : '';
    const task = jobName ? ` /job:${jobName}/task:${taskIndex ?? 0}` : '';
    throw new UnimplementedError(
      null,
      `A server runs TensorFlow, and cannot be started from JavaScript (${pythonTypeName(this)}${task}${cluster}). Start it in Python, tf.distribute.Server(cluster, job_name=…, task_index=…).join(), and give its address to tf.Session as target 'grpc://host:port'.`,
    );
  }
}
