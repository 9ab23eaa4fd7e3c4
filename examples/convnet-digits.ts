/**
 * Trains a convolutional network on handwritten digits with Keras's `fit`, on the wasm backend, for which TensorFlow.js
 * has no gradient of a convolution: `npx tsx examples/convnet-digits.ts`.
 */
import * as tf from '../src/index.ts';
import { all, loadDigits } from './digits.ts';

const { layers } = tf.keras;

const { train, test } = loadDigits();
tf.keras.utils.setRandomSeed(7);

const model = new tf.keras.Sequential([
  new layers.Reshape([8, 8, 1], { inputShape: [64] }),
  new layers.Conv2D(16, 3, { padding: 'same', activation: 'relu' }),
  new layers.Conv2D(16, 3, { padding: 'same', activation: 'relu' }),
  new layers.MaxPooling2D(2),
  new layers.Conv2D(32, 3, { padding: 'same', activation: 'relu' }),
  new layers.MaxPooling2D(2),
  new layers.Flatten(),
  new layers.Dropout(0.3),
  new layers.Dense(10, { activation: 'softmax' }),
]);
model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
model.summary();

const digits = all(train);
const started = performance.now();
await model.fit(digits.x, digits.y, { epochs: 20, batchSize: 32, verbose: 2 });
const seconds = (performance.now() - started) / 1000;

const unseen = all(test);
const [loss, accuracy] = await model.evaluate(unseen.x, unseen.y, { verbose: 0 });
console.log(`\ntest loss ${loss.toFixed(4)}, test accuracy ${accuracy.toFixed(4)} on digits that it has not seen`);
console.log(`trained in ${seconds.toFixed(1)} s on the ${tf.keras.backend.getSession().backend} backend`);
tf.keras.backend.clearSession();
if (accuracy < 0.97) process.exitCode = 1;
