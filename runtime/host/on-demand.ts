/**
 * The host kernels where every byte is fetched: families are loaded when a plan asks for one of theirs. It stands in for
 * `index.ts` by the field `browser` of package.json; which family an op belongs to is written in `families.ts`.
 */
import { type KernelSource, setKernelSource } from './registry.ts';

type Family = () => Promise<unknown>;

/** The family of each op; null until it is loaded, at the start of the first backend. */
let families: ReadonlyMap<string, Family> | null = null;
const wanted = new Set<Family | null>();

const onDemand: KernelSource = {
  // Before the table is there nobody knows; then a kernel is taken to exist, as with kernels of backends.
  has: (type) => families?.has(type) ?? true,
  want(type) {
    if (!families) wanted.add(null);
    else {
      const family = families.get(type);
      if (family) wanted.add(family);
    }
  },
  load() {
    if (wanted.size === 0) return null;
    const asked = [...wanted];
    wanted.clear();
    return Promise.all(asked.map((family) => (family ?? loadFamilies)())).then(() => {});
  },
};

async function loadFamilies(): Promise<void> {
  families ??= (await import('./families.ts')).hostFamilies();
}

setKernelSource(onDemand);

export { findHostKernel, hasHostKernel, loadHostKernels } from './registry.ts';
