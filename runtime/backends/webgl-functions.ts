/** The functions of GLSL that mended kernels call are those of generated programs. */
export { functionsFor } from '../../compiler/codegen/webgl/functions.ts';
