/** The library whole: a program that may ask for any name. */
import * as tf from 'tfjs-graph/index';

Object.assign(globalThis, { tf });
