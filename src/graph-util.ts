/** The namespace `tf.graphUtil`: graph definitions cut down and frozen. */
export {
  type ConvertVariablesOptions,
  convertVariablesToConstants,
  extractSubGraph,
  removeTrainingNodes,
} from './io/graph-util.ts';
export { importGraphDef } from './io/import-graph.ts';
