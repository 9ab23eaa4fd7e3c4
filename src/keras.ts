/**
 * Keras as a package of its own, `import * as keras from 'tfjs-graph/keras'`: the classes of `tf.keras`, with a session,
 * counters and a learning phase apart from it. Automatic names begin at `dense_1`, as those of the package `keras` do.
 */
import './ops/all.ts';
import '../runtime/session.ts';
import { standaloneKeras } from './keras/create-keras.ts';

export { createKeras, type IsolatedKeras, type Keras } from './keras/create-keras.ts';

const keras = standaloneKeras();

export const {
  Input,
  Model,
  Sequential,
  activations,
  backend,
  callbacks,
  constraints,
  initializers,
  layers,
  losses,
  metrics,
  models,
  optimizers,
  preprocessing,
  regularizers,
  utils,
} = keras;
