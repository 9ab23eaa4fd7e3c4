/** Every family of host kernels: importing this registers all of them. */
import './constants.ts';
