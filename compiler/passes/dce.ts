/**
 * `dce`: drops nodes that neither a fetch nor an effect needs, and feeds that nothing takes.
 */
import type { IrModule } from '../ir/module.ts';
import type { Pass } from './pass.ts';

export const dce: Pass = {
  name: 'dce',
  doc: 'Drops what nothing needs.',
  run(module: IrModule): IrModule {
    const live = new Uint8Array(module.nextId);
    for (const { node } of module.fetches) live[node] = 1;
    for (const id of module.effects) live[id] = 1;
    // Inputs come before their users, so that one walk backwards reaches everything.
    let count = 0;
    for (let i = module.nodes.length - 1; i >= 0; i--) {
      const node = module.nodes[i];
      if (!live[node.id]) continue;
      count++;
      for (const input of node.inputs) live[input.node] = 1;
    }
    if (count === module.nodes.length) return module;
    return {
      ...module,
      nodes: module.nodes.filter(({ id }) => live[id]),
      feeds: module.feeds.filter(({ node }) => live[node]),
    };
  },
};
