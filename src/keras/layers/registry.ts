/** Makes the layers of `index.ts` known by name, for configurations. */
import * as layers from './index.ts';
import { registerLayers } from './lookup.ts';

registerLayers(layers);

export { deserializeLayer, knownLayers, registerLayers, serializeLayer } from './lookup.ts';
