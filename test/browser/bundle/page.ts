/** The page of the small program: it says in its title what the losses were. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { run } from './mlp.ts';

setWasmPaths('/tfjs/tfjs-backend-wasm/dist/');
document.title = (await run(location.search.slice(1))).join(' ');
