/** Every family of host kernels: importing this registers all of them. */
import './constants.ts';
import './arg-reduce.ts';
import './matmul.ts';
import './reductions.ts';
